"""Which container image user data starts, whoever made it: Taupage's YAML, or our bootstrap."""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections.abc import Mapping
from typing import Any

import yaml

DOCUMENT = "/opt/senza/config.json"
MAX_BYTES = 1_000_000
"""Of the document when it is unpacked."""


def image_in(user_data: str) -> str | None:
    """The image as user data names it; None where it is something else, or where a function stood in its place."""
    try:
        content = yaml.safe_load(user_data)  # which reads Ignition's JSON, too
    except yaml.YAMLError:
        return None
    if not isinstance(content, Mapping):
        return None
    if "source" in content:
        return None if content["source"] is None else str(content["source"])
    try:
        document = json.loads(_document(content) or "null")
        image = document["config"]["image"]
        return image if isinstance(image, str) and document["mark"] not in image else None
    except (ValueError, KeyError, TypeError, AttributeError, OSError, EOFError, zlib.error):
        return None


def _document(content: Mapping[str, Any]) -> bytes | None:
    """The text of our document in a cloud-config or in Ignition."""
    for file in content.get("write_files") or ():
        if file["path"] == DOCUMENT:
            packed = file.get("encoding") == "gz+b64"
            return _unpacked(file["content"]) if packed else str(file["content"]).encode()
    storage = content.get("storage") or {}
    for file in storage.get("files") or ():
        if file["path"] == DOCUMENT:
            encoded = file["contents"]["source"].partition(",")[2]
            return _unpacked(encoded) if file["contents"].get("compression") == "gzip" else _decoded(encoded)
    return None


def _decoded(encoded: str) -> bytes:
    try:
        return base64.b64decode(encoded, validate=True)
    except binascii.Error as error:
        raise ValueError(encoded[:20]) from error


def _unpacked(encoded: str) -> bytes:
    return zlib.decompressobj(16 + zlib.MAX_WBITS).decompress(_decoded(encoded), MAX_BYTES)
