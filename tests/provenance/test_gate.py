"""The gate in front of a real registry."""

from __future__ import annotations

from typing import Any

import pytest

from senza.account.oci import BrokenRegistry, Registries, RegistryUnavailable, WrongArchitecture
from senza.errors import NotFound, Refused
from senza.provenance import NO_POLICY, Gate, Policy, Signature, SignatureRule
from tests.account.oci.conftest import Asking, _served, ask, registry  # noqa: F401 - fixtures
from tests.account.oci.local import LocalRegistry

LABELS = {"org.opencontainers.image.source": "https://github.com/acme/app", "org.opencontainers.image.revision": "3f"}
SIGNED = Policy(name="acme", signature=SignatureRule("k"))


@pytest.fixture
def gate(ask: Asking) -> Any:  # noqa: F811
    def made(policy: Policy = NO_POLICY, **options: Any) -> Gate:
        return Gate(Registries(http=ask.http), policy, **options)

    return made


def test_an_image_is_pinned_and_told_about(gate: Any, registry: LocalRegistry) -> None:  # noqa: F811
    digest = registry.image(labels=LABELS)
    checked = gate().check(f"{registry.host}/team/app:1", "x86_64", pin=True)
    assert checked.pinned == f"{registry.host}/team/app@{digest}"
    assert (checked.verdict, checked.warnings, checked.policy) == ("passed", (), "")
    assert checked.note == (
        f"{registry.host}/team/app:1 is {digest} and comes from https://github.com/acme/app at 3f (says its labels)"
    )


def test_taupage_gets_what_was_written(gate: Any, registry: LocalRegistry) -> None:  # noqa: F811
    registry.image(architecture="arm64")
    checked = gate().check(f"{registry.host}/team/app:1", "x86_64", pin=False)
    assert checked.pinned == ""
    with pytest.raises(NotFound):
        gate().check(f"{registry.host}/team/app:2", pin=False)
    before = len(registry.asked)
    assert gate().check("team/app", pin=False).warnings[0].startswith("team/app has the tag latest")
    assert len(registry.asked) == before


def test_what_cannot_be_found_out(gate: Any, registry: LocalRegistry) -> None:  # noqa: F811
    registry.status = 503
    image = f"{registry.host}/team/app:1"
    with pytest.raises(RegistryUnavailable, match="answers 503") as caught:
        gate().check(image, pin=True)
    assert "--force" in caught.value.hint
    assert "could not find out" in gate().check(image, pin=False).warnings[0]
    for option in ("force", "tolerant"):
        checked = gate(**{option: True}).check(image, pin=True)
        assert checked.pinned == ""
        assert "is not pinned" in checked.warnings[0]
    with pytest.raises(Refused, match=r"digest of .* is not known"):
        gate(Policy(name="acme", digest="resolved"), tolerant=True).check(image, pin=True)


def test_content_that_contradicts_itself_is_not_started(gate: Any, registry: LocalRegistry) -> None:  # noqa: F811
    registry.image()
    registry.lies = True
    image = f"{registry.host}/team/app:1"
    with pytest.raises(BrokenRegistry):
        gate().check(image, pin=True)
    assert "has not the digest" in gate().check(image, pin=False).warnings[0]


def test_force_does_not_make_an_image_exist(gate: Any, registry: LocalRegistry) -> None:  # noqa: F811
    image = f"{registry.host}/team/app:1"
    assert "no container image" in gate(force=True).check(image, pin=True).warnings[0]
    registry.image(architecture="arm64")
    with pytest.raises(WrongArchitecture):
        gate().check(image, "x86_64", pin=True)
    checked = gate(force=True).check(image, "x86_64", pin=True)
    assert (checked.pinned, len(checked.warnings)) == ("", 1)


def test_a_policy_refuses_warns_elsewhere_and_may_be_forced(gate: Any, registry: LocalRegistry) -> None:  # noqa: F811
    registry.image(tag="latest")
    image = f"{registry.host}/team/app:latest"
    policy = Policy(
        "acme", "3f2a", "p.yaml", production=("123456789012",), refuse_tags=("latest",), origin=("revision",)
    )
    production, elsewhere = {"account": lambda: "123456789012"}, {"account": lambda: "999999999999"}
    with pytest.raises(Refused, match=r"the policy acme \(p\.yaml\) refuses it: .* has the tag latest") as caught:
        gate(policy, **production).check(image, pin=True)
    assert "And: " in caught.value.message
    assert "--force" in caught.value.hint
    warned = gate(policy, **elsewhere).check(image, pin=True)
    assert (warned.verdict, warned.policy, len(warned.warnings)) == ("warned", "acme 3f2a", 2)
    forced = gate(policy, force=True, **production).check(image, pin=True)
    assert (forced.verdict, len(forced.findings)) == ("forced", 2)
    strict = Policy("acme", refuse_tags=("latest",), may_be_forced=False)
    with pytest.raises(Refused) as caught:
        gate(strict, force=True).check(image, pin=True)
    assert "--force" not in caught.value.hint


def test_the_account_is_not_asked_for_in_vain(gate: Any, registry: LocalRegistry) -> None:  # noqa: F811
    registry.image()

    def account() -> str:
        raise AssertionError("asked")

    gate(Policy("acme", registries=(registry.host,), production=("1",)), account=account).check(
        f"{registry.host}/team/app:1", pin=True
    )


def test_signatures_are_of_digests(gate: Any, registry: LocalRegistry) -> None:  # noqa: F811
    digest = registry.image()
    asked = []

    def signature(rule: SignatureRule, pinned: str) -> Signature:
        asked.append(pinned)
        return Signature(len(asked) == 1, "is bad", "Sign it.")

    image = f"{registry.host}/team/app:1"
    assert gate(SIGNED, signature=signature).check(image, pin=True).verdict == "passed"
    with pytest.raises(Refused, match="is bad"):
        gate(SIGNED, signature=signature).check(image, pin=True)
    assert asked == [f"{registry.host}/team/app@{digest}"] * 2


def test_an_image_whose_digest_is_given_is_that_one_whatever_its_tag_names(gate: Any, registry: LocalRegistry) -> None:  # noqa: F811
    former = registry.image(labels=LABELS)
    image = f"{registry.host}/team/app:1"
    pins = {image: f"{registry.host}/team/app@{former}"}
    assert registry.image(labels={"org.opencontainers.image.revision": "4a"}) != former, "the tag was moved"
    checked = gate(pins=pins).check(image, "x86_64", pin=True)
    assert (checked.written, checked.pinned, checked.digest) == (image, pins[image], former)
    assert checked.origin is not None
    assert checked.origin.revision == "3f", "what is judged is the image that is started"
    assert gate(pins=pins).check(image, pin=False).digest != former, "Taupage starts what the tag names"
    with pytest.raises(WrongArchitecture):
        gate(pins=pins).check(image, "arm64", pin=True)
    written = Policy("acme", digest="written")
    with pytest.raises(Refused, match="is not named by its digest"):
        gate(written, pins=pins).check(image, pin=True)


def test_a_given_digest_needs_no_registry_but_a_policy_does(gate: Any, registry: LocalRegistry) -> None:  # noqa: F811
    image = f"{registry.host}/team/app:1"
    pins = {image: f"{registry.host}/team/app@{registry.image()}"}
    registry.status = 503
    checked = gate(pins=pins).check(image, pin=True)
    assert (checked.pinned, checked.verdict) == (pins[image], "passed")
    assert "nobody knows whether" in checked.warnings[0]
    with pytest.raises(RegistryUnavailable):
        gate(Policy("acme", origin=("revision",)), pins=pins).check(image, pin=True)
    registry.status = 404
    with pytest.raises(NotFound):
        gate(pins=pins).check(image, pin=True)
