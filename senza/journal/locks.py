"""One lock per app: an object that is only ever written on condition that it still is what was read.

A lease that has run out, or whose process is known to be gone, may be taken over. Leases are compared with the clocks
of the machines, which may differ by :data:`SKEW`; whoever was slower loses at the next conditional write, so a clock
that is wrong by more can end somebody's lease early, but never give one lock to two.
"""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, datetime

from senza.errors import AwsError, Conflict, Refused
from senza.journal.model import Holder
from senza.journal.origin import is_gone, this_process
from senza.journal.store import ABSENT, Changed, NoJournal, Store

LEASE = 30 * 60.0
"""Seconds."""
SKEW = 60.0
"""Seconds by which the clocks of two machines may differ."""
ATTEMPTS = 4


class Lock:
    """The lock of one app, not taken yet. For one thread."""

    def __init__(self, store: Store, app: str) -> None:
        self._store = store
        self._key = f"locks/{app}.json"
        self._etag = ""
        self._renewed = 0.0
        self.app = app
        self.mine: Holder | None = None
        """What we hold; None before :meth:`take` and after :meth:`release`."""
        self.unfinished = ""
        """Id of an operation that somebody left open, as known from whoever had the lock before; "" without one."""

    def holder(self) -> Holder | None:
        """Who has it now; None where it is free. Reading it takes one call and changes nothing."""
        _, holder = self._look(reading=True)
        return holder if holder and self._blocks(holder) else None

    def take(
        self, what: str, operation: str = "", *, lease: float = LEASE, force: str = "", resumable: bool = False
    ) -> Holder:
        """Take the lock, for ``lease`` seconds at first.

        what: is going to be done, for others to read. operation: its id, where known.
        resumable: it stays open when this process ends before it, see :meth:`release`.
        force: the id of the lock that may be taken away from its holder.

        Raises Conflict where somebody else has it, Refused where ``force`` is the id of another lock, NoJournal,
        AwsError.
        """
        for _ in range(ATTEMPTS):
            etag, before = self._look()
            if before and self._blocks(before):
                if not force:
                    raise held(self.app, before)
                check(self.app, before, force)
            self.unfinished = left_open(before)
            mine = self._new(what, operation, lease, operation if resumable else self.unfinished)
            if self._write(mine, etag):
                return mine
        raise Conflict(f"the lock of {self.app} changes hands all the time", hint="Try again in a minute.")

    def renew(self) -> None:
        """Make the lease longer, where a third of it is gone; else nothing is sent.

        Raises Conflict where somebody took the lock away; AwsError not before two thirds of the lease are gone.
        """
        if not self.mine:
            return
        now = self._store.clock.now()
        lease = self.mine.until - self._renewed
        if now - self._renewed < lease / 3:
            return
        try:
            self._again(replace(self.mine, until=now + lease))
        except AwsError:
            if now - self._renewed > lease * 2 / 3:
                raise

    def concerns(self, operation: str) -> None:
        """It turned out that another operation, one that was left open, goes on. Told with the next renewal."""
        if self.mine:
            self.mine = replace(self.mine, operation=operation, unfinished=operation)

    def release(self, *, unfinished: bool = False) -> None:
        """Give it back; nothing happens where somebody took it away, or it is not held.

        unfinished: the operation is to be resumed, by whoever; those who take the lock meanwhile are told.
        """
        if not self.mine:
            return
        mine = self.mine
        before = "" if self.unfinished == mine.operation else self.unfinished
        stays = mine.operation if unfinished else before
        self.mine = None
        self._write(replace(mine, held=False, unfinished=stays, nonce=fresh()), self._etag, ours=False)

    def force_unlock(self, ident: str) -> Holder:
        """Take the lock away from whoever holds it under that id, and return who that was.

        Raises Refused where nobody does, Conflict where it changed hands just now.
        """
        etag, before = self._look(reading=True)
        if before is None or not before.held:
            raise Refused(f"{self.app} is not locked", hint="Nothing has to be unlocked.")
        check(self.app, before, ident)
        freed = replace(before, held=False, unfinished=left_open(before), nonce=fresh())
        if not self._write(freed, etag, ours=False):
            raise Conflict(f"the lock of {self.app} changed just now", hint="Look again who holds it.")
        return before

    def _look(self, *, reading: bool = False) -> tuple[str, Holder | None]:
        """The condition under which the lock may be written, and who has or had it."""
        try:
            found = self._store.get(self._key)
        except NoJournal:
            if not reading and not self._store.creates:
                raise
            found = None
        return (found.etag, Holder.from_bytes(found.body)) if found else (ABSENT, None)

    def _new(self, what: str, operation: str, lease: float, unfinished: str) -> Holder:
        origin = this_process()
        now = self._store.clock.now()
        return Holder(
            id=uuid.uuid4().hex[:8],
            who=self._store.who,
            where=origin.where,
            what=what,
            operation=operation,
            since=now,
            until=now + lease,
            place=origin.place,
            pid=origin.pid,
            started=origin.started,
            unfinished=unfinished,
        )

    def _blocks(self, holder: Holder) -> bool:
        if not holder.held or self._store.clock.now() > holder.until + SKEW:
            return False
        return not is_gone(holder.place, holder.pid, holder.started)

    def _again(self, mine: Holder) -> None:
        """Write our own lock anew. Raises Conflict where it is no longer ours."""
        if self._write(mine, self._etag):
            return
        _, found = self._look()
        if found is None and self._write(mine, ABSENT):  # removed by hand: nobody can have taken it unseen
            return
        self.mine = None
        raise taken_away(self.app, found)

    def _write(self, holder: Holder, was: str, *, ours: bool = True) -> bool:
        """Whether it was written, under the condition. Writes of ours whose answer was lost are recognised.

        Only the holder writes under its id, so a lock of that id, still held, is as good as the one that was expected.
        """
        wanted = replace(holder, nonce=fresh())
        now = self._store.clock.now()
        for _ in range(ATTEMPTS):
            try:
                self._etag = self._store.put(self._key, wanted.to_bytes(), was=was)
            except Changed:
                was, found = self._look()
                if found is None or (found.nonce != wanted.nonce and not (found.id == wanted.id and found.held)):
                    return False
                self._etag = was
                if found.nonce != wanted.nonce:
                    continue
            if ours:
                self.mine, self._renewed = wanted, now
            return True
        return False


def fresh() -> str:
    return uuid.uuid4().hex


def left_open(before: Holder | None) -> str:
    return before.unfinished if before else ""


def check(app: str, holder: Holder, ident: str) -> None:
    if holder.id != ident:
        raise Refused(
            f"the lock of {app} has the id {holder.id}, not {ident}: {described(holder)}",
            hint="Somebody else holds it than you thought. Nothing was changed.",
        )


def held(app: str, holder: Holder) -> Conflict:
    wait = "Wait for it"
    if holder.what.startswith("rollout"):
        wait = f"See how far it is: senza rollout status {app}. Take it back: senza rollout abort {app}. Or wait"
    return Conflict(
        f"{app} is locked: {described(holder)}, until {utc(holder.until)} unless it goes on longer",
        hint=f"{wait}; if you know that it is dead, use --force-unlock {holder.id}.",
    )


def taken_away(app: str, holder: Holder | None) -> Conflict:
    by = described(holder) if holder else "free"
    return Conflict(
        f"the lock of {app} was taken away from this process; now: {by}",
        hint="This process stops here. See senza history for what happened.",
    )


def described(holder: Holder) -> str:
    which = f" ({holder.operation})" if holder.operation else ""
    released = "" if holder.held else ", released"
    return f"{holder.what}{which} by {holder.who} from {holder.where} since {utc(holder.since)}{released}"


def utc(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
