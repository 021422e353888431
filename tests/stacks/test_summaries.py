"""Which stacks there are, in how many calls."""

from __future__ import annotations

import pytest

from senza.aws import Aws
from senza.errors import NotFound
from senza.stacks.references import StackRef
from senza.stacks.resources import resources_of
from senza.stacks.summaries import LIVE, describe_stack, find_latest, find_stacks, list_stacks
from tests.stacks.conftest import Stacks


def names(aws: Aws, *refs: StackRef, deleted: bool = False) -> list[str]:
    return [stack.full_name for stack in list_stacks(aws, refs, deleted=deleted)]


def test_stacks_are_listed_in_the_order_of_their_creation(aws: Aws, stacks: Stacks) -> None:
    for name in ("shop-2", "shop-1", "other-1"):
        stacks.create(name)
        stacks.sandbox.advance(60)
    assert names(aws) == ["shop-2", "shop-1", "other-1"]
    assert names(aws, StackRef("shop")) == ["shop-2", "shop-1"]
    assert names(aws, StackRef("other"), StackRef("shop", "1")) == ["shop-1", "other-1"]


def test_one_call_per_hundred_stacks(aws: Aws, stacks: Stacks) -> None:
    for number in range(101):
        stacks.create(f"shop-{number}")
    fresh = Aws(endpoint=aws._endpoint)
    assert len(list_stacks(fresh)) == 101
    assert [str(call) for call in fresh.calls] == ["cloudformation:ListStacks"] * 2


def test_a_stack_named_exactly_is_one_call_however_many_there_are(aws: Aws, stacks: Stacks) -> None:
    stacks.create("shop-1")
    fresh = Aws(endpoint=aws._endpoint)
    assert names(fresh, StackRef("shop", "1")) == ["shop-1"]
    assert [str(call) for call in fresh.calls] == ["cloudformation:DescribeStacks"]


def test_deleted_stacks_are_shown_when_asked_for(aws: Aws, stacks: Stacks) -> None:
    for _ in range(2):
        stacks.create("shop-1")
        aws.call("cloudformation", "delete_stack", StackName="shop-1")
        stacks.sandbox.advance(60)
    assert names(aws) == []
    assert names(aws, deleted=True) == ["shop-1", "shop-1"]
    assert len(find_latest(aws, [StackRef("shop", "1")], deleted=True)) == 1


def test_what_is_not_there_is_an_error_where_it_was_named(aws: Aws) -> None:
    with pytest.raises(NotFound, match="there is no stack shop 1"):
        find_stacks(aws, [StackRef("shop", "1")])
    with pytest.raises(NotFound, match="there is no stack nope-1"):
        resources_of(aws, "nope-1")
    assert describe_stack(aws, "nope-1") is None
    assert find_stacks(aws, []) == []


def test_every_status_but_deleted_is_asked_for(aws: Aws) -> None:
    from botocore.session import get_session

    model = get_session().get_service_model("cloudformation")
    assert set(LIVE) == set(model.shape_for("StackStatus").enum) - {"DELETE_COMPLETE"}
