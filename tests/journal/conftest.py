"""A journal in the sandbox, and further ones as other machines would have them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from senza.aws import Aws, Call
from senza.clock import Clock
from senza.journal import Caller, Journal
from senza.sandbox.embedded import EmbeddedSandbox

Machine = Callable[..., Journal]


class Killed(BaseException):
    """The process is no more."""


def killer(at: int) -> Callable[[Call], None]:
    """An observer of calls that ends the process just before the ``at``-th one, counted from 1."""
    seen: list[Call] = []

    def observe(call: Call) -> None:
        seen.append(call)
        if len(seen) == at:
            raise Killed

    return observe


@pytest.fixture
def machine(sandbox: EmbeddedSandbox, clock: Clock) -> Machine:
    """Makes the journal of another process: it shares nothing with the others but the account."""

    def make(aws: Aws | None = None) -> Journal:
        aws = aws or Aws(endpoint=sandbox.endpoint)
        caller = Caller(aws)
        journal = Journal(aws, clock, account_id=caller.account_id, who=caller.who)
        journal.ensure()
        return journal

    return make


@pytest.fixture
def journal(aws: Aws, clock: Clock) -> Journal:
    """One that makes no bucket."""
    caller = Caller(aws)
    return Journal(aws, clock, account_id=caller.account_id, who=caller.who)


@pytest.fixture
def begun(journal: Journal, machine: Machine) -> Journal:
    """The same where there is a bucket."""
    machine().begin("other-app", "rollout", {})
    return journal
