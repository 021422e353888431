"""Commands that messages suggest, with the options that say where: at 3 a.m. they are copied as they stand."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache

from senza.discretion import Discretion
from senza.errors import SenzaError

NOWHERE = frozenset({"completion", "config", "promote", "sandbox"})
"""Commands that are the same everywhere, or say themselves where."""


def addressed(text: str, options: str) -> str:
    """The text with ``options``, e.g. ``-e live``, after each "senza" that a command follows."""
    return pattern().sub(lambda _: f"senza {options} ", text) if options and "senza " in text else text


@cache
def pattern() -> re.Pattern[str]:
    from senza.cli.main import COMMANDS

    names = "|".join(re.escape(name) for name in COMMANDS if name not in NOWHERE)
    return re.compile(rf"(?<![\w/.-])senza (?=(?:{names})(?![\w-]))")


def readdress(error: Exception, told: Callable[[str], str], discretion: Discretion) -> None:
    """Let an error suggest commands for here and tell no secrets; the report of a bug is told what is secret."""
    if not isinstance(error, SenzaError):
        error.discretion = discretion  # type: ignore[attr-defined]
        return
    error.message, error.hint = told(error.message), told(error.hint)
    if error.where:
        error.where = replace(error.where, file=told(error.where.file))
