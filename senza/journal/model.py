"""What the journal holds, as data. Times are seconds since the epoch."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from senza.discretion import HIDDEN, SHORTEST, forms

KEY_FORMATS = re.compile(
    r"\b(AKIA|ASIA)[A-Z0-9]{16}\b"  # AWS access key ids (IAM User Guide, "Unique identifiers")
    r"|\bgh[pousr]_[A-Za-z0-9]{36,}\b"  # GitHub tokens
    r"|https://hooks\.slack\.com/[a-z]+/[\w/+-]+"  # who has these, may write into the chat
    r"|https://(\w+\.)?discord(app)?\.com/api/webhooks/[\w/-]+"
    r"|https://[\w.-]+\.webhook\.office\.com/[\w/@-]+"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|\Z)"
)
FIELD = re.compile(r"[a-z][a-z_]*")
"""How the journal calls what it holds. Whoever goes on with an operation needs these names, even where somebody's
password is such a word."""
ENDINGS = frozenset({"done", "finished", "failed", "interrupted"})
"""Kinds of the entries after which an operation does not go on, unless somebody resumes it."""


@dataclass(frozen=True)
class Entry:
    """One entry of an operation, never changed once written.

    seq: its number, from 0. kind: of the operation in the first entry, else what happened: ``step``, ``done``...
    who: ARN of the caller, as STS tells it. where: ``user@host pid``. facts: JSON values.
    """

    seq: int
    kind: str
    at: float
    who: str
    where: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    nonce: str = ""
    """Tells an entry of ours, written in spite of a lost answer, from one of another process."""

    def to_bytes(self) -> bytes:
        return encoded(
            {
                **{"seq": self.seq, "kind": self.kind, "at": self.at, "who": self.who, "from": self.where},
                **{"nonce": self.nonce, "facts": self.facts},
            }
        )

    @classmethod
    def from_bytes(cls, body: bytes) -> Entry:
        said = json.loads(body)
        return cls(
            **{name: said[name] for name in ("seq", "kind", "at", "who", "facts")},
            where=said.get("from", ""),
            nonce=said.get("nonce", ""),
        )


@dataclass(frozen=True)
class Summary:
    """An operation without what lies between its first and its last entry, which may be the same one."""

    app: str
    id: str
    first: Entry
    last: Entry

    @property
    def kind(self) -> str:
        """``rollout``, ``traffic``, ``create``, ``update``, ``delete``..."""
        return self.first.kind

    @property
    def ended(self) -> bool:
        return self.last.seq > 0 and self.last.kind in ENDINGS

    @property
    def result(self) -> str:
        """``promoted``, ``taken back``...; ``done``, ``failed``, ``interrupted``; "" where it has not ended."""
        if not self.ended:
            return ""
        return str(self.last.facts.get("result") or self.last.kind)

    @property
    def seconds(self) -> float | None:
        """How long it took; None where it has not ended, as far as is known."""
        return self.last.at - self.first.at if self.ended else None


@dataclass(frozen=True)
class Ask:
    """What somebody wants of a running operation: ``pause``, ``promote`` or ``abort``. id: of this request."""

    id: str
    what: str
    who: str
    where: str
    at: float


@dataclass(frozen=True)
class Holder:
    """Who holds, or last held, the lock of an app.

    id: of this taking of the lock, for ``--force-unlock``. what: is being done; operation: its id in the journal.
    since: taken at. until: end of the lease. held: False once it was released. place: tells the machine (and the
    container), pid and started the process, so that a dead process of this very machine is known to be dead.
    unfinished: id of an operation that somebody has to resume or abort, "" where there is none.
    """

    id: str
    who: str
    where: str
    what: str
    operation: str
    since: float
    until: float
    held: bool = True
    place: str = ""
    pid: int = 0
    started: str = ""
    unfinished: str = ""
    nonce: str = ""

    def to_bytes(self) -> bytes:
        return encoded({("from" if name == "where" else name): value for name, value in vars(self).items()})

    @classmethod
    def from_bytes(cls, body: bytes) -> Holder:
        said = json.loads(body)
        known = {name: said[name] for name in cls.__dataclass_fields__ if name in said}
        return cls(**{**known, "where": said.get("from", "")})


def encoded(value: Mapping[str, Any]) -> bytes:
    """JSON as the journal has it: for people too, and the same bytes for the same value."""
    return (json.dumps(plain(value), indent=1, ensure_ascii=False) + "\n").encode()


def plain(node: Any) -> Any:
    """What JSON can say: keys that are no text become one, sets become lists, what else there is becomes its text."""
    if isinstance(node, Mapping):
        return {" ".join(map(str, key)) if isinstance(key, tuple) else str(key): plain(node[key]) for key in node}
    if isinstance(node, (list, tuple)):
        return [plain(item) for item in node]
    if isinstance(node, (set, frozenset)):
        return sorted((plain(item) for item in node), key=str)
    if isinstance(node, float) and not math.isfinite(node):
        return None
    return node if node is None or isinstance(node, (str, int, float, bool)) else str(node)


def is_field(key: Any) -> bool:
    return isinstance(key, str) and FIELD.fullmatch(key) is not None


def redacted(facts: Mapping[str, Any], secrets: Collection[str] = ()) -> dict[str, Any]:
    """The facts without these secrets, wherever in a text or a name they stand, and without what looks like a key."""
    written = {form for one in secrets if one for form in (forms(one) if len(one) >= SHORTEST else [one])}
    wanted = sorted(written, key=len, reverse=True)  # a secret may be part of another one

    def clean(node: Any) -> Any:
        if isinstance(node, str):
            for secret in wanted:
                node = node.replace(secret, HIDDEN)
            return KEY_FORMATS.sub(HIDDEN, node)
        if isinstance(node, Mapping):
            return {key if is_field(key) else clean(key): clean(value) for key, value in node.items()}
        if isinstance(node, (list, tuple)):
            return [clean(value) for value in node]
        return node

    result: dict[str, Any] = clean(facts)
    return result
