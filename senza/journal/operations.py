"""The log of operations: what is going to be done is written before, what came of it after, and nothing is changed.

Keys are ``apps/APP/OPERATION/0000-KIND.json`` for the first entry and ``.../0001.json`` and so on for those that
follow. These do not carry their kind, so that two processes that would go on with the same operation write to the
same key, and only one of them can: the journal is the fence.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from senza.aws import Aws
from senza.clock import Clock
from senza.errors import Conflict, NotFound
from senza.journal.locks import Lock, utc
from senza.journal.model import Ask, Entry, Summary, encoded, plain
from senza.journal.origin import this_process
from senza.journal.store import ABSENT, Changed, Found, NoJournal, Store

ENTRY = re.compile(r"(\d{4,})(?:-([a-z-]+))?\.json")
FIRST, CHUNK = 5, 50
"""How many operations are looked through for the newest of a kind: at first, as it is mostly there, and at a time."""


class Journal:
    """The journal of an account and region.

    account_id: the account's id. who: the caller's ARN. Not called before they are needed; :class:`Caller` remembers.
    """

    def __init__(self, aws: Aws, clock: Clock, *, account_id: Callable[[], str], who: Callable[[], str]) -> None:
        self._store = Store(aws, clock, account_id, who)

    @property
    def bucket(self) -> str:
        return self._store.bucket

    def ensure(self) -> None:
        """From now on, a write makes the bucket where there is none, and finishes one that was left half made.

        Sends nothing by itself: the answer to a write tells whether the bucket is complete.
        """
        self._store.creates = True

    def exists(self) -> bool:
        """Whether there is a bucket. One call."""
        try:
            self._store.get("locks/")
        except NoJournal:
            return False
        return True

    def lock(self, app: str) -> Lock:
        return Lock(self._store, app)

    def new_id(self) -> str:
        """An id for an operation that begins now: sorts by time, also within a second; chance comes after that."""
        now = self._store.clock.now()
        return f"{stamp(now)}-{int(now % 1 * 16**3):03x}{uuid.uuid4().hex[:3]}"

    def begin(
        self,
        app: str,
        kind: str,
        facts: Mapping[str, Any],
        *,
        ident: str = "",
        attachments: Mapping[str, bytes] | None = None,
    ) -> Operation:
        """Begin an operation with its first entry.

        kind: small letters and dashes. ident: from :meth:`new_id`, where the lock had to know it before.
        attachments: JSON that is there when the first entry is, whatever happens in between.
        Raises NoJournal, AwsError.
        """
        operation = Operation(self._store, app, ident or self.new_id(), [])
        for name, body in (attachments or {}).items():
            operation.attach(name, body, "application/json")
        operation.write(kind, facts)
        return operation

    def operations(
        self, app: str | None = None, *, limit: int | None = 20, since: float | None = None
    ) -> list[Summary]:
        """Newest first, of one app or of all; none where there is no journal. since: seconds since the epoch."""
        apps = [app] if app else self._store.folders("apps/")
        found = self._store.aws.parallel({one: partial(self._ids, one, since) for one in apps})
        newest = sorted(((ident, one) for one in apps for ident in found[one]), reverse=True)[:limit]
        keys = self._store.aws.parallel(
            {one: partial(self._keys, one, [ident for ident, other in newest if other == one]) for _, one in newest}
        )
        ends = {(one, ident): keys[one][ident] for ident, one in newest if keys[one].get(ident)}
        wanted = [key for each in ends.values() for key in dict.fromkeys((each[0], each[-1]))]
        entries = read(self._store, wanted)
        return [Summary(one, ident, entries[each[0]], entries[each[-1]]) for (one, ident), each in ends.items()]

    def open(self, app: str, ident: str) -> Operation:
        """An operation with all its entries. Raises NotFound."""
        keys = self._keys(app, [ident]).get(ident)
        if not keys:
            raise NotFound(
                f"there is no operation {ident} of {app}", hint=f"senza history {app} shows those there are."
            )
        entries = read(self._store, keys)
        return Operation(self._store, app, ident, [entries[key] for key in keys])

    def newest(self, app: str, kind: str, known: Operation | None = None) -> Operation | None:
        """The newest operation of that kind; None where there is none.

        known: what it was the last time: where it still is, only what was written since is read.
        """
        idents = self._ids(app, None)[::-1]
        for number in (0, *range(FIRST, len(idents), CHUNK)):
            chunk = idents[number : number + (CHUNK if number else FIRST)]
            keys = self._keys(app, chunk)
            for ident in chunk:
                if keys.get(ident) and keys[ident][0].endswith(f"/0000-{kind}.json"):
                    operation = known if known and known.id == ident else Operation(self._store, app, ident, [])
                    new = keys[ident][len(operation.entries) :]
                    entries = read(self._store, new)
                    operation.entries.extend(entries[key] for key in new)
                    return operation
        return None

    def beginnings(self, app: str, kinds: Collection[str], *, since: float) -> Iterator[Entry]:
        """The first entries of the operations of these kinds, newest first, one call each as they are consumed.

        since: seconds since the epoch. Two calls to list them; none are found where there is no journal.
        """
        keys = self._keys(app, self._ids(app, since))
        for ident in sorted(keys, reverse=True):
            found = ENTRY.fullmatch(keys[ident][0].rpartition("/")[2])
            if found and found[2] in kinds:
                yield Entry.from_bytes(present(self._store, keys[ident][0]).body)

    def _ids(self, app: str, since: float | None) -> list[str]:
        after = f"apps/{app}/{stamp(since)}" if since is not None else ""
        return self._store.folders(f"apps/{app}/", after)

    def _keys(self, app: str, idents: Sequence[str]) -> dict[str, list[str]]:
        """The keys of the entries by operation, in order. Operations that lie between two of these are listed, too."""
        if not idents:
            return {}
        prefix = f"apps/{app}/"
        if len(idents) == 1:
            listed = self._store.keys(f"{prefix}{idents[0]}/")
        else:
            listed = self._store.keys(prefix, f"{prefix}{min(idents)}")
        found: dict[str, list[tuple[int, str]]] = {}
        for key in listed:
            ident, _, name = key.removeprefix(prefix).partition("/")
            if match := ENTRY.fullmatch(name):
                found.setdefault(ident, []).append((int(match[1]), key))
        return {ident: [key for _, key in sorted(found[ident])] for ident in found}


class Operation:
    """One operation, to be gone on with by one process. entries: as far as this process knows."""

    def __init__(self, store: Store, app: str, ident: str, entries: list[Entry]) -> None:
        self._store = store
        self._writer = uuid.uuid4().hex
        self.app = app
        self.id = ident
        self.entries = entries

    @property
    def kind(self) -> str:
        return self.entries[0].kind

    def write(self, kind: str, facts: Mapping[str, Any] | None = None) -> Entry:
        """Append an entry: one call.

        Raises Conflict where another process has written the next one; AwsError where it is not known whether it was
        written: whoever writes next will see.
        """
        nonce = f"{self._writer}-{uuid.uuid4().hex[:8]}"
        while True:
            seq = self.entries[-1].seq + 1 if self.entries else 0
            who, clock = self._store.who, self._store.clock
            entry = Entry(seq, kind, clock.now(), who, this_process().where, plain(facts or {}), nonce)
            key = self._key(f"{seq:04d}-{kind}.json" if seq == 0 else f"{seq:04d}.json")
            try:
                self._store.put(key, entry.to_bytes(), was=ABSENT)
            except Changed:
                found = present(self._store, key)
                theirs = Entry.from_bytes(found.body)
                if not theirs.nonce.startswith(f"{self._writer}-"):
                    raise overtaken(self, theirs) from None
                self.entries.append(theirs)  # ours: its answer was lost, now or at an earlier attempt
                if theirs.nonce == nonce:
                    return theirs
            else:
                self.entries.append(entry)
                return entry

    def catch_up(self) -> None:
        """Read what other processes have written since. One call, and one for each entry that is new."""
        names = (key.removeprefix(self._key("")) for key in self._store.keys(self._key("")))
        numbers = {int(match[1]): self._key(match[0]) for name in names if (match := ENTRY.fullmatch(name))}
        new = [numbers[seq] for seq in sorted(numbers) if seq >= len(self.entries)]
        found = read(self._store, new)
        self.entries.extend(found[key] for key in new)

    def attach(self, name: str, body: bytes, content_type: str) -> None:
        """Keep a file with the operation, in place of one of the same name."""
        self._store.put(self._key(f"attachments/{name}"), body, content_type=content_type)

    def attachment(self, name: str) -> bytes | None:
        found = self._store.get(self._key(f"attachments/{name}"))
        return found.body if found else None

    def ask(self, what: str) -> Ask:
        """Ask whoever goes on with it to ``pause``, ``promote`` or ``abort``; a newer request replaces an older one."""
        ask = Ask(uuid.uuid4().hex[:8], what, self._store.who, this_process().where, self._store.clock.now())
        self._store.put(self._key("control.json"), encoded(vars(ask)))
        return ask

    def asked(self) -> Ask | None:
        """What was asked last; None where nothing was. One call."""
        found = self._store.get(self._key("control.json"))
        return Ask(**json.loads(found.body)) if found else None

    def _key(self, name: str) -> str:
        return f"apps/{self.app}/{self.id}/{name}"


def read(store: Store, keys: Sequence[str]) -> dict[str, Entry]:
    found = store.aws.parallel({key: partial(present, store, key) for key in keys})
    return {key: Entry.from_bytes(found[key].body) for key in keys}


def present(store: Store, key: str) -> Found:
    found = store.get(key)
    if found is None:
        raise NotFound(
            f"s3://{store.bucket}/{key} has disappeared", hint="Nobody should delete entries of the journal."
        )
    return found


def overtaken(operation: Operation, theirs: Entry) -> Conflict:
    kind = operation.entries[0].kind if operation.entries else theirs.kind
    return Conflict(
        f"another process goes on with this {kind}: {theirs.who} from {theirs.where} since {utc(theirs.at)}",
        hint=f"This process stops here. senza history {operation.app} {operation.id} shows what is being done.",
    )


def stamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y%m%dT%H%M%SZ")
