"""Times, weights and shares as they are written in a definition."""

from __future__ import annotations

import math
import re
from typing import Any

from senza.traffic.weights import TOTAL

SECONDS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0}
LONGEST = 366 * 86400.0
"""Seconds. Longer than any rollout; what is above is a slip of the finger."""

_DURATION = re.compile(r"(?:(\d{1,9})d)?(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9})s)?", re.ASCII)
_NUMBER = re.compile(
    r"([+-]?(?:\d{1,15}(?:\.\d{0,15})?|\.\d{1,15})(?:e[+-]?\d{1,2})?)\s*(%?)", re.ASCII | re.IGNORECASE
)
_LATENCY = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)\s*(ms|s)", re.ASCII)


class Wrong(ValueError):
    """Says what it must be: ``a time such as 10m``."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


def duration(value: Any) -> float:
    """Seconds of ``90s``, ``10m``, ``1h30m``, ``24h``, ``2d``. Raises Wrong; a number alone has no unit."""
    match = _DURATION.fullmatch(value.strip()) if isinstance(value, str) and value.strip() else None
    if match is None:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        raise Wrong(
            "a time such as 90s, 10m, 1h30m or 24h",
            f"Write {value}s for seconds, {value}m for minutes." if number else "",
        )
    seconds = sum(int(part) * unit for part, unit in zip(match.groups(), SECONDS.values(), strict=True) if part)
    if seconds > LONGEST:
        raise Wrong("at most 366d")
    return seconds


def weight(value: Any) -> int:
    """Half percents, 1 to 200, of ``5``, ``0.5``, ``25%``."""
    number, _ = parts(value, "percent of the traffic such as 5, 0.5 or 25%")
    half = number * TOTAL / 100
    if not 1 <= half <= TOTAL or half != int(half):
        raise Wrong("0.5 to 100 percent in steps of 0.5")
    return int(half)


def fraction(value: Any, *, bare: bool = False) -> float:
    """``5%`` as 0.05. bare: without the sign it is the number itself; else that is wrong."""
    number, percent = parts(value, "a number or percent such as 0.05 or 5%" if bare else "percent such as 5%")
    if percent:
        return number / 100
    if not bare:
        raise Wrong("percent such as 5%, with the sign", f"Write {number:g}% or {number * 100:g}%, as you mean it.")
    return number


def latency(value: Any) -> float:
    """Seconds of ``250ms`` or ``1.5s``."""
    match = _LATENCY.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise Wrong("a time such as 250ms or 1.5s")
    return float(match[1]) / (1000 if match[2] == "ms" else 1)


def parts(value: Any, kind: str) -> tuple[float, bool]:
    """A number, and whether there is a percent sign."""
    match = None if isinstance(value, bool) else _NUMBER.fullmatch(str(value).strip())
    if match is None or not math.isfinite(float(match[1])):
        raise Wrong(kind)
    return float(match[1]), bool(match[2])
