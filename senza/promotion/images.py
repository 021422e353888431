"""Which container images run, by digest, and what can be said of those that are not known by theirs. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from senza.account.oci import ImageReference
from senza.components.model import Container
from senza.errors import Refused
from senza.provenance import CheckedImage

PINNED = re.compile(r"[A-Za-z0-9][\w.:/-]*@sha256:[0-9a-f]{64}")


def pins(containers: Iterable[Container], tags: Mapping[str, str], template: Mapping[str, Any]) -> dict[str, str]:
    """Image as the definition writes it -> the same by digest, as the instances of the stack start it.

    containers: of the definition, compiled without asking a registry. tags: of the stack, which name what each
    component runs; the template must have it, too, so that a tag that somebody changed decides nothing.
    Raises Refused where two groups run different images by the same name.
    """
    started = set(PINNED.findall(texts(template)))
    found: dict[str, str] = {}
    for one in containers:
        written = one.image
        if not isinstance(written, str) or ImageReference.parse(written).digest:
            continue
        pinned = tags.get(f"senza:{one.component}:image", "")
        if pinned not in started:
            pinned = only(pinned_by_name(started, written))
        if not pinned or ImageReference.parse(pinned).name != ImageReference.parse(written).name:
            continue
        if found.setdefault(written, pinned) != pinned:
            raise Refused(
                f"two groups run different images by the name {written}: {found[written]} and {pinned}",
                hint="The tag was moved while they were made. Build a version whose groups run the same one.",
            )
    return found


def pinned_by_name(started: Iterable[str], written: str) -> list[str]:
    name = ImageReference.parse(written).name
    return [one for one in started if ImageReference.parse(one).name == name]


def only(found: Sequence[str]) -> str:
    return found[0] if len(found) == 1 else ""


def texts(node: Any) -> str:
    """All texts of a tree, a line each."""
    if isinstance(node, Mapping):
        return "\n".join(texts(value) for value in node.values())
    if isinstance(node, (list, tuple)):
        return "\n".join(texts(value) for value in node)
    return node if isinstance(node, str) else ""


class Pins(Mapping[str, str]):
    """The same for another place, where the same repository may be on another registry: the digest tells.

    known: see :func:`pins`.
    """

    def __init__(self, known: Mapping[str, str]) -> None:
        self._known = known

    def __getitem__(self, image: str) -> str:
        if image in self._known:
            return self._known[image]
        here = ImageReference.parse(image)
        found = {ImageReference.parse(one).digest for written, one in self._known.items() if alike(written, here)}
        if here.digest or len(found) != 1:
            raise KeyError(image)
        return here.pinned(found.pop())

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)


def alike(written: str, here: ImageReference) -> bool:
    """Whether two images differ by their registry only."""
    there = ImageReference.parse(written)
    return (there.repository, there.tag) == (here.repository, here.tag)


class Pinned:
    """Images that are known by digest, without asking anybody: what the definition is compiled with to be compared."""

    def __init__(self, known: Mapping[str, str]) -> None:
        self._known = known

    def check(self, image: str, architecture: str = "", *, pin: bool) -> CheckedImage:
        pinned = (self._known.get(image) or in_itself(image)) if pin else ""
        return CheckedImage(image, pinned, ImageReference.parse(pinned).digest, None, "passed")


def in_itself(image: str) -> str:
    """By digest alone, where it is written with one."""
    reference = ImageReference.parse(image)
    return reference.pinned(reference.digest) if reference.digest else ""


@dataclass(frozen=True)
class Sameness:
    """One image of the version. known: ``exact`` by digest, ``same`` as was written down, ``moved``, ``unknown``.

    digest: with which it is started where it goes to, "" where nobody knows. former: as it was written down.
    """

    image: str
    known: Literal["exact", "same", "moved", "unknown"]
    digest: str = ""
    former: str = ""


def compare_images(
    images: Iterable[CheckedImage], known: Mapping[str, str], recorded: Sequence[Mapping[str, Any]]
) -> tuple[Sameness, ...]:
    """What runs where the version goes to, against what runs where it comes from.

    known: see :func:`pins`. recorded: ``images`` of the journal's entry of that stack; none where there is none.
    """
    digests = {str(one.get("image")): str(one.get("digest") or "") for one in recorded}
    return tuple({one.written: sameness(one, known, digests) for one in images}.values())


def sameness(image: CheckedImage, known: Mapping[str, str], digests: Mapping[str, str]) -> Sameness:
    written = image.written
    exact = ImageReference.parse(known.get(written) or written).digest
    if exact:
        return Sameness(written, "exact", exact, exact)
    former = former_digest(written, digests)
    if not former or not image.digest:
        return Sameness(written, "unknown", image.digest, former)
    return Sameness(written, "same" if former == image.digest else "moved", image.digest, former)


def former_digest(written: str, digests: Mapping[str, str]) -> str:
    """As it was written down, for the same repository on another registry, too; "" where it was not."""
    if written in digests:
        return digests[written]
    here = ImageReference.parse(written)
    return only(sorted({digest for image, digest in digests.items() if alike(image, here)}))


def moved(images: Iterable[Sameness], source: str) -> Refused | None:
    """What to raise where a tag names another image by now; None where none does."""
    found = [one for one in images if one.known == "moved"]
    if not found:
        return None
    said = "; ".join(f"{one.image} was {one.former} there, and is {one.digest} now" for one in found)
    return Refused(
        f"{len(found)} container image{'' if len(found) == 1 else 's'} of {source} would become another: {said}",
        hint="Move the tag back, or make a version of the new image and let it run there first. "
        "--force takes what the tag says now.",
    )
