"""Facts about an image against a policy: pure, so that a verdict can be understood and repeated."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase

from senza.account.oci import ImageReference, Origin
from senza.provenance.cosign import Signature
from senza.provenance.model import Policy


@dataclass(frozen=True)
class Finding:
    """What a policy objects to. rule: the key of the policy file."""

    rule: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        return f"{self.message}. {self.hint}".rstrip() if self.hint else self.message


@dataclass(frozen=True)
class Facts:
    """written: as in the definition. digest: "" where it was not found out. signature: None where not looked for."""

    written: ImageReference
    digest: str
    origin: Origin | None
    signature: Signature | None = None


def judge(facts: Facts, policy: Policy) -> tuple[Finding, ...]:
    """All objections, in the order of the policy file."""
    found = [*_registry(facts, policy), *_digest(facts, policy), *_tag(facts, policy), *_origin(facts, policy)]
    return (*found, *_signature(facts, policy))


def matches(text: str, pattern: str) -> bool:
    return fnmatchcase(text, pattern)


def below(name: str, pattern: str) -> bool:
    """Whether an image's name is the pattern or lies below it; here ``*`` stays within one part of the path.

    Otherwise ``*.example.org`` would allow ``evil.io/x.example.org/app``.
    """
    wanted, parts = pattern.strip("/").split("/"), name.split("/")
    return len(wanted) <= len(parts) and all(map(matches, parts, wanted))


def _registry(facts: Facts, policy: Policy) -> list[Finding]:
    name = facts.written.located().name
    if not policy.registries or any(below(name, pattern) for pattern in policy.registries):
        return []
    hint = f"Allowed: {', '.join(policy.registries)}."
    return [Finding("registries", f"{name} is not from an allowed registry", hint)]


def _digest(facts: Facts, policy: Policy) -> list[Finding]:
    if policy.digest == "written" and not facts.written.digest:
        now = f" Now that is {facts.digest}." if facts.digest else ""
        return [Finding("digest", f"{facts.written} is not named by its digest", f"Write NAME@sha256:....{now}")]
    if policy.digest == "resolved" and not (facts.digest or facts.written.digest):
        return [Finding("digest", f"the digest of {facts.written} is not known, so that another image may be started")]
    return []


def _tag(facts: Facts, policy: Policy) -> list[Finding]:
    """A tag beside a digest is only a name, but one that people read."""
    reference = facts.written
    if reference.digest and not reference.tag:
        return []
    tag = reference.tag or "latest"
    for pattern in policy.refuse_tags:
        if matches(tag.lower(), pattern.lower()):
            return [Finding("tags.refuse", f"{reference} has the tag {tag}, which says nothing about what it is",
                            "Give each build a tag of its own.")]  # fmt: skip
    return []


def _origin(facts: Facts, policy: Policy) -> list[Finding]:
    origin = facts.origin or Origin()
    found = []
    if policy.origin and facts.origin is None:
        return [
            Finding(
                "provenance.required",
                f"{facts.written} does not say where it comes from",
                "Label it when it is built (org.opencontainers.image.source, .revision), or add /scm-source.json.",
            )
        ]
    for field in policy.origin:
        value = getattr(origin, field)
        if field == "clean":
            if value is False:
                found.append(Finding("provenance.required", f"{facts.written} was built with uncommitted changes"))
            elif value is None:
                hint = "Only /scm-source.json says that, by an empty status."
                message = f"{facts.written} does not say whether it was built from a clean work tree"
                found.append(Finding("provenance.required", message, hint))
        elif not value:
            found.append(Finding("provenance.required", f"{facts.written} does not say its {field}"))
    if policy.repositories and not any(matches(origin.repository, pattern) for pattern in policy.repositories):
        said = origin.repository or "no repository"
        found.append(
            Finding(
                "provenance.repositories",
                f"{facts.written} comes from {said}",
                f"Allowed: {', '.join(policy.repositories)}.",
            )
        )
    return found


def _signature(facts: Facts, policy: Policy) -> list[Finding]:
    if policy.signature is None or (facts.signature and facts.signature.good):
        return []
    if facts.signature is None:
        return [Finding("signature", f"the signature of {facts.written} was not looked at, as its digest is not known")]
    return [Finding("signature", f"{facts.written}: {facts.signature.problem}", facts.signature.hint)]
