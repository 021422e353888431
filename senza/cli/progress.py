"""Reporters of a running plan: a live display for a person, lines for a log. Both write to stderr."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from senza.clock import Clock
from senza.discretion import harmless

if TYPE_CHECKING:
    from senza.plan import Step


class ClosingReporter(Protocol):
    """``senza.plan.Reporter``, plus ``say`` for news that belong to no step, and an end."""

    def starting(self, step: Step) -> None: ...

    def progress(self, text: str) -> None: ...

    def finished(self, step: Step, outcome: str) -> None: ...

    def say(self, text: str) -> None: ...

    def close(self) -> None:
        """Give the terminal back. May be called twice."""


class LineReporter:
    """One line per event with the local time, for pipes, logs and CI."""

    def __init__(self, write: Callable[[str], None], clock: Clock) -> None:
        self._write = write
        self._clock = clock

    def starting(self, step: Step) -> None:
        self.say(f"{step.says} ...")

    def progress(self, text: str) -> None:
        self.say(text)

    def finished(self, step: Step, outcome: str) -> None:
        self.say(f"{step.says}: {outcome}")

    def say(self, text: str) -> None:
        self._write(f"{time.strftime('%H:%M:%S', time.localtime(self._clock.now()))} {text}")

    def close(self) -> None:
        """Nothing is kept open."""


STATE_COLOURS = (
    (r"\b[A-Z_]+_COMPLETE\b", "green"),
    (r"\b[A-Z_]+_IN_PROGRESS\b", "yellow"),
    (r"\b([A-Z_]*ROLLBACK[A-Z_]*|[A-Z_]+_FAILED)\b", "red"),
)
"""CloudFormation's states in a line of progress; a later one wins."""


class LiveReporter:
    """A spinner with the step in hand at the bottom; what has happened scrolls by above it."""

    def __init__(self, console: Any = None, told: Callable[[str], str] = harmless) -> None:
        """told: makes of a text what may be shown."""
        from rich.console import Console

        self._told = told
        self._console = console or Console(stderr=True, highlight=False)
        self._status: Any = None
        self._step = ""

    def starting(self, step: Step) -> None:
        from rich.text import Text

        self.close()
        self._step = self._told(step.says)
        self._status = self._console.status(Text(self._step))
        self._status.start()

    def progress(self, text: str) -> None:
        from rich.text import Text

        line = Text(f"  {self._told(text)}")
        for state, colour in STATE_COLOURS:
            line.highlight_regex(state, colour)
        self._console.print(line)

    def finished(self, step: Step, outcome: str) -> None:
        self._stop()
        self._console.print("✔", self._told(f"{step.says}: {outcome}"), style="green", markup=False)

    def say(self, text: str) -> None:
        self._console.print(self._told(text), markup=False)

    def close(self) -> None:
        """Stop the spinner; a step that was still in hand did not finish."""
        if self._status is not None:
            self._stop()
            self._console.print("✘", self._step, style="red", markup=False)

    def _stop(self) -> None:
        if self._status is not None:
            self._status.stop()
            self._status = None
