"""What a policy can ask of container images."""

from __future__ import annotations

from dataclasses import dataclass

ORIGIN_FIELDS = ("repository", "revision", "author", "created", "clean")
"""What can be required of where an image comes from; ``clean``: built from a work tree without changes."""
DIGESTS = ("any", "resolved", "written")


@dataclass(frozen=True)
class SignatureRule:
    """A signature that ``cosign verify`` must accept: by a key, or by who signed and which issuer vouches for that."""

    key: str = ""
    """File, URL or KMS URI of a public key."""
    identity: str = ""
    """Regular expression of the certificate's identity."""
    issuer: str = ""
    """URL of the OIDC issuer."""


@dataclass(frozen=True)
class Policy:
    """A field that is empty asks for nothing."""

    name: str = ""
    fingerprint: str = ""
    """Of the file's text, so that a verdict says which state of the policy it is about."""
    location: str = ""
    production: tuple[str, ...] = ()
    """Account ids in which the policy refuses; in others it only warns. Empty: it refuses everywhere."""
    registries: tuple[str, ...] = ()
    """Patterns (``*``) of ``host`` or ``host/path``; an image must be below one of them."""
    digest: str = "any"
    """``written`` in the definition, ``resolved`` when the stack is created, or ``any``: neither is needed."""
    refuse_tags: tuple[str, ...] = ()
    """Patterns (``*``), by which no tag may be called; case does not count."""
    origin: tuple[str, ...] = ()
    """Of :data:`ORIGIN_FIELDS`: what the image must say."""
    repositories: tuple[str, ...] = ()
    """Patterns (``*``) of source repositories; the one that the image names must be among them."""
    signature: SignatureRule | None = None
    advisory: bool = False
    """Whether it never refuses."""
    may_be_forced: bool = True
    """Whether ``--force`` makes warnings of what the policy refuses."""

    @property
    def title(self) -> str:
        """How tags and messages call it, e.g. ``acme 3f2a9c1e``."""
        return f"{self.name} {self.fingerprint}".strip()


NO_POLICY = Policy(advisory=True, refuse_tags=("latest",))
"""What applies where nobody configured one: it only warns, of tags that move."""
