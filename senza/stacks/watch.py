"""Waiting for stacks, with their events as progress."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from senza.aws import Aws
from senza.clock import Clock
from senza.errors import OperationFailed, SenzaError, TimedOut
from senza.stacks.events import Event, first_failure, newest_first
from senza.stacks.summaries import REVIEWED, Stack

CREATED = frozenset({"CREATE_COMPLETE"})
UPDATED = frozenset({"UPDATE_COMPLETE"})
READY = CREATED | UPDATED
DELETED = frozenset({"DELETE_COMPLETE"})
TIMEOUT = 1800
INTERVAL = 2
"""Seconds between looks while a person waits; far below what CloudFormation throttles."""

BY_USER = "User Initiated"
"""The reason of the first event of each operation."""

Listener = Callable[[Stack, Event], None]


@dataclass
class Watched:
    """One stack that is waited for.

    token: the client request token of the operation to wait for; "" means the latest one, whoever started it.
    """

    stack: Stack
    token: str = ""
    status: str = "UNKNOWN_IN_PROGRESS"
    events: list[Event] = field(default_factory=list)
    looks: int = 0

    def look(self, aws: Aws) -> list[Event]:
        """Ask AWS once; returns the events that are new, oldest first."""
        self.looks += 1
        seen = {event.event_id for event in self.events}
        new: list[Event] = []
        for event in newest_first(aws, self.stack.stack_id):
            if event.event_id in seen or not self.concerns(event):
                break
            new.append(event)
            if event.starts_operation:
                break
        self.events.extend(reversed(new))
        self.status = next((event.status for event in reversed(self.events) if event.of_stack), self.status)
        return new[::-1]

    def concerns(self, event: Event) -> bool:
        """Whether the event is of the operation that is waited for.

        Not every imitation of AWS records tokens, so events without any are believed at the second look: at the first
        one they may be of an earlier operation, because the events of this one are not listed yet.
        """
        return not self.token or event.token == self.token or (self.looks > 1 and not event.token)

    @property
    def over_before(self) -> bool:
        """Whether it was settled when it was first looked at, and nobody asked for that very operation."""
        return self.looks == 1 and self.settled and not self.token

    @property
    def settled(self) -> bool:
        return self.status == REVIEWED or not self.status.endswith("_IN_PROGRESS")


def wait(
    aws: Aws,
    stacks: Sequence[Stack],
    wanted: frozenset[str],
    clock: Clock,
    *,
    token: str = "",
    timeout: float = TIMEOUT,
    interval: float = INTERVAL,
    listener: Listener = lambda stack, event: None,
) -> None:
    """Wait until every stack has one of the wanted statuses, asking once per stack every ``interval`` seconds.

    token: see :class:`Watched`; without one, a stack that has a wanted status as it is given needs no call.
    listener is told of each event once, oldest first, but of none of an operation that was over before the waiting
    began.

    Raises OperationFailed naming the first resource that failed and AWS's reason, or TimedOut after ``timeout``
    seconds. A stack that failed does not end the waiting for the others.
    """
    watched = [Watched(stack, token) for stack in stacks if token or stack.status not in wanted]
    until = clock.now() + timeout
    pending = watched
    while pending:
        news = aws.parallel({item.stack.stack_id: partial(item.look, aws) for item in pending})
        for item in pending:
            if not item.over_before:
                for event in news[item.stack.stack_id]:
                    listener(item.stack, event)
        pending = [item for item in pending if not item.settled]
        if pending and clock.now() >= until:
            raise timed_out(pending, timeout)
        if pending:
            clock.sleep(min(interval, max(until - clock.now(), 0)))
    failed = [item for item in watched if item.status not in wanted]
    if failed:
        raise failure(failed)


def failure(failed: Sequence[Watched]) -> SenzaError:
    lines = [explained(item.stack, item.status, item.events) for item in failed]
    name = failed[0].stack
    return OperationFailed("\n".join(lines), hint=f"senza events {name.name} {name.version} shows all that happened.")


def explained(stack: Stack, status: str, events: Sequence[Event]) -> str:
    """One line: the stack, where it ended, and the first resource that failed with AWS's reason.

    Without one AWS says of the stack itself what was wrong, e.g. that an export of it is in use.
    """
    cause = first_failure(events)
    if status == REVIEWED:
        return f"nothing was made of stack {stack.full_name} yet ({status}), and nothing goes on with it"
    if cause is None:
        own = (event.reason for event in reversed(events) if event.of_stack and event.reason != BY_USER)
        reason = next((reason for reason in own if reason), "")
        return f"stack {stack.full_name} is {status}" + (f": {reason}" if reason else "")
    return f"stack {stack.full_name} is {status}: {cause.logical_id} ({cause.type}) {cause.status}: {cause.reason}"


def timed_out(pending: Sequence[Watched], timeout: float) -> SenzaError:
    what = ", ".join(f"{item.stack.full_name} ({item.status})" for item in pending)
    name = pending[0].stack
    return TimedOut(
        f"after {timeout:g} seconds still waiting for {what}",
        hint=f"Nothing was stopped: senza wait {name.name} {name.version} goes on waiting.",
    )
