"""Where a rollout stands, from its journal alone. Pure: any machine reads the same out of it.

What the entries of a rollout are (kind: facts)::

    rollout: app, version, ground, plan (the steps), section...    the first one
    step: number, says, before         written before a step is carried out
    confirmed: number, says, facts, requests   written when AWS has confirmed it
    held: says, verdicts               looked at again later, for want of data
    plan: phase, because, plan         from here on these are the steps, numbered anew
    heard: ask                         what was asked from another machine
    resumed: by                        another process goes on
    stopped: because, hint             this process ends here; another one can go on
    finished: result, because
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from senza.errors import UsageError
from senza.journal import Entry
from senza.rollout.steps import RolloutStep, from_json

FORWARD, PROMOTION, BACK = "forward", "promotion", "back"
PROMOTED, TAKEN_BACK, ABORTED = "promoted", "taken back", "aborted"
"""What can become of a rollout."""


@dataclass(frozen=True)
class Progress:
    """phase: forward, promotion or back. steps: of this phase; next: number of the first that is not confirmed.

    under_way: whether that one was begun. begun, confirmed: steps of all phases, the latter with their entries.
    because: why the phase is not forward. result: "" while it is open. stopped: why no process carries it on, "" if
    one does or died. held: why it waits.
    """

    phase: str
    steps: tuple[RolloutStep, ...]
    next: int
    under_way: bool
    begun: tuple[RolloutStep, ...]
    confirmed: tuple[tuple[RolloutStep, Entry], ...]
    because: str = ""
    result: str = ""
    stopped: str = ""
    held: str = ""
    broken: tuple[tuple[RolloutStep, Entry], ...] = ()
    """Steps that were under way when the rollout turned round, with the entry that says why."""

    @property
    def current(self) -> RolloutStep | None:
        """What is to be done next, None where all is done."""
        return self.steps[self.next] if self.next < len(self.steps) else None

    @property
    def open(self) -> bool:
        return not self.result


def progress(entries: Sequence[Entry]) -> Progress:
    """Read the journal of one rollout. Raises UsageError where it has steps that this senza does not know."""
    phase, because, result, stopped, held = FORWARD, "", "", "", ""
    steps = read_steps(entries[0])
    number, under_way = 0, False
    broken: list[tuple[RolloutStep, Entry]] = []
    begun: list[RolloutStep] = []
    confirmed: list[tuple[RolloutStep, Entry]] = []
    for entry in entries[1:]:
        facts = entry.facts
        stopped = str(facts.get("because", "")) if entry.kind == "stopped" else ""
        if entry.kind == "plan":
            if under_way:
                broken.append((begun[-1], entry))
            phase, because, steps = facts["phase"], facts.get("because", ""), read_steps(entry)
            number, under_way, held, result = 0, False, "", ""
        elif entry.kind == "step":
            under_way, held = True, ""
            begun.append(steps[facts["number"]])
        elif entry.kind == "confirmed":
            confirmed.append((steps[facts["number"]], entry))
            number, under_way, held = facts["number"] + 1, False, ""
        elif entry.kind == "held":
            held = str(facts.get("says", ""))
        elif entry.kind == "finished":
            result, because = facts["result"], facts.get("because", because)
    return Progress(
        phase, steps, number, under_way, tuple(begun), tuple(confirmed), because, result, stopped, held, tuple(broken)
    )


def read_steps(entry: Entry) -> tuple[RolloutStep, ...]:
    try:
        return tuple(from_json(step) for step in entry.facts["plan"])
    except (KeyError, TypeError) as error:
        raise UsageError(
            f"this rollout was begun by another version of senza: it has a step that this one does not know ({error})",
            hint="Update senza here, or go on with the version that began it.",
        ) from error
