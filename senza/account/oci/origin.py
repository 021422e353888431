"""Where an image comes from: what its labels, annotations or ``scm-source.json`` say about source and build."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace

PREFIX = "org.opencontainers.image."
"""Of the keys that the OCI image specification defines, chapter "Annotations"."""
SCM_SOURCE = "scm-source.json"
MAX_FILE = 64 * 1024
"""Bytes of ``scm-source.json``."""
MAX_UNPACKED = 32 * 1024 * 1024
"""Bytes of a layer that are looked through."""


@dataclass(frozen=True)
class Origin:
    """ "" and None where it is not said."""

    repository: str = ""
    revision: str = ""
    author: str = ""
    created: str = ""
    """ISO 8601."""
    clean: bool | None = None
    """Whether the work tree was as committed; None where nobody says."""
    said_by: str = ""
    """``labels``, ``annotations`` or ``scm-source.json``."""

    def __bool__(self) -> bool:
        return bool(self.repository or self.revision)

    def __str__(self) -> str:
        parts = [self.repository or "an unnamed repository"]
        if self.revision:
            parts.append(f"at {self.revision}")
        if self.author:
            parts.append(f"by {self.author}")
        if self.created:
            parts.append(f"of {self.created}")
        if self.clean is not None:
            parts.append("from a clean work tree" if self.clean else "with uncommitted changes")
        return " ".join(parts)


def from_keys(keys: Mapping[str, str], said_by: str) -> Origin | None:
    """From labels or annotations; None where they say neither repository nor revision."""
    revision = keys.get(f"{PREFIX}revision", "")
    dirty = revision.endswith(("-dirty", "+dirty", ".dirty"))
    origin = Origin(
        keys.get(f"{PREFIX}source", ""),
        revision,
        keys.get(f"{PREFIX}authors", ""),
        keys.get(f"{PREFIX}created", ""),
        False if dirty else None,  # that a revision is not called dirty proves nothing
        said_by,
    )
    return origin if origin else None


def from_scm_source(content: bytes) -> Origin | None:
    """From the file ``/scm-source.json``: ``{url, revision, author, status}``; no status means a clean work tree."""
    try:
        body = json.loads(content)
    except ValueError:
        return None
    if not isinstance(body, dict):
        return None
    status = body.get("status")
    url = str(body.get("url") or "").removeprefix("git:")
    clean = not status.strip() if isinstance(status, str) else None
    origin = Origin(url, str(body.get("revision") or ""), str(body.get("author") or ""), "", clean, SCM_SOURCE)
    return origin if origin else None


def merged(first: Origin | None, second: Origin | None) -> Origin | None:
    """What the first says, completed by the second."""
    if first is None or second is None:
        return first or second
    gaps = {
        name: getattr(second, name)
        for name in ("repository", "revision", "author", "created")
        if not getattr(first, name)
    }
    clean = second.clean if first.clean is None else first.clean
    said_by = first.said_by if first.said_by == second.said_by else f"{first.said_by}, {second.said_by}"
    return replace(first, clean=clean, said_by=said_by, **gaps)


def scm_source_of(layer: bytes) -> bytes | None:
    """The file ``/scm-source.json`` of a layer (a tar archive, with or without gzip), None where it has none."""
    try:
        raw = _unpacked(layer) if layer[:2] == b"\x1f\x8b" else layer
        with tarfile.open(fileobj=io.BytesIO(raw), mode="r:") as archive:
            for member in archive:
                if member.name.removeprefix("./").lstrip("/") == SCM_SOURCE and member.isfile():
                    file = archive.extractfile(member) if member.size <= MAX_FILE else None
                    return file.read() if file else None
    except (tarfile.TarError, OSError, EOFError, zlib.error):
        return None
    return None


def _unpacked(layer: bytes) -> bytes:
    """At most MAX_UNPACKED bytes: what a few bytes unpack to must not fill the memory."""
    with gzip.GzipFile(fileobj=io.BytesIO(layer)) as stream:
        return stream.read(MAX_UNPACKED)
