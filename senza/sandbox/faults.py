"""Answers that go wrong on purpose: throttling, time-outs, lost connections, before or after the effect."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, replace
from typing import Any

from senza.errors import UsageError


@dataclass(frozen=True)
class Fault:
    """One rule.

    match: regular expression searched in ``service:Operation``, e.g. ``route53:ChangeResourceRecordSets``.
    times: how many requests it hits; None for all. skip: how many matching requests pass before.
    every: of the matching requests after those, it hits every n-th, beginning with the first.
    when: ``before`` the effect (the request does nothing) or ``after`` it (done, but the answer is lost).
    status, code, message: the error answered. delay: seconds to wait first. drop: close the connection unanswered.
    With neither code nor drop the request is only delayed.
    """

    match: str
    times: int | None = 1
    skip: int = 0
    when: str = "before"
    every: int = 1
    status: int = 400
    code: str = ""
    message: str = "injected by the sandbox"
    delay: float = 0.0
    drop: bool = False

    def __post_init__(self) -> None:
        if self.when not in ("before", "after"):
            raise UsageError(f"a fault happens 'before' or 'after', not {self.when!r}")
        try:
            re.compile(self.match)
        except re.error as error:
            raise UsageError(f"a fault's match is no regular expression: {error}") from error


class Faults:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rules: list[Fault] = []

    def add(self, match: str, **details: Any) -> None:
        """Add a rule, see :class:`Fault`. Raises UsageError for one that makes no sense."""
        try:
            fault = Fault(match, **details)
        except TypeError as error:
            raise UsageError(f"a fault cannot have this: {error}") from error
        with self._lock:
            self._rules.append(fault)

    def clear(self) -> None:
        with self._lock:
            self._rules.clear()

    def hit(self, call: str) -> Fault | None:
        """The rule that this request runs into, used up by one."""
        with self._lock:
            for number, rule in enumerate(self._rules):
                if not re.search(rule.match, call):
                    continue
                if rule.skip:
                    self._rules[number] = replace(rule, skip=rule.skip - 1)
                    continue
                if rule.every > 1:  # the ones in between pass
                    self._rules[number] = rule = replace(rule, skip=rule.every - 1)
                if rule.times == 1:
                    del self._rules[number]
                elif rule.times is not None:
                    self._rules[number] = replace(rule, times=rule.times - 1)
                return rule
        return None
