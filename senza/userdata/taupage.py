"""User data for the Taupage machine image: a marker line and the YAML of ``TaupageConfig``."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import yaml

from senza.userdata.text import joined

MARKER = "#taupage-ami-config\n"
APPLICATION_ID = re.compile(r"[a-z][a-z0-9-]*[a-z0-9]")
APPLICATION_VERSION = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")


class _Quoted(str):
    """A text that is written in single quotes."""


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        """Write a value out each time: the image's scripts need not know YAML anchors."""
        return True


_Dumper.add_representer(_Quoted, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style="'"))


def completed(config: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration with what is missing (or null) added."""
    return {**config, **{key: value for key, value in defaults.items() if config.get(key) is None}}


def taupage_user_data(config: Mapping[str, Any], is_function: Callable[[object], bool]) -> Any:
    """The text, or ``Fn::Join`` of it and of the functions in it.

    What a function in ``environment`` stands for is a text whatever it looks like, so it stands in quotes there.
    """
    functions: list[Any] = []
    stem = _unused_word(config)

    def marked(value: Any, quoted: bool) -> Any:
        if is_function(value):
            functions.append(value)
            text = f"{stem}{len(functions) - 1}x"
            return _Quoted(text) if quoted else text
        if isinstance(value, Mapping):
            return {key: marked(item, quoted or key == "environment") for key, item in value.items()}
        if isinstance(value, list):
            return [marked(item, quoted) for item in value]
        return value if isinstance(value, str | int | float | bool | date | None) else str(value)

    tree = marked(config, False)
    text = MARKER + yaml.dump(
        tree, Dumper=_Dumper, default_flow_style=False, sort_keys=False, allow_unicode=False, width=2**31
    )
    pieces = re.split(f"{stem}([0-9]+)x", text)
    return joined(piece if number % 2 == 0 else functions[int(piece)] for number, piece in enumerate(pieces))


def _unused_word(config: Mapping[str, Any]) -> str:
    """A word that occurs nowhere in the configuration and means nothing in YAML."""
    text = repr(config)
    word = "senzafunction"
    while word in text:
        word += "q"
    return word
