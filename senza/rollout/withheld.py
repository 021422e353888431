"""What of a Rollout section the journal does not keep, and what is left of it for whoever goes on from there. Pure.

The journal masks secrets wherever they stand. A webhook's URL is one: who knows it may write into the chat.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import urlsplit

from senza.discretion import HIDDEN
from senza.journal import redacted
from senza.rollout.web import shown

HOOKS, NOTIFY = "Hooks", "Notify"
UNKNOWN = "false"
"""Stands for what a hook runs that nobody knows; it is never run."""
OURS = ("phase", "result", "strategy", "asked", "ask")
"""Facts that are words of ours, and ids."""


def recordable(facts: Mapping[str, Any], secrets: Collection[str]) -> dict[str, Any]:
    """Facts of a rollout without secrets, as :func:`senza.journal.redacted`, but with the words of ours by which it
    goes on: somebody's password may be ``Linear`` or ``back``."""
    clean = redacted(facts, secrets)
    clean |= {name: facts[name] for name in OURS if name in facts}
    for step, kept in zip(facts.get("plan", ()), clean.get("plan", ()), strict=True):
        kept["do"] = step["do"]
    section = facts.get("section")
    if isinstance(section, Mapping):
        kept = clean["section"]
        if "Strategy" in section:
            kept["Strategy"] = section["Strategy"]
        for hook, kept_hook in zip(section.get(HOOKS) or (), kept.get(HOOKS) or (), strict=True):
            kept_hook["When"] = hook["When"]
    return clean


def discreet(section: Any) -> Any:
    """The section as it may be written down: of the URLs of Notify the host only."""
    if not isinstance(section, Mapping) or not isinstance(section.get(NOTIFY), list):
        return section
    return {**section, NOTIFY: [by_host(one) for one in section[NOTIFY]]}


def by_host(entry: Any) -> Any:
    if not isinstance(entry, Mapping) or not isinstance(entry.get("Url"), str):
        return entry
    return {**entry, "Url": f"{shown(entry['Url'])}/{HIDDEN}"} if tells_more(entry["Url"]) else entry


def tells_more(url: str) -> bool:
    """Whether there is more in it than scheme, host and port."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return True
    return bool(parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc)


def unknown_hooks(first: Mapping[str, Any]) -> frozenset[int]:
    """The numbers of the hooks whose command or URL is masked. first: facts of a rollout's first entry."""
    hooks = (first["section"] or {}).get(HOOKS) or []
    return frozenset(number for number, hook in enumerate(hooks) if first.get("withheld") and masked(hook))


def usable(first: Mapping[str, Any]) -> Any:
    """The section for whoever goes on: without webhooks that nobody knows any more. Hooks keep their numbers, for
    plans have these; those of :func:`unknown_hooks` are not to be run."""
    section = first["section"]
    if not section:
        return section
    unknown = unknown_hooks(first)
    parts: dict[str, Any] = {}
    if hooks := section.get(HOOKS):
        parts[HOOKS] = [
            {"When": hook["When"], "Run": UNKNOWN} if number in unknown else hook for number, hook in enumerate(hooks)
        ]
    if notify := section.get(NOTIFY):
        parts[NOTIFY] = [one for one in notify if not masked(one)]
    return {**section, **parts}


def left_out(first: Mapping[str, Any]) -> list[str]:
    """What cannot be done from the journal alone, in words."""
    webhooks = sum(masked(one) for one in (first["section"] or {}).get(NOTIFY) or [])
    hooks = len(unknown_hooks(first))
    counted = {"hook": hooks, "webhook": webhooks}
    return [f"{number} {name}{'' if number == 1 else 's'}" for name, number in counted.items() if number]


def masked(entry: Any) -> bool:
    return isinstance(entry, Mapping) and any(HIDDEN in str(entry.get(key, "")) for key in ("Run", "Url", "Topic"))
