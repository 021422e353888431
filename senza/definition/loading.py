"""From a path or URL to a :class:`Definition` whose shape is known to be right."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from senza.definition.model import Definition
from senza.errors import DefinitionError, UsageError, Where

MAX_BYTES = 2_000_000
"""Of a definition or parameter file. CloudFormation takes templates of 1 MB at most."""

TIMEOUT = 10
"""Seconds that a web server has to answer, and then for each piece of its answer."""
WHOLE_TIMEOUT = 60
"""Seconds for all of it."""


def load(location: str, *, lenient: bool | None = None) -> Definition:
    """Read a definition from a path, ``file://`` or ``https://``.

    lenient: where a key is there twice with different values, warn and take the last one (``--force``); None: where
    there is no such option.
    Raises DefinitionError: no such file, not YAML, not a definition.
    """
    from senza.definition import shape, yamltree

    tree = yamltree.parse(read_text(location), location, lenient=lenient)
    parameters = shape.check(tree)
    return Definition(tree.value, parameters, tree.source, tree.warnings)


def load_parameter_file(path: str) -> dict[str, str]:
    """Read ``--parameter-file``: a YAML mapping of parameter names to values, each as the text that is written there.

    ``1.10``, ``007`` and ``yes`` stay what they are; a list becomes its items with commas between them (the form of a
    CommaDelimitedList); nothing after the colon is the empty text. Raises DefinitionError.
    """
    from senza.definition import yamltree

    tree = yamltree.parse(read_text(path, what="parameter file"), path, scalars_as_text=True)
    hint = "Write one line per parameter:\nImageVersion: 1.10"
    if not isinstance(tree.value, dict):
        raise DefinitionError("a parameter file is a mapping of names to values", hint=hint, where=Where(path))
    values: dict[str, str] = {}
    for name, value in tree.value.items():
        items = value if isinstance(value, list) else [value]
        if not all(isinstance(item, str) for item in items):
            raise DefinitionError(
                f"the value of parameter {name} is not a text, number or list of them",
                hint=hint,
                where=tree.source.where(str(name)),
            )
        values[str(name)] = ",".join(items)
    return values


def read_text(location: str, *, what: str = "definition") -> str:
    """The text behind a path or URL. what: how messages call it. Raises DefinitionError or UsageError."""
    try:
        scheme = urlsplit(location).scheme if "://" in location else ""
    except ValueError as fault:  # e.g. half an IPv6 address
        raise UsageError(f"{location} is no URL: {fault}", hint=f"Give the path or URL of a {what}.") from fault
    if scheme == "https":
        raw = _fetch(location, what)
    elif scheme == "file":
        raw = _read(Path(unquote(urlsplit(location).path)), location, what)
    elif scheme == "http":
        raise UsageError(
            f"{location}: a {what} is not read over http, where anybody on the way can change it",
            hint=f"Use https://{location.removeprefix('http://')}, or download it and give the file.",
        )
    elif scheme:
        raise UsageError(
            f"{location}: a {what} cannot be read from {scheme}://", hint="Give a path, or a file:// or https:// URL."
        )
    else:
        raw = _read(Path(location), location, what)
    if len(raw) > MAX_BYTES:
        raise DefinitionError(
            f"this {what} has more than {MAX_BYTES:,} bytes", hint="Is it the right file?", where=Where(location)
        )
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        raise DefinitionError(
            f"this {what} is not UTF-8 text (byte 0x{raw[fault.start]:02x})",
            hint="Save it as UTF-8.",
            where=Where(location, (), raw.count(b"\n", 0, fault.start) + 1),
        ) from fault


def _read(path: Path, location: str, what: str) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except FileNotFoundError as fault:
        raise UsageError(f"there is no {what} {location}", hint="Give the path of a YAML file.") from fault
    except IsADirectoryError as fault:
        raise UsageError(f"{location} is a directory, not a {what}", hint="Give a file in it.") from fault
    except OSError as fault:
        raise UsageError(f"the {what} {location} cannot be read: {fault.strerror}") from fault
    except ValueError as fault:  # a NUL in the name
        raise UsageError(f"{location!r} cannot be the name of a {what}") from fault


def _fetch(url: str, what: str) -> bytes:
    import http.client
    import urllib.error
    import urllib.request

    try:
        # the scheme was checked by the caller
        with _https_only().open(url, timeout=TIMEOUT) as answer:
            return drained(answer)
    except urllib.error.HTTPError as fault:
        raise UsageError(
            f"the {what} {url} cannot be fetched: the server answers {fault.code} {fault.reason}",
            hint="Open the URL in a browser. For files on GitHub give the raw URL; private ones have to be downloaded.",
        ) from fault
    except (OSError, http.client.HTTPException, ValueError) as fault:
        reason = getattr(fault, "reason", None) or fault
        message = f"the {what} {url} cannot be fetched: {reason}"
        raise UsageError(message, hint="Check the URL and the network.") from fault


def drained(answer: Any, now: Callable[[], float] = time.monotonic) -> bytes:
    """The body, or of a larger one more than is allowed. answer: has ``read1``. now: a clock, seconds.

    Raises TimeoutError where the server goes on and on, a few bytes at a time.
    """
    until = now() + WHOLE_TIMEOUT
    content = b""
    while len(content) <= MAX_BYTES and (chunk := answer.read1(1 << 16)):
        content += chunk
        if now() > until:
            raise TimeoutError(f"it takes longer than {WHOLE_TIMEOUT} seconds")
    return content


def _https_only() -> Any:
    """An opener that follows redirects to https only: with no handler for http, such a redirect is an error."""
    import urllib.request

    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler,
        urllib.request.HTTPSHandler,
        urllib.request.HTTPDefaultErrorHandler,
        urllib.request.HTTPRedirectHandler,
        urllib.request.HTTPErrorProcessor,
        urllib.request.UnknownHandler,
    ):
        opener.add_handler(handler())
    return opener
