"""Waiting for stacks, and naming what failed first."""

from __future__ import annotations

import pytest

from senza.aws import Aws
from senza.clock import Clock
from senza.errors import OperationFailed, TimedOut
from senza.sandbox.embedded import EmbeddedSandbox
from senza.sandbox.world import Failure
from senza.stacks.events import Event, history
from senza.stacks.summaries import Stack, describe_stack
from senza.stacks.watch import CREATED, DELETED, READY, wait
from tests.stacks.conftest import Stacks


def stack_of(aws: Aws, name: str) -> Stack:
    stack = describe_stack(aws, name)
    assert stack is not None
    return stack


def test_events_arrive_once_and_in_order(aws: Aws, stacks: Stacks, clock: Clock) -> None:
    stacks.slowly()
    stacks.create("shop-1", "First", "Second")
    seen: list[str] = []
    wait(aws, [stack_of(aws, "shop-1")], READY, clock, listener=lambda _, event: seen.append(event.event_id))
    assert seen == [event.event_id for event in history(aws, "shop-1")]
    assert len(seen) == len(set(seen)) >= 6


def test_waiting_costs_one_call_per_look(aws: Aws, stacks: Stacks, clock: Clock) -> None:
    stacks.slowly(30)
    stacks.create("shop-1")
    stack = stack_of(aws, "shop-1")
    fresh = Aws(endpoint=aws._endpoint)
    wait(fresh, [stack], READY, clock, interval=10)
    assert {str(call) for call in fresh.calls} == {"cloudformation:DescribeStackEvents"}
    assert len(fresh.calls) == 4


def test_the_first_failure_is_named_with_its_reason(
    aws: Aws, stacks: Stacks, clock: Clock, sandbox: EmbeddedSandbox
) -> None:
    stacks.slowly()
    sandbox.settings.failures.append(Failure("shop-1", "Second", reason="Queue quota exceeded"))
    stacks.create("shop-1", "First", "Second", "Third")
    with pytest.raises(OperationFailed) as caught:
        wait(aws, [stack_of(aws, "shop-1")], CREATED, clock)
    assert caught.value.message == (
        "stack shop-1 is ROLLBACK_COMPLETE: Second (AWS::SQS::Queue) CREATE_FAILED: Queue quota exceeded"
    )
    assert caught.value.hint == "senza events shop 1 shows all that happened."


def test_a_failure_does_not_end_the_waiting_for_others(
    aws: Aws, stacks: Stacks, clock: Clock, sandbox: EmbeddedSandbox
) -> None:
    stacks.slowly()
    sandbox.settings.failures.append(Failure("shop-1", "Jobs", reason="no"))
    stacks.create("shop-1")
    stacks.create("shop-2", "First", "Second", "Third")
    both = [stack_of(aws, "shop-1"), stack_of(aws, "shop-2")]
    with pytest.raises(OperationFailed, match="shop-1 is ROLLBACK_COMPLETE"):
        wait(aws, both, CREATED, clock)
    assert stack_of(aws, "shop-2").status == "CREATE_COMPLETE"


def test_waiting_ends(aws: Aws, stacks: Stacks, clock: Clock) -> None:
    stacks.slowly(100)
    stacks.create("shop-1")
    with pytest.raises(TimedOut, match=r"after 30 seconds still waiting for shop-1 \(CREATE_IN_PROGRESS\)"):
        wait(aws, [stack_of(aws, "shop-1")], READY, clock, timeout=30)


def test_a_deleted_stack_is_followed_to_its_end(aws: Aws, stacks: Stacks, clock: Clock) -> None:
    stacks.create("shop-1")
    stack = stack_of(aws, "shop-1")
    stacks.slowly()
    aws.call("cloudformation", "delete_stack", StackName="shop-1")
    wait(aws, [stack], DELETED, clock)
    assert describe_stack(aws, "shop-1") is None
    told: list[Event] = []
    wait(aws, [stack], DELETED, clock, listener=lambda _, event: told.append(event))  # and again, when it is gone
    assert told == []


def test_the_operation_of_a_token_is_not_mistaken_for_an_earlier_one(aws: Aws, stacks: Stacks, clock: Clock) -> None:
    stacks.create("shop-1", token="first")
    with pytest.raises(TimedOut):  # the stack is CREATE_COMPLETE, but not by the operation that is waited for
        wait(aws, [stack_of(aws, "shop-1")], READY, clock, token="second", timeout=10)
    wait(aws, [stack_of(aws, "shop-1")], READY, clock, token="first", timeout=10)


def test_events_without_tokens_are_believed(aws: Aws, stacks: Stacks, clock: Clock) -> None:
    stacks.create("shop-1")  # without a token, as an imitation of AWS that forgets it would list it
    wait(aws, [stack_of(aws, "shop-1")], READY, clock, token="mine", timeout=10)
