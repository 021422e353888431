"""Container images: what runs is known by digest, or by what was written down, or it is said that it is not known."""

from __future__ import annotations

from typing import Any

import pytest

from senza.components.model import Container
from senza.errors import Refused
from senza.promotion.images import Pinned, Pins, compare_images, moved, pins
from senza.provenance import CheckedImage

D1, D2 = ("sha256:" + digit * 64 for digit in "12")
APP = "ghcr.io/acme/app"


def container(image: Any, component: str = "App") -> Container:
    return Container(component, {}, image)


def template(*images: str) -> dict[str, Any]:
    text = "\n".join(f"docker run '{image}'" for image in images)
    return {"Resources": {"Config": {"Properties": {"UserData": {"Fn::Base64": {"Fn::Join": ["", [text, {}]]}}}}}}


def checked(written: str, digest: str = "", *, pinned: bool = False) -> CheckedImage:
    name = written.partition("@")[0].rpartition(":")[0]
    return CheckedImage(written, f"{name}@{digest}" if pinned else "", digest, None, "passed")


def test_an_image_is_what_its_component_started() -> None:
    started = template(f"{APP}@{D1}", f"{APP}@{D2}")
    tags = {"senza:App:image": f"{APP}@{D1}", "senza:Worker:image": f"{APP}@{D2}"}
    containers = [container(f"{APP}:1"), container(f"{APP}:2", "Worker")]
    assert pins(containers, tags, started) == {f"{APP}:1": f"{APP}@{D1}", f"{APP}:2": f"{APP}@{D2}"}


def test_a_tag_of_the_stack_that_somebody_changed_decides_nothing() -> None:
    tags = {"senza:App:image": f"{APP}@{D2}"}
    assert pins([container(f"{APP}:1")], tags, template(f"{APP}@{D1}")) == {f"{APP}:1": f"{APP}@{D1}"}


@pytest.mark.parametrize("image", [f"{APP}:1", f"{APP}@{D1}", {"Ref": "Image"}])
def test_what_was_not_pinned_or_needs_no_pin(image: Any) -> None:
    assert pins([container(image)], {}, template()) == {}
    assert pins([container("ghcr.io/acme/other:1")], {}, template(f"{APP}@{D1}")) == {}


def test_one_name_for_two_images_is_refused() -> None:
    tags = {"senza:App:image": f"{APP}@{D1}", "senza:Worker:image": f"{APP}@{D2}"}
    with pytest.raises(Refused, match="two groups run different images by the name"):
        pins([container(f"{APP}:1"), container(f"{APP}:1", "Worker")], tags, template(f"{APP}@{D1}", f"{APP}@{D2}"))


def test_the_same_repository_on_another_registry_has_the_same_digest() -> None:
    known = Pins({f"{APP}:1": f"{APP}@{D1}"})
    ecr = "222222222222.dkr.ecr.eu-west-1.amazonaws.com/acme/app"
    assert known[f"{APP}:1"] == f"{APP}@{D1}"
    assert known.get(f"{ecr}:1") == f"{ecr}@{D1}"
    assert known.get(f"{ecr}:2") is None, "somebody wants another version"
    assert known.get("ghcr.io/evil/app:1") is None
    assert known.get(f"{ecr}:1@{D2}") is None, "says itself what it is"
    assert (list(known), len(known)) == ([f"{APP}:1"], 1)


def test_pinned_asks_nobody() -> None:
    images = Pinned({f"{APP}:1": f"{APP}@{D1}"})
    assert images.check(f"{APP}:1", pin=True).pinned == f"{APP}@{D1}"
    assert images.check(f"{APP}:1", pin=False).pinned == ""
    assert images.check(f"{APP}:2", pin=True).pinned == ""
    assert images.check(f"{APP}:2@{D2}", pin=True).pinned == f"{APP}@{D2}"


@pytest.mark.parametrize(
    ("image", "known", "recorded", "says"),
    [
        (checked(f"{APP}:1", D1, pinned=True), {f"{APP}:1": f"{APP}@{D1}"}, [], "exact"),
        (checked(f"{APP}@{D1}", D1), {}, [], "exact"),
        (checked(f"{APP}:1", D1), {}, [{"image": f"{APP}:1", "digest": D1}], "same"),
        (checked(f"{APP}:1", D2), {}, [{"image": f"{APP}:1", "digest": D1}], "moved"),
        (checked("ecr.example.org/acme/app:1", D1), {}, [{"image": f"{APP}:1", "digest": D1}], "same"),
        (checked("ecr.example.org/acme/app:2", D1), {}, [{"image": f"{APP}:1", "digest": D1}], "unknown"),
        (checked(f"{APP}:1", ""), {}, [{"image": f"{APP}:1", "digest": D1}], "unknown"),
        (checked(f"{APP}:1", D1), {}, [{"image": f"{APP}:1", "verdict": "passed"}], "unknown"),
        (checked(f"{APP}:1", D1), {}, [], "unknown"),
    ],
)
def test_what_can_be_said_of_an_image(
    image: CheckedImage, known: dict[str, str], recorded: list[dict[str, str]], says: str
) -> None:
    (found,) = compare_images([image, image], known, recorded)
    assert found.known == says
    refusal = moved([found], "staging")
    assert (refusal is not None) == (says == "moved")
    if refusal:
        assert f"{APP}:1 was {D1} there, and is {D2} now" in refusal.message
