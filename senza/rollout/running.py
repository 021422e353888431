"""What a step of a rollout is given, and how it is carried out: look first, write down, then act.

:func:`prepare` looks and changes nothing; what it saw goes into the journal before :attr:`Prepared.act` is called.
Both are safe to repeat: a step that took effect before its process died finds it so.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import singledispatch
from typing import TYPE_CHECKING, Any

from senza.aws import Aws
from senza.clock import Clock
from senza.components import Compiled
from senza.errors import OperationFailed
from senza.journal import Entry, Journal, Operation
from senza.plan import Outcome, World
from senza.rollout.metrics import Targets
from senza.rollout.model import Rollout
from senza.rollout.planning import Ground
from senza.rollout.progress import Progress, progress
from senza.rollout.steps import RolloutStep, Shift
from senza.rollout.withheld import recordable
from senza.traffic.records import Zones

if TYPE_CHECKING:
    import urllib3


class NotGood(OperationFailed):
    """The new version failed a check, so the rollout takes itself back. facts: for the journal, with the numbers."""

    def __init__(self, message: str, *, hint: str = "", facts: Mapping[str, Any] | None = None) -> None:
        super().__init__(message, hint=hint)
        self.facts = dict(facts or {})


class Undecided(OperationFailed):
    """Nothing speaks against the new version and too little for it: a person has to decide."""


@dataclass
class Run:
    """One process that carries a rollout on.

    say: tell the user about progress inside a step. compiled: what the stack is made of; only asked for where it is.
    web: for hooks, Prometheus and notifications. environ: of hooks, and for a Prometheus token.
    """

    aws: Aws
    clock: Clock
    zones: Zones
    journal: Journal
    operation: Operation
    rollout: Rollout
    ground: Ground
    directory: str
    compiled: Callable[[], Compiled]
    web: urllib3.PoolManager
    say: Callable[[str], None]
    environ: Mapping[str, str] = field(default_factory=dict)
    targets: Targets | None = None
    secrets: Collection[str] = field(default=(), repr=False)
    """Texts that must not get into the journal."""

    def write(self, kind: str, facts: Mapping[str, Any]) -> Entry:
        """The next entry of the journal, without secrets."""
        return self.operation.write(kind, recordable(facts, self.secrets))

    @property
    def world(self) -> World:
        return World(self.aws, self.clock, self.say)

    @property
    def progress(self) -> Progress:
        return progress(self.operation.entries)

    @property
    def since(self) -> float:
        """When this process went on with it, or began it: seconds since the epoch."""
        return [entry for entry in self.operation.entries if entry.seq == 0 or entry.kind == "resumed"][-1].at

    def done(self, kind: type[RolloutStep]) -> list[tuple[RolloutStep, Entry]]:
        """The confirmed steps of that kind in any phase, oldest first, with the journal's word for each."""
        return [(step, entry) for step, entry in self.progress.confirmed if isinstance(step, kind)]

    def shifts(self) -> list[tuple[float, int]]:
        """When traffic was moved to the new version, and to which weight: seconds since the epoch, oldest first."""
        return [(entry.at, step.weight) for step, entry in self.done(Shift) if isinstance(step, Shift)]


@dataclass(frozen=True)
class Prepared:
    """before: what was seen and will be changed, for the journal. act: makes the change."""

    act: Callable[[], Outcome]
    before: Mapping[str, Any] = field(default_factory=dict)


@singledispatch
def prepare(step: Any, run: Run) -> Prepared:
    """Look at what the step is about. Raises what look-ups raise; nothing has been changed then."""
    raise TypeError(f"nobody knows how to do {type(step).__name__}")


def already(text: str, facts: Mapping[str, Any] | None = None) -> Prepared:
    """There is nothing to do (any more)."""
    return Prepared(lambda: Outcome(text, facts or {}))


def steps_of(run: Run, kinds: Sequence[type[RolloutStep]]) -> list[RolloutStep]:
    """The steps of these kinds that were begun, in any phase."""
    return [step for step in run.progress.begun if isinstance(step, tuple(kinds))]
