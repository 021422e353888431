"""Asking the process that carries a rollout on, wherever it runs, and waiting for what it makes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from senza.clock import Clock
from senza.errors import Conflict, Refused, TimedOut
from senza.journal import Holder, Journal, Operation
from senza.rollout.attending import AttentiveClock, Stop
from senza.rollout.progress import BACK, progress

HEARD = 180.0
"""Seconds within which a running rollout hears what is asked of it; it listens every 30, but not during a hook."""
DONE = 3600.0
"""Seconds that it then has, at most."""
LOOK = 5.0
"""Seconds between looks at its journal."""
ROLLOUT = "rollout"
"""What the locks of processes that carry a rollout on begin with; those of ``senza traffic`` and others do not."""


def carrier(journal: Journal, app: str) -> Holder | None:
    """Who carries the app's rollout on, None where nobody does (any more). One call."""
    holder = journal.lock(app).holder()
    return holder if holder and holder.what.startswith(ROLLOUT) else None


@dataclass(frozen=True)
class Asking:
    """stop: so that Ctrl-C ends the waiting, which changes nothing. say: tell the user about it."""

    clock: Clock
    stop: Stop
    say: Callable[[str], None]

    def ask(self, operation: Operation, holder: Holder, what: str) -> Operation:
        """Ask for ``promote`` or ``abort``, and wait until the rollout is finished; as it is then.

        Raises Refused where it cannot be, Conflict where the rollout stopped, TimedOut without an answer.
        """
        ask = operation.ask(what)
        self.say(f"asked {holder.who} at {holder.where}, who carries it on")

        def refusal(now: Operation) -> str | None:
            heard = [one for one in now.entries if one.kind == "heard" and one.facts["ask"] == ask.id]
            return str(heard[-1].facts.get("because", "")) if heard else None

        def heeded(now: Operation) -> bool:
            stands = progress(now.entries)
            return not stands.open or stands.phase == BACK or any(one.facts.get("ask") == ask.id for one in now.entries)

        def over(now: Operation) -> bool:
            stands = progress(now.entries)
            return not stands.open or bool(stands.stopped)

        now = self.wait_for(operation, holder, heeded, HEARD)
        if because := refusal(now):
            raise Refused(because, hint="The rollout goes on as before.")
        now = self.wait_for(operation, holder, over, DONE)
        done = progress(now.entries)
        if done.open:
            app = operation.app
            ways = f"Go on: senza rollout resume {app}. Take it back: senza rollout abort {app}."
            raise Conflict(f"the rollout stopped: {done.stopped}", hint=ways)
        return now

    def pause(self, operation: Operation, holder: Holder) -> None:
        """Ask it to stop where it is, and wait until it did. Raises Refused where it is on its way back, TimedOut."""
        if progress(operation.entries).phase == BACK:
            raise on_its_way_back(operation.app)
        operation.ask("pause")

        def reached(now: Operation) -> bool:
            stands = progress(now.entries)
            return bool(stands.stopped) or not stands.open or stands.phase == BACK

        now = progress(self.wait_for(operation, holder, reached, HEARD).entries)
        if now.open and not now.stopped:
            raise on_its_way_back(operation.app)
        if not now.open:
            raise Refused(f"the rollout of {operation.entries[0].facts['stack']} is finished: {now.result}")

    def wait_for(
        self, operation: Operation, holder: Holder, reached: Callable[[Operation], bool], timeout: float
    ) -> Operation:
        """The operation, as it is when ``reached`` says yes. Raises TimedOut, KeyboardInterrupt."""
        clock = AttentiveClock(self.clock, lambda: None, self.stop)
        until = clock.now() + timeout
        while True:
            operation.catch_up()
            if reached(operation):
                return operation
            if clock.now() >= until:
                raise TimedOut(
                    f"{holder.who} at {holder.where} did not do it within {timeout / 60:g} minutes; it may still do so",
                    hint=f"See what it does: senza rollout status {operation.app}. If you know that it is dead: "
                    f"senza rollout abort (or resume) {operation.app} --force-unlock {holder.id}.",
                )
            clock.sleep(LOOK)


def on_its_way_back(app: str) -> Refused:
    return Refused(
        f"the rollout of {app} is being taken back, which is not paused half-way",
        hint=f"senza rollout status {app} shows how far it is.",
    )
