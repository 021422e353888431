"""Manifests and indexes of images (OCI image specification 1.1; Docker's "manifest version 2, schema 2")."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from senza.account.oci.failures import BrokenRegistry
from senza.account.oci.reference import DIGEST

INDEXES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
MANIFESTS = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
ACCEPT = ", ".join(INDEXES + MANIFESTS)
"""A registry may answer with another kind than it has where it is not told that this one is understood."""

OCI_ARCHITECTURES = {"x86_64": "amd64", "arm64": "arm64"}
"""EC2's name of a processor architecture -> that of images."""


@dataclass(frozen=True)
class Descriptor:
    digest: str
    size: int
    media_type: str


@dataclass(frozen=True)
class Platform:
    """One entry of an index."""

    os: str
    architecture: str
    digest: str

    @property
    def unknown(self) -> bool:
        """Whether the index does not say what it is for, which it need not."""
        return not self.os and not self.architecture


@dataclass(frozen=True)
class Manifest:
    """What a reference leads to: either an index of platforms, or one image with config and layers."""

    digest: str
    platforms: tuple[Platform, ...] = ()
    config: Descriptor | None = None
    """None for an index."""
    layers: tuple[Descriptor, ...] = ()
    annotations: Mapping[str, str] = field(default_factory=dict)


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def verified(content: bytes, digest: str, what: str) -> bytes:
    """The content. Raises BrokenRegistry where it is not what the digest names."""
    if digest_of(content) != digest:
        raise BrokenRegistry(f"{what} has not the digest {digest} that it should have", hint="Do not use this image.")
    return content


def parse(content: bytes, media_type: str, what: str) -> Manifest:
    """Read a manifest or index. Raises BrokenRegistry for what is neither.

    media_type: of the answer's ``Content-Type``; what: the image, for messages.
    """
    try:
        body = json.loads(content)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise BrokenRegistry(f"the registry answers with no manifest for {what}")
    kind = str(body.get("mediaType") or media_type.partition(";")[0].strip())
    if body.get("schemaVersion") != 2 or kind not in INDEXES + MANIFESTS:
        raise BrokenRegistry(
            f"{what} has a manifest of a kind that is no image of today ({kind or 'unknown'})",
            hint="Build and push it again with a current docker or podman.",
        )
    annotations = texts(body.get("annotations"))
    digest = digest_of(content)
    try:
        if kind in INDEXES:
            return Manifest(digest, platforms=tuple(map(_platform, body["manifests"])), annotations=annotations)
        layers = tuple(map(_descriptor, body["layers"]))
        return Manifest(digest, config=_descriptor(body["config"]), layers=layers, annotations=annotations)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BrokenRegistry(f"the manifest of {what} is incomplete") from error


def texts(value: object) -> dict[str, str]:
    """The texts of a mapping."""
    pairs = value.items() if isinstance(value, Mapping) else ()
    return {str(key): item for key, item in pairs if isinstance(item, str)}


def _descriptor(value: Any) -> Descriptor:
    digest = str(value["digest"])
    if not DIGEST.fullmatch(digest):
        raise ValueError(digest)
    return Descriptor(digest, int(value["size"]), str(value.get("mediaType", "")))


def _platform(value: Any) -> Platform:
    """Entries without a platform, and attestations (``unknown``), are no images that run."""
    platform = value.get("platform") or {}
    return Platform(
        str(platform.get("os", "")), str(platform.get("architecture", "")), _descriptor({"size": 0, **value}).digest
    )
