"""Commands that messages suggest, with the options that say where: at 3 a.m. they are copied as they stand."""

from __future__ import annotations

import re
from functools import cache

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
