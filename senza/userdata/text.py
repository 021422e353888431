"""User data as literal text with CloudFormation functions in between."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Mapping
from typing import Any

MAX_BYTES = 16 * 1024
"""Of user data before it is base64 encoded (EC2 user guide, "Run commands when you launch an instance")."""

STARTS = (b"#", b"{", b"Content-Type", b"MIME-Version", b"From ", b"<", b"\x1f\x8b")
"""How user data begins that an instance understands: script or cloud-config, Ignition, multipart, PowerShell, gzip."""

_BASE64 = re.compile(r"[A-Za-z0-9+/\s]+={0,2}\s*")


def joined(parts: Iterable[str | Mapping[str, Any]]) -> Any:
    """The parts as one value: text where there are no functions, else ``Fn::Join`` with neighbours put together."""
    merged: list[Any] = []
    for part in parts:
        if isinstance(part, str) and merged and isinstance(merged[-1], str):
            merged[-1] += part
        elif part != "":
            merged.append(part)
    if not merged:
        return ""
    if len(merged) == 1 and isinstance(merged[0], str):
        return merged[0]
    return {"Fn::Join": ["", merged]}


def is_encoded(text: str) -> bool:
    """Whether this is base64 of something that looks like user data."""
    if not _BASE64.fullmatch(text):
        return False
    try:
        return base64.b64decode("".join(text.split()), validate=True).startswith(STARTS)
    except binascii.Error:
        return False


def literal_bytes(value: Any) -> int:
    """Size of the literal text in user data, before base64; what functions will add is not known and counts nothing."""
    if isinstance(value, str) and is_encoded(value):
        return len(base64.b64decode("".join(value.split())))
    return plain_bytes(value)


def plain_bytes(value: Any) -> int:
    """The same of what functions are given, which is not encoded, however much a word of it may look like that."""
    if isinstance(value, str):
        return len(value.encode())
    if isinstance(value, list):
        return sum(plain_bytes(item) for item in value)
    if isinstance(value, Mapping) and len(value) == 1:
        name, argument = next(iter(value.items()))
        if name == "Fn::Base64":
            return plain_bytes(argument)
        if name == "Fn::Join" and isinstance(argument, list) and len(argument) == 2 and isinstance(argument[1], list):
            delimiter = len(str(argument[0]).encode()) * max(len(argument[1]) - 1, 0)
            return delimiter + plain_bytes(argument[1])
        if name == "Fn::Sub":
            template = argument[0] if isinstance(argument, list) and argument else argument
            return len(re.sub(r"\$\{[^!][^}]*\}", "", str(template)).encode())
    return 0
