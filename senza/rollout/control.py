"""Beginning a rollout, and going on with one from any machine: resume, promote, pause, abort."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from senza.aws import Aws
from senza.clock import Clock
from senza.components import Compiled
from senza.errors import Conflict, NotFound, OperationFailed, Refused, SenzaError
from senza.journal import Holder, Journal, Lock, Operation
from senza.plan import Reporter
from senza.rollout.asking import ROLLOUT, Asking, carrier
from senza.rollout.attending import AttentiveClock, Stop
from senza.rollout.beginning import (
    OTHERWISE,
    Beginning,
    begun_otherwise,
    begun_with,
    first_facts,
    kept_from,
    open_already,
)
from senza.rollout.ground import look_at_ground
from senza.rollout.leaving import clean_up, looked_at
from senza.rollout.made_of import STACK, sendable, settings_of, stored
from senza.rollout.model import Strategy
from senza.rollout.planning import Ground, plan_forward, warnings
from senza.rollout.progress import PROMOTED, Progress, progress
from senza.rollout.runner import Listeners, Result, Runner, result_of
from senza.rollout.running import Run
from senza.rollout.steps import DeleteOld
from senza.rollout.withheld import left_out
from senza.traffic.records import Zones

if TYPE_CHECKING:
    import urllib3

KIND = ROLLOUT
WITHHELD = "holds secrets, which the journal does not keep"


@dataclass
class Control:
    """Everything that a process needs to carry rollouts on.

    reporter: where the progress of a run goes. environ: for hooks and tokens. force_unlock: id of a lock to break.
    """

    aws: Aws
    clock: Clock
    zones: Zones
    journal: Journal
    reporter: Reporter
    listeners: Listeners
    web: urllib3.PoolManager
    environ: Mapping[str, str]
    who: Callable[[], str]
    warn: Callable[[str], None]
    stop: Stop = field(default_factory=Stop)
    force_unlock: str = ""

    # -- what there is ----
    def newest(self, app: str, known: Operation | None = None) -> Operation:
        """The app's newest rollout. known: what it was the last time. Raises NotFound."""
        operation = self.journal.newest(app, KIND, known)
        if operation is None:
            raise NotFound(f"there is no rollout of {app}", hint="senza deploy begins one; senza history shows them.")
        return operation

    # -- deploy ----
    def deploy(self, beginning: Beginning) -> Result:
        """Begin, or go on with the same rollout where it is open. Raises Conflict beside another one, and Stopped."""
        self.journal.ensure()
        ident = self.journal.new_id()
        lock = self.lock(beginning.app, f"rollout of {beginning.version}", ident)
        open_ = None
        try:
            if open_ := self.left_open(lock):
                lock.concerns(open_.id)
                operation = self.same(open_, beginning)
            else:
                operation = self.begin(beginning, ident)
        except (SenzaError, KeyboardInterrupt):
            lock.release(unfinished=bool(open_))
            raise
        run = self.run_of(operation, lambda: beginning.compiled, beginning)
        return self.runner(run, lock).go()

    def lock(self, app: str, what: str, ident: str = "") -> Lock:
        """Taken. Raises Conflict, telling who has it."""
        lock = self.journal.lock(app)
        try:
            lock.take(what, ident, force=self.force_unlock, resumable=bool(ident))
        except Conflict:
            holder = lock.holder()
            if holder is None or not self.over(app, holder):
                raise
            lock.take(what, ident, force=holder.id, resumable=bool(ident))
        return lock

    def over(self, app: str, holder: Holder) -> bool:
        """Whether the rollout for which the lock is held is finished: its process could not give the lock back."""
        if not holder.operation:
            return False
        try:
            operation = self.journal.open(app, holder.operation)
        except NotFound:
            return False
        return operation.kind == KIND and not progress(operation.entries).open

    def left_open(self, lock: Lock) -> Operation | None:
        """The rollout that somebody has left open, as the lock tells, without looking through the journal."""
        if not lock.unfinished:
            return None
        try:
            operation = self.journal.open(lock.app, lock.unfinished)
        except NotFound:  # it died between taking the lock and its first entry; there may be one that it went on with
            found = self.journal.newest(lock.app, KIND)
            if found is None:
                return None
            operation = found
        return operation if operation.kind == KIND and progress(operation.entries).open else None

    def begin(self, beginning: Beginning, ident: str) -> Operation:
        # not before the lock is ours: what a rollout goes back to must be what was there when nobody else was at work
        ground = look_at_ground(self.aws, self.zones, beginning.compiled)
        plan = plan_forward(beginning.rollout, ground)
        for warning in warnings(beginning.rollout, ground, plan):
            self.warn(warning)
        made_of = {STACK: json.dumps(sendable(beginning.compiled)).encode()}
        clean = first_facts(beginning, ground, plan)
        return self.journal.begin(ground.app, KIND, clean, ident=ident, attachments=made_of)

    def same(self, operation: Operation, beginning: Beginning) -> Operation:
        """``deploy`` again with the same version is ``resume``, with the definition at hand. Raises Conflict."""
        facts = operation.entries[0].facts
        if facts["version"] != beginning.version:
            raise open_already(beginning.app, facts["version"])
        secrets = kept_from(beginning.secrets, Ground.from_json(facts["ground"]))
        if changed := begun_otherwise(begun_with(beginning), facts, secrets):
            how = ", ".join(OTHERWISE[name] for name in changed)
            raise open_already(beginning.app, facts["version"], f", begun with {how}")
        operation.write("resumed", {"by": "deploy"})
        return operation

    # -- going on ----
    def resume(self, app: str) -> Result:
        """Go on where it stands. Raises Refused where nothing is open, Conflict while another process carries it on."""
        operation = self.newest(app)
        self.require_open(app, operation)
        facts = operation.entries[0].facts
        if facts["withheld"]:
            raise Refused(
                f"the Rollout section of the definition {WITHHELD}",
                hint=f"Give the definition once more: senza deploy DEFINITION {facts['version']} ... goes on.",
            )
        lock = self.lock(app, "rollout, resumed", operation.id)
        return self.continued(operation, lock, "resume", lambda runner: None)

    def continued(self, operation: Operation, lock: Lock, action: str, first: Callable[[Runner], None]) -> Result:
        try:
            operation.catch_up()  # another process may have gone on meanwhile
            if missing := left_out(operation.entries[0].facts):
                self.warn(f"not asked or told from here: {' and '.join(missing)}; the Rollout section {WITHHELD}")
            run = self.run_of(operation, lambda: stored(operation))
            operation.write("resumed", {"by": action})
            runner = self.runner(run, lock)
            first(runner)
        except (SenzaError, KeyboardInterrupt):
            lock.release(unfinished=True)
            raise
        return runner.go()

    def abort(self, app: str, who: str) -> Result:
        """Back to the snapshot: by the process that carries the rollout on, or else by this one.

        One that was promoted can be taken back as long as its old versions are kept. Raises Refused, TimedOut.
        """
        operation = self.newest(app)
        stands = progress(operation.entries)
        if stands.open and (holder := self.holder(app)):
            operation = self.asking.ask(operation, holder, "abort")
            stands = progress(operation.entries)
            if stands.result != PROMOTED:  # else it was done before it heard of it
                return result_of(operation)
        if not stands.open:
            self.require_reversible(app, operation, stands)
        lock = self.lock(app, "rollout, being taken back", operation.id)
        return self.continued(operation, lock, "abort", lambda runner: runner.turn_back(f"abort asked by {who}"))

    def promote(self, app: str, who: str) -> Result:
        """All traffic at once and no more watching. Raises Refused, TimedOut."""
        operation = self.newest(app)
        self.require_open(app, operation)
        if holder := self.holder(app):
            return result_of(self.asking.ask(operation, holder, "promote"))
        lock = self.lock(app, "rollout, being promoted", operation.id)
        return self.continued(operation, lock, "promote", lambda runner: runner.promote(f"promote asked by {who}"))

    def pause(self, app: str) -> None:
        """Make the process that carries the rollout on stop where it is. Raises Refused where none does, TimedOut."""
        operation = self.newest(app)
        stands = self.require_open(app, operation)
        holder = self.holder(app)
        if holder is None:
            why = f" ({stands.stopped})" if stands.stopped else ""
            raise Refused(
                f"nobody carries the rollout of {app} on: it is stopped already{why}",
                hint=f"senza rollout resume {app} goes on, senza rollout abort {app} takes it back.",
            )
        self.asking.pause(operation, holder)

    def holder(self, app: str) -> Holder | None:
        """Who carries the app's rollout on, None where nobody does any more."""
        return None if self.force_unlock else carrier(self.journal, app)

    @property
    def asking(self) -> Asking:
        return Asking(self.clock, self.stop, self.reporter.progress)

    def require_open(self, app: str, operation: Operation) -> Progress:
        stands = progress(operation.entries)
        if stands.open:
            return stands
        raise Refused(
            f"the rollout of {operation.entries[0].facts['stack']} is finished: {stands.result}",
            hint="senza deploy begins another one.",
        )

    def require_reversible(self, app: str, operation: Operation, stands: Progress) -> None:
        facts = operation.entries[0].facts
        if stands.result != PROMOTED:
            raise Refused(f"the rollout of {facts['stack']} is finished: {stands.result}; nothing is left to take back")
        keep = settings_of(operation).keep.seconds
        lone = not facts["old"] and facts["strategy"] != Strategy.ROLLING
        if self.clock.now() - operation.entries[-1].at > keep or lone:
            raise Refused(
                f"{facts['stack']} was promoted, and the version before is not kept any more",
                hint=f"senza traffic {app} shows who can have the traffic; senza deploy brings a version back.",
            )

    # -- old versions ----
    def cleanup(self, app: str, *, dry_run: bool = False) -> list[str]:
        """Delete what ``Keep`` does not keep any more; one line for each old version. Raises Refused, Conflict."""
        newest = self.newest(app)
        stands = progress(newest.entries)
        if stands.open:
            raise open_already(app, newest.entries[0].facts["version"])
        run = self.run_of(newest, lambda: stored(newest))
        step = DeleteOld(run.ground.stack, run.rollout.keep.versions, run.rollout.keep.seconds)
        if dry_run:
            return [f"{name}: {because or 'goes'}" for name, because in looked_at(run, step)]
        lock = self.lock(app, "cleanup")
        run.clock = AttentiveClock(self.clock, lock.renew, self.stop)
        try:
            run.operation = self.journal.begin(app, "cleanup", {"app": app, "says": step.says})
            outcome = clean_up(run, step)
        finally:
            lock.release()
        if failed := outcome.facts.get("failed"):
            raise OperationFailed(
                f"not all that could go did: {', '.join(failed)} stays (deleted: {outcome.says})",
                hint="What was in the way is told above; senza rollout cleanup tries again.",
            )
        return [f"deleted: {outcome.says}"]

    # -- one run ----
    def run_of(self, operation: Operation, compiled: Callable[[], Compiled], beginning: Beginning | None = None) -> Run:
        first = operation.entries[0].facts
        ground = Ground.from_json(first["ground"])
        return Run(
            aws=self.aws,
            clock=self.clock,
            zones=self.zones,
            journal=self.journal,
            operation=operation,
            rollout=beginning.rollout if beginning else settings_of(operation),
            ground=ground,
            directory=first["directory"],
            compiled=compiled,
            web=self.web,
            say=self.reporter.progress,
            environ=self.environ,
            secrets=kept_from(beginning.secrets, ground) if beginning else (),
        )

    def runner(self, run: Run, lock: Lock) -> Runner:
        return Runner(run, lock, self.reporter, self.stop, self.listeners)
