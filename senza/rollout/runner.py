"""Carrying a rollout on, from wherever its journal says that it stands, to an end or to where a person has to decide.

Each step is written down before it is carried out and confirmed after; nothing else is kept in memory that matters. A
step that finds the new version bad turns the rollout round; any other failure leaves the traffic where it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from senza.errors import Conflict, SenzaError
from senza.journal import Ask, Lock, Operation
from senza.plan import Reporter
from senza.rollout import baking, capacity, leaving, shifting, versions
from senza.rollout.attending import AttentiveClock, Stop
from senza.rollout.planning import plan_back, plan_promotion
from senza.rollout.progress import ABORTED, BACK, PROMOTED, PROMOTION, TAKEN_BACK, progress
from senza.rollout.running import NotGood, Run, Undecided, prepare
from senza.rollout.shifting import weights_left
from senza.rollout.steps import RolloutStep, to_json
from senza.traffic.weighted import RULE
from senza.traffic.weights import effective

DOERS = (versions, capacity, shifting, baking, leaving)
"""Where it is said what each step does; imported so that they are known to :func:`prepare`."""
READING = ("Describe", "List", "Get", "Head")


class Told(Exception):
    """Somebody asked for something on another machine."""

    def __init__(self, ask: Ask) -> None:
        super().__init__(ask.what)
        self.ask = ask


class Stopped(SenzaError):
    """The rollout is open, and no process carries it on any more. Traffic stays where it is."""


@dataclass(frozen=True)
class Result:
    """How a rollout ended: ``promoted``, ``taken back`` or ``aborted``, and why.

    stack: of the new version. left: of one that was not promoted, percent of the traffic that the version has and had
    not before, for want of another one.
    """

    says: str
    stack: str
    because: str = ""
    left: float = 0.0


class Runner:
    """lock: taken. Run.clock is replaced by one that listens. ended: told of each end, e.g. to make the report."""

    def __init__(self, run: Run, lock: Lock, reporter: Reporter, stop: Stop, listeners: Listeners) -> None:
        self._run = run
        self._lock = lock
        self._reporter = reporter
        self._stop = stop
        self._listeners = listeners
        run.clock = AttentiveClock(run.clock, self.attend, stop)

    def go(self) -> Result:
        """Go on until the rollout is finished.

        Raises Stopped, with the reason and what to do, where it has to stay open. The lock is free afterwards.
        """
        try:
            while True:
                try:
                    self._carry_on()
                    return self._finish()
                except NotGood as bad:
                    if self._run.progress.phase == BACK:
                        raise
                    self._turn_back(TAKEN_BACK, bad.message, bad.facts)
                except Told as told:
                    self._obey(told.ask)
        except KeyboardInterrupt:
            stopped = self._stopped("interrupted")
            self._run.say(f"{stopped.message}\n{stopped.hint}")
            raise
        except Told as told:  # asked while it turned round
            raise self._stopped(f"{told.ask.what} asked by {told.ask.who}") from told
        except Undecided as error:
            raise self._stopped(error.message, error) from error
        except SenzaError as error:
            raise self._stopped(error.message, error) from error
        finally:
            with suppress(SenzaError):
                self._lock.release(unfinished=run_is_open(self._run))

    def turn_back(self, because: str) -> None:
        """What ``abort`` does before :meth:`go`."""
        self._turn_back(ABORTED, because, {})

    def promote(self, because: str) -> None:
        """What ``promote`` does before :meth:`go`. Raises Refused."""
        run = self._run
        steps = plan_promotion(run.rollout, run.ground, [step for step, _ in run.progress.confirmed])
        self._plan(PROMOTION, because, steps, {})

    def attend(self) -> None:
        """Listen. Raises Told, KeyboardInterrupt, or Conflict where the lock was taken from us."""
        self._stop.check()
        self._lock.renew()
        ask = self._run.operation.asked()
        if ask is None or ask.id in self._heeded():
            return
        if ask.what == "pause" and ask.at < self._run.since:
            return  # asked of a process that is gone; who went on since wants it to go on
        if self._run.progress.phase == BACK:
            return  # it is on its way back: there is nothing to pause or promote
        raise Told(ask)

    def _heeded(self) -> set[str]:
        return {str(entry.facts["ask"]) for entry in self._run.operation.entries if "ask" in entry.facts}

    def _carry_on(self) -> None:
        self.attend()
        while (step := self._run.progress.current) is not None:
            self._one(step)
            self.attend()  # a hook does not listen; what was asked meanwhile comes before the next step

    def _one(self, step: RolloutStep) -> None:
        run = self._run
        number = run.progress.next
        self._reporter.starting(step)
        prepared = prepare(step, run)
        run.write("step", {"number": number, "says": step.says, "before": dict(prepared.before)})
        since = len(run.aws.request_ids)
        outcome = prepared.act()
        requests = [one for one in run.aws.request_ids[since:] if changes(one)]
        facts = {"number": number, "says": outcome.says, "facts": dict(outcome.facts), "requests": requests}
        run.write("confirmed", facts)
        self._reporter.finished(step, outcome.says)
        self._listeners.done(run, step)

    def _turn_back(self, result: str, because: str, facts: Mapping[str, Any]) -> None:
        run = self._run
        steps = plan_back(run.rollout, run.ground, run.progress.begun)
        self._plan(BACK, because, steps, {**facts, "result": result})
        self._listeners.turned(run, because)

    def _plan(self, phase: str, because: str, steps: tuple[RolloutStep, ...], facts: Mapping[str, Any]) -> None:
        plan = {"phase": phase, "because": because, "plan": [to_json(step) for step in steps]}
        self._run.write("plan", {**facts, **plan})
        self._run.say(f"{'Taking it back' if phase == BACK else 'Promoting it'}: {because}")

    def _obey(self, ask: Ask) -> None:
        because = f"{ask.what} asked by {ask.who}"
        if ask.what == "abort":
            self._turn_back(ABORTED, because, {"ask": ask.id})
        elif ask.what == "promote":
            run = self._run
            try:
                steps = plan_promotion(run.rollout, run.ground, [step for step, _ in run.progress.confirmed])
            except SenzaError as error:
                run.write("heard", {"ask": ask.id, "because": error.message})
                run.say(f"{because}: {error.message}")
                return
            self._plan(PROMOTION, because, steps, {"ask": ask.id})
        else:
            self._run.write("heard", {"ask": ask.id})
            raise Stopped(because)

    def _finish(self) -> Result:
        run = self._run
        back = [entry for entry in run.operation.entries if entry.kind == "plan" and entry.facts["phase"] == BACK]
        # one that is promoted on its way back is promoted
        result = str(back[-1].facts["result"]) if run.progress.phase == BACK else PROMOTED
        because = run.progress.because
        self._listeners.ended(run, result, because)
        run.write("finished", {"result": result, "because": because, "weights": weights_left(run)})
        return result_of(run.operation)

    def _stopped(self, because: str, error: SenzaError | None = None) -> Stopped:
        """Write it down if that is possible; the same again for the user, with what to do."""
        run = self._run
        app = run.ground.app
        if not isinstance(error, Conflict):
            with suppress(SenzaError):
                run.write("stopped", {"because": because, "hint": error.hint if error else ""})
        with suppress(SenzaError):
            self._listeners.stopped(run, because)
        ways = f"Go on: senza rollout resume {app}. Take it back: senza rollout abort {app}."
        hint = f"{error.hint}\n{ways}" if error and error.hint else ways
        standing = "" if isinstance(error, Conflict) else f" {self._standing()}"
        return Stopped(f"the rollout of {run.ground.stack} stopped: {because}.{standing}", hint=hint)

    def _standing(self) -> str:
        """Where the traffic is, as far as this process knows."""
        left = weights_left(self._run).values()
        shares = {name: weight / 2 for weights in left for name, weight in weights.items() if weight}
        if not shares:
            return "No traffic was moved."
        return "Traffic stays where it is: " + ", ".join(f"{name} {share:g} %" for name, share in shares.items()) + "."


def result_of(operation: Operation) -> Result:
    """Of one that is finished."""
    stands = progress(operation.entries)
    stack = str(operation.entries[0].facts["stack"])
    if stands.result == PROMOTED:
        return Result(PROMOTED, stack, stands.because)
    ground = operation.entries[0].facts["ground"]
    left = 0.0
    for domain, siblings in operation.entries[-1].facts["weights"].items():
        if not any(siblings.values()) and (ground.get("shared") or domain.endswith(RULE)):
            continue  # a rule without weights gives nobody anything
        share = effective(siblings).get(stack, 0.0)
        if share > effective(ground["weights"].get(domain, {})).get(stack, 0.0):
            left = max(left, share)
    return Result(stands.result, stack, stands.because, left)


def run_is_open(run: Run) -> bool:
    return run.progress.open


def changes(request: str) -> bool:
    """Whether a noted request changed something: by its operation's name."""
    return not request.partition(" ")[0].partition(":")[2].startswith(READING)


class Listeners:
    """Who is told what becomes of a rollout. These do nothing; see :mod:`senza.rollout.telling`."""

    def done(self, run: Run, step: RolloutStep) -> None:
        """A step is confirmed."""

    def turned(self, run: Run, because: str) -> None:
        """The rollout takes itself back, or is taken back."""

    def stopped(self, run: Run, because: str) -> None:
        """Nobody carries it on any more, and it is not finished."""

    def ended(self, run: Run, result: str, because: str) -> None:
        """All steps are done; the last entry of the journal is not written yet."""
