"""References to container images, as Docker writes and reads them."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

DOCKER_HUB = "docker.io"
_HUB_NAMES = ("docker.io", "index.docker.io", "registry-1.docker.io")

_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::[0-9]{1,5})?")
_REPOSITORY = re.compile(r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
"""The only algorithm that registries use (OCI image specification, "Digests")."""


@dataclass(frozen=True)
class ImageReference:
    """``host/repository:tag@digest``; what is not written is ""."""

    host: str
    """With its port; "" where the reference names no registry."""
    repository: str
    tag: str = ""
    digest: str = ""

    @classmethod
    def parse(cls, image: str) -> ImageReference:
        """By Docker's rule: what stands before the first slash is a host if it has a dot or colon, or is localhost."""
        first, slash, rest = image.partition("/")
        is_host = bool(slash) and ("." in first or ":" in first or first == "localhost")
        host, name = (first, rest) if is_host else ("", image)
        name, _, digest = name.partition("@")
        path, colon, tag = name.rpartition(":")
        if not colon:
            path, tag = name, ""
        return cls(host, path, tag, digest)

    @property
    def version(self) -> str:
        """What is pulled: the digest where there is one, else the tag, else ``latest``."""
        return self.digest or self.tag or "latest"

    @property
    def name(self) -> str:
        """Without tag and digest."""
        return f"{self.host}/{self.repository}" if self.host else self.repository

    def __str__(self) -> str:
        return self.name + (f":{self.tag}" if self.tag else "") + (f"@{self.digest}" if self.digest else "")

    def located(self) -> ImageReference:
        """With the registry that Docker takes it from: Docker Hub, where none is written."""
        if self.host and self.host not in _HUB_NAMES:
            return self
        repository = self.repository if "/" in self.repository else f"library/{self.repository}"
        return replace(self, host=DOCKER_HUB, repository=repository)

    def pinned(self, digest: str) -> str:
        """The reference by digest alone: with a tag as well, some versions of podman refuse it."""
        return f"{self.name}@{digest}"

    def problem(self) -> str:
        """What is wrong with how it is written (OCI distribution specification, "Pulling manifests"), or ""."""
        if self.host and not _HOST.fullmatch(self.host):
            return f"{self.host!r} is no host name"
        if not _REPOSITORY.fullmatch(self.repository):
            return f"{self.repository!r} is no name of a repository, which is written in small letters"
        if self.tag and not _TAG.fullmatch(self.tag):
            return f"{self.tag!r} is no tag: at most 128 letters, digits, dots, dashes and underscores"
        if self.digest and not DIGEST.fullmatch(self.digest):
            return f"{self.digest!r} is no digest: sha256: and 64 hexadecimal digits"
        return ""
