"""What is told about a promotion: what is the same in both places, and what is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from senza.cli.context import Context
from senza.cli.output import Column, Row, print_table
from senza.discretion import HIDDEN

if TYPE_CHECKING:
    from senza.cli.promoting import Look
    from senza.promotion.images import Sameness
    from senza.promotion.parameters import Carried, Place

UNKNOWN = "?"
KNOWN = {
    "exact": "the same, by digest",
    "same": "the same by now, by its tag",
    "moved": "another: the tag was moved",
    "unknown": "not verified",
}


def tell(context: Context, seen: Look) -> None:
    """Warnings: what may not be what it was there, though nothing stands in the way."""
    from senza.promotion.parameters import foreign, undecryptable, unsaid

    source, target = seen.source, seen.target
    if error := undecryptable(seen.carried, source, target):
        context.warn(error.message)
    for warning in (*foreign(seen.carried, source, target), *unsaid(seen.carried, source, target)):
        context.warn(warning)
    for one in seen.exactness.machine_images:
        what = one.path[0] if one.path[-1] == "ImageId" else one.path[-1]
        context.warn(
            f"{what}: in {source.name} it is {one.old}, and by now "
            f"{one.new} would be taken there; {target.name} gets the machine image that is the newest where it is"
        )
    for patched in seen.patched:
        if patched.only_image:
            context.warn(
                f"{patched} was patched in {source.name}; {target.name} gets the image that the definition says"
            )
    for image in seen.images:
        if image.known == "unknown":
            context.warn(unverified(image, source))
    if groups := ciphertexts(seen):
        context.warn(
            f"{seen.request.definition} holds values that a KMS key encrypted ({', '.join(groups)}), and they go to "
            f"{target.name} as they are. Make them parameters if {target.name} cannot decrypt them"
        )


def unverified(image: Sameness, source: Place) -> str:
    why = (
        "its digest was not written down when it was made"
        if not image.former
        else "the registry does not say what it is now"
    )
    return f"whether {image.image} is what runs in {source.name} could not be verified: {why}"


def ciphertexts(seen: Look) -> list[str]:
    """The groups whose instances get a ciphertext that stands in the definition itself."""
    from senza.promotion.images import texts
    from senza.promotion.parameters import CIPHERTEXTS

    if seen.source.same_keys(seen.target):
        return []
    own = {one.here or "" for one in seen.carried} - {""}
    found = []
    for container in seen.here.containers:
        said = [line for line in texts(container.config).splitlines() if line.startswith(CIPHERTEXTS)]
        if any(line not in own for line in said):
            found.append(container.component)
    return found


def summary(seen: Look) -> str:
    """One line: what goes where, and how it differs."""
    source, target = seen.source, seen.target
    other = [name for name, there, here in values(seen) if there != here]
    parameters = f"parameters: the same but for {', '.join(other)}" if other else "the same parameters"
    return (
        f"{seen.running.stack.full_name} from {source.name} ({source.account}, {source.region}) to {target.name} "
        f"({target.account}, {target.region}); {parameters}"
    )


def values(seen: Look) -> list[tuple[str, str, str]]:
    """Name, value there, value here; secrets and what nobody knows by marks."""
    bound = seen.here.bound
    assert bound is not None
    return [(one.name, there(one), HIDDEN if one.secret else bound.arguments[one.name]) for one in seen.carried]


def there(one: Carried) -> str:
    return HIDDEN if one.secret else UNKNOWN if one.there is None else one.there


def show(context: Context, seen: Look) -> None:
    """On stdout: which parameters and images are the same, and which are not."""
    source, target = seen.source.name, seen.target.name
    origins = {
        "source": f"as in {source}",
        "target": f"senza.yaml, {target}",
        "given": "command line",
        "default": "default",
    }
    click.echo(f"{seen.running.stack.full_name} from {source} to {target}:")
    parameters: list[Row] = [
        {"parameter": name, "there": old, "here": new, "says": origins[one.origin], "same": mark(one, old, new)}
        for one, (name, old, new) in zip(seen.carried, values(seen), strict=True)
    ]
    images: list[Row] = [
        {"image": one.image, "digest": one.digest or UNKNOWN, "known": KNOWN[one.known]} for one in seen.images
    ]
    now = context.clock.now()
    if parameters:
        names = Column("parameter"), Column("there", title=source), Column("here", title=target)
        print_table((*names, Column("same", title=" "), Column("says", title="Says")), parameters, now=now)
    if images:
        print_table((Column("image"), Column("digest"), Column("known", title="Is")), images, now=now)


def mark(one: Carried, old: str, new: str) -> str:
    if one.secret or one.there is None:
        return "not known"
    return "same" if old == new else "differs"
