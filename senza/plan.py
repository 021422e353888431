"""A plan is data: a list of steps that dry run, progress display, journal and the real run all read.

Planners (pure, or with read-only look-ups) make steps, which are frozen dataclasses without behaviour. What a step
does lives beside its class in the room that owns it, registered with :data:`perform`. Nothing else changes AWS.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import singledispatch
from typing import TYPE_CHECKING, Any, Protocol

from senza.clock import Clock

if TYPE_CHECKING:
    from senza.aws import Aws


@dataclass(frozen=True)
class Step:
    """One change. Subclasses add what is needed to make it."""

    @property
    def says(self) -> str:
        """What it does, in the words of the user: ``Create stack hello-world-2``."""
        raise AssertionError(f"{type(self).__name__} does not say what it does")

    @property
    def undone_by(self) -> str:
        """How a person takes it back: a command, or "" where nothing needs to be."""
        return ""

    @property
    def if_interrupted(self) -> str:
        """What a person should know who stopped it half-way."""
        return "Run the command again: what is done already is not done twice."


Plan = Sequence[Step]


class Interrupted(KeyboardInterrupt):
    """Ctrl-C, and the step that was in hand."""

    def __init__(self, step: Step) -> None:
        super().__init__(step.says)
        self.step = step


class Reporter(Protocol):
    """Where progress goes: a terminal, plain lines, a journal."""

    def starting(self, step: Step) -> None: ...

    def progress(self, text: str) -> None: ...

    def finished(self, step: Step, outcome: str) -> None: ...


@dataclass(frozen=True)
class World:
    """What a step is given to be performed with."""

    aws: Aws
    clock: Clock
    say: Callable[[str], None]
    """Tell the user about progress inside the step."""


@dataclass(frozen=True)
class Outcome:
    """What became of a step: a few words for people, and facts (ids, weights before and after) for whoever goes on."""

    says: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@singledispatch
def perform(step: Any, world: World) -> Outcome:
    """Make the change. Safe to repeat: a step that was already done says so."""
    raise TypeError(f"nobody knows how to perform {type(step).__name__}")


def execute(plan: Plan, aws: Aws, clock: Clock, reporter: Reporter) -> list[Outcome]:
    """Perform the steps in order. A step that fails stops the plan; what was done before it stays done.

    Raises Interrupted for Ctrl-C during a step.
    """
    world = World(aws, clock, reporter.progress)
    outcomes = []
    for step in plan:
        reporter.starting(step)
        try:
            outcomes.append(perform(step, world))
        except KeyboardInterrupt as error:
            raise Interrupted(step) from error
        reporter.finished(step, outcomes[-1].says)
    return outcomes
