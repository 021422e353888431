"""The nearest known names, for "did you mean"."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def suggest(name: str, known: Iterable[str], limit: int = 3) -> list[str]:
    """Return at most ``limit`` of the known names that ``name`` may have been meant to be, the nearest first.

    Case does not count: ``senza::autoscalinggroup`` finds ``Senza::AutoScalingGroup``.
    """
    fold = str(name).casefold()  # the keys of a definition may be numbers or truth values
    by_fold: dict[str, list[str]] = {}
    for candidate in known:
        by_fold.setdefault(str(candidate).casefold(), []).append(str(candidate))
    if fold in by_fold:
        return by_fold[fold][:limit]
    near = difflib.get_close_matches(fold, by_fold, n=limit, cutoff=0.6)
    return [candidate for fold in near for candidate in by_fold[fold]][:limit]


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return ``Did you mean X or Y?``, or an empty text where nothing is near."""
    near = suggest(name, known)
    return f"Did you mean {' or '.join(near)}?" if near else ""
