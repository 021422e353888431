"""One app, one holder; and nobody waits for a process that is gone."""

from __future__ import annotations

import multiprocessing
import threading
import uuid
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from senza.aws import Aws, Call
from senza.clock import Clock
from senza.errors import AwsError, Conflict, Refused, SenzaError
from senza.journal import Caller, Holder, Journal, Lock
from senza.journal.locks import LEASE, SKEW
from senza.journal.origin import is_gone, place, started, this_process
from senza.sandbox.embedded import EmbeddedSandbox
from tests.conftest import FakeClock
from tests.journal.conftest import Machine

APP = "hello-world"
ROLLOUT = "20260601T120000Z-abcdef"


def test_a_second_one_is_told_who_has_it_and_what_to_do(begun: Journal, machine: Machine) -> None:
    mine = begun.lock(APP).take("rollout of version 2", ROLLOUT)
    with pytest.raises(Conflict) as refused:
        machine().lock(APP).take("traffic")
    said = str(refused.value)
    for fact in ("rollout of version 2", ROLLOUT, "arn:aws:", mine.where, "UTC", "senza rollout status hello-world"):
        assert fact in said
    assert "Take it back: senza rollout abort hello-world." in said
    assert f"--force-unlock {mine.id}" in said
    machine().lock("shop").take("traffic")


def test_after_release_it_is_free(begun: Journal, machine: Machine) -> None:
    lock = begun.lock(APP)
    lock.take("traffic")
    held = machine().lock(APP).holder()
    assert held == lock.mine
    lock.release()
    assert machine().lock(APP).holder() is None
    other = machine().lock(APP)
    other.take("delete")
    lock.release()  # it is no longer ours, so nothing happens
    assert machine().lock(APP).holder() == other.mine


def test_a_lease_that_has_run_out_may_be_taken_over(begun: Journal, machine: Machine, clock: FakeClock) -> None:
    lock = begun.lock(APP)
    lock.take("traffic")
    clock.sleep(LEASE + SKEW)
    with pytest.raises(Conflict):
        machine().lock(APP).take("delete")
    clock.sleep(1)
    machine().lock(APP).take("delete")
    with pytest.raises(Conflict, match=r"taken away .* delete by"):
        lock.renew()


def test_it_is_renewed_when_a_third_of_the_lease_is_gone(begun: Journal, aws: Aws, clock: FakeClock) -> None:
    lock = begun.lock(APP)
    until = lock.take("rollout").until
    clock.sleep(LEASE / 3 - 1)
    sent = len(aws.calls)
    lock.renew()
    assert len(aws.calls) == sent
    clock.sleep(1)
    lock.renew()
    lock.renew()
    assert [str(call) for call in aws.calls[sent:]] == ["s3:PutObject"]
    assert lock.mine is not None
    assert lock.mine.until == until + LEASE / 3


def test_a_failing_renewal_is_tried_again_before_it_counts(
    begun: Journal, sandbox: EmbeddedSandbox, clock: FakeClock
) -> None:
    lock = begun.lock(APP)
    lock.take("rollout")
    clock.sleep(LEASE / 2)
    sandbox.faults.add("s3:PutObject", times=None, status=403, code="AccessDenied")
    lock.renew()
    clock.sleep(LEASE / 4)
    with pytest.raises(AwsError):
        lock.renew()
    sandbox.faults.clear()
    lock.renew()
    assert lock.mine is not None


@pytest.mark.parametrize("code", ["ExpiredToken", "InternalError"])
def test_a_renewal_whose_answer_was_lost_is_recognised(
    begun: Journal, machine: Machine, sandbox: EmbeddedSandbox, clock: FakeClock, code: str
) -> None:
    lock = begun.lock(APP)
    lock.take("rollout")
    clock.sleep(LEASE / 2)
    sandbox.faults.add("s3:PutObject", when="after", status=500 if code == "InternalError" else 400, code=code)
    lock.renew()
    clock.sleep(LEASE / 2)
    lock.renew()
    lock.release()
    assert machine().lock(APP).holder() is None


def test_a_lock_that_somebody_removed_is_taken_anew(begun: Journal, aws: Aws, clock: FakeClock) -> None:
    lock = begun.lock(APP)
    lock.take("rollout")
    aws.call("s3", "delete_object", Bucket=begun.bucket, Key=f"locks/{APP}.json")
    clock.sleep(LEASE / 2)
    lock.renew()
    assert begun.lock(APP).holder() == lock.mine


def test_force_needs_the_very_id(begun: Journal, machine: Machine, clock: FakeClock) -> None:
    lock = begun.lock(APP)
    ident = lock.take("rollout").id
    with pytest.raises(Refused, match=ident):
        machine().lock(APP).take("traffic", force="00000000")
    other = machine().lock(APP)
    other.take("traffic", force=ident)
    assert machine().lock(APP).holder() == other.mine
    clock.sleep(LEASE / 2)
    with pytest.raises(Conflict, match="taken away"):
        lock.renew()
    with pytest.raises(Refused):
        machine().lock(APP).force_unlock(ident)
    assert other.mine is not None
    machine().lock(APP).force_unlock(other.mine.id)
    assert machine().lock(APP).holder() is None
    with pytest.raises(Refused, match="not locked"):
        machine().lock(APP).force_unlock(other.mine.id)


def test_an_operation_left_open_is_told_until_it_is_finished(
    begun: Journal, machine: Machine, clock: FakeClock
) -> None:
    def taken(journal: Journal, what: str, ident: str = "", resumable: bool = False) -> Lock:
        lock = journal.lock(APP)
        lock.take(what, ident, resumable=resumable)
        return lock

    taken(begun, "rollout", ROLLOUT, resumable=True)
    clock.sleep(LEASE + SKEW + 1)  # it crashed
    for _ in range(2):
        short = taken(machine(), "traffic", "20260601T130000Z-000000")
        assert short.unfinished == ROLLOUT
        short.release()
    again = taken(machine(), "rollout", ROLLOUT, resumable=True)
    again.release(unfinished=True)  # stopped by a person
    other = taken(machine(), "rollout", "20260601T140000Z-000000", resumable=True)
    other.release()  # refused, because of the first one
    again = taken(machine(), "rollout", "20260601T150000Z-000000", resumable=True)
    assert again.unfinished == ROLLOUT
    again.concerns(ROLLOUT)
    again.release()
    assert taken(machine(), "traffic").unfinished == ""


def dead_process() -> Holder:
    origin = this_process()
    child = multiprocessing.get_context("fork").Process(target=int)
    child.start()
    child.join()
    assert child.pid is not None
    return Holder("x", "", "", "", "", 0, 0, place=origin.place, pid=child.pid, started="")


def test_a_process_of_this_machine_that_is_gone_blocks_nobody(begun: Journal, machine: Machine) -> None:
    lock = begun.lock(APP)
    lock.take("traffic")
    assert lock.mine is not None
    dead = dead_process()
    lock._write(replace(lock.mine, pid=dead.pid, started=dead.started), lock._etag)
    machine().lock(APP).take("traffic")


def test_whether_a_process_is_gone() -> None:
    here = this_process()
    assert not is_gone(here.place, here.pid, here.started)
    assert is_gone(here.place, here.pid, "1"), "its number was given to another process"
    dead = dead_process()
    assert is_gone(dead.place, dead.pid, "")
    assert not is_gone("elsewhere", dead.pid, ""), "nobody can know"
    assert started(here.pid) == here.started != ""
    assert place() == here.place != ""


class Taker:
    """A process that stops before each of its calls until it is its turn."""

    def __init__(self, sandbox: EmbeddedSandbox, clock: Clock) -> None:
        self._clock = clock
        self._go = threading.Semaphore(0)
        self._paused = threading.Semaphore(0)
        self._aws = Aws(endpoint=sandbox.endpoint, observe=self._wait)
        self._work: Callable[[], None] | None = None
        self.done = True

    def _wait(self, _: Call) -> None:
        self._paused.release()
        self._go.acquire()

    def begin(self, work: Callable[[Journal], None]) -> None:
        caller = Caller(self._aws)
        journal = Journal(self._aws, self._clock, account_id=caller.account_id, who=caller.who)

        def run() -> None:
            try:
                work(journal)
            finally:
                self.done = True
                self._paused.release()

        self.done = False
        threading.Thread(target=run, daemon=True).start()
        self._paused.acquire()

    def step(self) -> None:
        """Let it make one call."""
        if not self.done:
            self._go.release()
            assert self._paused.acquire(timeout=300), "it hangs"


@pytest.fixture
def takers(sandbox: EmbeddedSandbox, clock: Clock) -> tuple[Taker, Taker]:
    return Taker(sandbox, clock), Taker(sandbox, clock)


@settings(max_examples=40, suppress_health_check=list(HealthCheck))
@given(
    before=st.sampled_from(["nothing", "released", "run out"]),
    lost=st.booleans(),
    order=st.lists(st.booleans(), max_size=24),
)
def test_at_most_one_of_two_takers_holds_it_in_any_order(
    begun: Journal,
    takers: tuple[Taker, Taker],
    machine: Machine,
    clock: FakeClock,
    sandbox: EmbeddedSandbox,
    before: str,
    lost: bool,
    order: list[bool],
) -> None:
    app = f"app-{uuid.uuid4().hex[:8]}"
    first = machine(takers_door(sandbox)).lock(app)
    if before != "nothing":
        first.take("create")
        if before == "released":
            first.release()
        clock.sleep(LEASE + SKEW + 1)
    if lost:
        sandbox.faults.add("s3:PutObject", when="after", status=409, code="ConditionalRequestConflict")
    holding: list[str] = []
    most: list[int] = []

    def work(journal: Journal) -> None:
        lock = journal.lock(app)
        try:
            mine = lock.take("traffic")
        except SenzaError:
            return
        holding.append(mine.id)
        most.append(len(holding))
        journal.exists()  # what the lock is for
        holding.remove(mine.id)
        lock.release()

    for taker in takers:
        taker.begin(work)
    for which in order:
        takers[which].step()
    while not all(taker.done for taker in takers):
        for taker in takers:
            taker.step()
    sandbox.faults.clear()
    assert max(most, default=0) == 1
    assert machine(takers_door(sandbox)).lock(app).holder() is None


DOORS: dict[str, Aws] = {}


def takers_door(sandbox: EmbeddedSandbox) -> Aws:
    """One for all examples: making a client takes longer than what is done with it."""
    return DOORS.setdefault(sandbox.endpoint.url, Aws(endpoint=sandbox.endpoint))
