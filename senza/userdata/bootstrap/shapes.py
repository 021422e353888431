"""The types that values of ``TaupageConfig`` have, and the check of a value against one."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from senza.userdata.bootstrap.model import AnyShape, IsFunction, Listing, Path, Problem, Record, Shape, Table

BOOLEANS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
"""How YAML 1.1 writes truth values; templating often makes texts of them."""
PORT = re.compile(r"\d{1,5}(/(tcp|udp|sctp))?")
SIZE = re.compile(r"[1-9]\d*[bkmgBKMG]?")
IPV4 = re.compile(r"\d{1,3}(\.\d{1,3}){3}")
DEVICE = re.compile(r"/dev/[A-Za-z0-9/_-]+")
VARIABLE = re.compile(r"[^=\s\x00][^=\x00]*")
KERNEL_SETTING = re.compile(r"[A-Za-z0-9_.*/-]+")
ABSOLUTE = re.compile(r"/[^\x00\n:,]*")
FILE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")


def is_scalar(value: Any) -> bool:
    return isinstance(value, str | int | float | bool) or value is None


def is_boolean(value: Any) -> bool:
    return isinstance(value, bool) or (isinstance(value, str) and value.lower() in BOOLEANS)


def is_count(value: Any) -> bool:
    return not isinstance(value, bool) and str(value).isascii() and str(value).isdigit()


def is_port(value: Any) -> bool:
    return not isinstance(value, bool) and PORT.fullmatch(str(value)) is not None and 0 < port_number(value) < 65536


def is_plain_port(value: Any) -> bool:
    return is_port(value) and "/" not in str(value)


def port_number(value: Any) -> int:
    return int(str(value).partition("/")[0])


def of_pattern(pattern: re.Pattern[str]) -> Any:
    return lambda value: (
        isinstance(value, str | int) and not isinstance(value, bool) and pattern.fullmatch(str(value)) is not None
    )


TEXT = Shape("text", lambda value: is_scalar(value) and value is not None and "\0" not in str(value))
VALUE = Shape("text", lambda value: is_scalar(value) and "\0" not in str(value))
"""Of an environment variable: may be null, which is the empty text."""
LINE = Shape("text", lambda value: TEXT.fits(value) and str(value) != "" and not set("\n\r") & set(str(value)))
# What decides how the machine is set up has to be known when the template is made.
BOOLEAN = Shape("boolean", is_boolean, open=False)
COUNT = Shape("number", is_count, open=False)
PORT_NUMBER = Shape("port", is_plain_port, open=False)
CONTAINER_PORT = Shape("port", is_port)
SIZE_TEXT = Shape("size, e.g. 64m", of_pattern(SIZE), open=False)
SHM_SIZE = Shape("size, e.g. 64m", of_pattern(SIZE))
DEVICE_NAME = Shape("device, e.g. /dev/xvdb", of_pattern(DEVICE), open=False)
ADDRESS = Shape("IPv4 address", of_pattern(IPV4), open=False)
SECRET_REFERENCE = Shape(
    "reference, e.g. aws:secretsmanager:NAME",
    lambda value: isinstance(value, str) and value.startswith(("aws:kms:", "aws:ssm:", "aws:secretsmanager:")),
)


def choice(*names: str) -> Shape:
    return Shape(f"one of {', '.join(names)}", lambda value: str(value) in names, open=False)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name.casefold(), list(known), n=2, cutoff=0.6)
    return f"Did you mean {' or '.join(near)}?" if near else ""


def boolean(value: Any) -> bool:
    """The truth value that was written; False for null."""
    return BOOLEANS.get(str(value).lower(), False)


def text(value: Any) -> str:
    """A scalar as YAML writes it: ``true`` and not Python's ``True``; null is the empty text."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def misfits(value: Any, shape: AnyShape, path: Path, is_function: IsFunction) -> Iterator[Problem]:
    """What is wrong with the value; null is as good as absent wherever nothing is required."""
    if value is None and path and not isinstance(path[-1], int) and shape is not VALUE:
        return
    if is_function(value):
        if not (isinstance(shape, Shape) and shape.open):
            yield Problem(
                path,
                "must be known when the template is made, and cannot be a CloudFormation function",
                f"Write a {shape.name}; a {{{{Arguments.…}}}} of the definition may stand there.",
            )
    elif isinstance(shape, Shape):
        if not shape.fits(value):
            yield Problem(path, f"must be a {shape.name}, not {shown(value)}")
    elif isinstance(shape, Listing):
        items = value if isinstance(value, list) else [value]
        if not isinstance(value, list) and not (shape.single and not isinstance(value, Mapping)):
            yield Problem(path, f"must be a {shape.name}, not {shown(value)}")
            return
        for number, item in enumerate(items):
            yield from misfits(item, shape.item, (*path, number) if isinstance(value, list) else path, is_function)
    elif not isinstance(value, Mapping):
        yield Problem(path, f"must be a mapping, not {shown(value)}", f"It is a {shape.name}.")
    elif isinstance(shape, Table):
        for key, item in value.items():
            if not shape.key_fits(str(key)):
                yield Problem((*path, str(key)), f"{str(key)!r} is no {shape.key}")
            else:
                yield from misfits(item, shape.value, (*path, str(key)), is_function)
    else:
        yield from record_misfits(value, shape, path, is_function)


def record_misfits(value: Mapping[Any, Any], shape: Record, path: Path, is_function: IsFunction) -> Iterator[Problem]:
    for key, item in value.items():
        if key not in shape.fields:
            hint = did_you_mean(str(key), shape.fields) or f"There are: {', '.join(shape.fields)}."
            yield Problem((*path, str(key)), "is not known", hint)
        else:
            yield from misfits(item, shape.fields[key], (*path, key), is_function)
    for key in shape.required:
        if value.get(key) is None:
            yield Problem((*path, key), "is missing")


def shown(value: Any) -> str:
    """A value in a message: what it is rather than what it holds, since it may be a secret."""
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    return repr(value) if isinstance(value, int | float | bool) or value is None else "this text"
