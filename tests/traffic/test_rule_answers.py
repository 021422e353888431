"""Writes of a rule whose answer is lost, or that AWS does not take for a while: never sent again without looking."""

from __future__ import annotations

from typing import Any

import pytest

from senza.aws import Aws, Call
from senza.clock import Clock
from senza.errors import AwsError, Conflict
from senza.plan import execute
from senza.sandbox.embedded import EmbeddedSandbox
from senza.traffic.rules import RuleDomain
from senza.traffic.shift_rule import LeaveRule
from tests.traffic.balancing import Edge
from tests.traffic.conftest import MAIN
from tests.traffic.test_shift_rule import interfering, writes
from tests.traffic.test_switch import Quiet, plan

LOST: dict[str, Any] = {"when": "after", "drop": True}
DROPPED: dict[str, Any] = {"when": "before", "drop": True}
BUSY: dict[str, Any] = {"status": 503, "code": "ServiceUnavailable"}
SLOW: dict[str, Any] = {"code": "Throttling"}


@pytest.fixture
def edge(aws: Aws) -> Edge:
    made = Edge(aws)
    for version in "123":
        made.create(f"shop-{version}")
    return made


def given(aws: Aws, clock: Clock, percent: int) -> Quiet:
    """Version 2 gets so much. What was said about it."""
    said = Quiet()
    execute(plan(aws, "2", 2 * percent, force=True).steps, aws, clock, said)
    return said


@pytest.mark.parametrize(("fault", "sent"), [(LOST, 1), (DROPPED, 2), (BUSY, 2), (SLOW, 2)])
@pytest.mark.parametrize(
    ("begin", "percent", "call", "end"),
    [
        ({}, 100, "CreateRule", {"shop-2": 200}),
        ({"shop-1": 200}, 25, "ModifyRule", {"shop-1": 150, "shop-2": 50}),
        ({"shop-2": 200}, 0, "DeleteRule", {}),
    ],
)
def test_what_took_effect_is_seen_and_what_did_not_is_sent_again(
    begin: dict[str, int],
    percent: int,
    call: str,
    end: dict[str, int],
    fault: dict[str, Any],
    sent: int,
    aws: Aws,
    edge: Edge,
    clock: Clock,
    sandbox: EmbeddedSandbox,
) -> None:
    edge.put(begin)
    sandbox.log.clear()
    sandbox.faults.add(f"elbv2:{call}", **fault)
    said = given(aws, clock, percent)
    assert any("looking at the rule again" in text for text in said.said)
    assert writes(sandbox) == [call] * sent
    assert edge.weights() == end
    assert len(edge.rules()) == min(len(end), 1)


@pytest.mark.parametrize("fault", [LOST, DROPPED, SLOW])
def test_what_somebody_else_wrote_meanwhile_is_not_undone(
    fault: dict[str, Any], aws: Aws, edge: Edge, clock: Clock, sandbox: EmbeddedSandbox
) -> None:
    """They read the weights as they are by then, and are told that theirs are in effect."""
    edge.put({"shop-1": 200})
    sandbox.faults.add("elbv2:ModifyRule", **fault)
    # the rule is read for the plan, before writing, and after the answer was lost
    disturbed = interfering(aws, "DescribeRules", 3, lambda: edge.put({"shop-3": 200}))
    with pytest.raises(Conflict, match=r"somebody else is changing shop\..*: shop-3 100 %"):
        given(disturbed, clock, 50)
    assert edge.weights() == {"shop-3": 200}


def test_an_api_that_never_answers_is_given_up_and_what_it_did_is_known_by_running_the_command_again(
    aws: Aws, edge: Edge, clock: Clock, sandbox: EmbeddedSandbox
) -> None:
    edge.put({"shop-1": 200})
    sandbox.log.clear()
    sandbox.faults.add("elbv2:ModifyRule", times=None, **DROPPED)
    begin = clock.now()
    with pytest.raises(AwsError, match="elbv2 ModifyRule failed"):
        given(aws, clock, 50)
    assert writes(sandbox) == ["ModifyRule"] * 6
    assert clock.now() - begin == 31
    sandbox.faults.clear()
    assert edge.weights() == {"shop-1": 200}
    given(aws, clock, 50)
    assert edge.weights() == {"shop-1": 100, "shop-2": 100}


def test_a_refusal_is_no_lost_answer(aws: Aws, edge: Edge, clock: Clock, sandbox: EmbeddedSandbox) -> None:
    edge.put({"shop-1": 200})
    sandbox.log.clear()
    sandbox.faults.add("elbv2:ModifyRule", times=None, status=403, code="AccessDenied")
    with pytest.raises(AwsError, match="AccessDenied"):
        given(aws, clock, 50)
    assert writes(sandbox) == ["ModifyRule"]


@pytest.mark.parametrize("fault", [LOST, DROPPED])
def test_a_version_without_weight_leaves_the_rule_once(
    fault: dict[str, Any], aws: Aws, edge: Edge, clock: Clock, sandbox: EmbeddedSandbox
) -> None:
    edge.put({"shop-1": 200, "shop-2": 0})
    sandbox.faults.add("elbv2:ModifyRule", **fault)
    execute([LeaveRule(RuleDomain(edge.listener, MAIN), edge.group("shop-2"))], aws, clock, Quiet())
    assert edge.weights() == {"shop-1": 200}


def test_an_answer_that_is_behind_is_no_conflict(aws: Aws, edge: Edge, clock: Clock, sandbox: EmbeddedSandbox) -> None:
    """The API tells the weights of before once more, and the new ones when it is asked again."""
    edge.put({"shop-1": 200})
    answers = {2: {"shop-1": 200}, 3: {"shop-1": 100, "shop-2": 100}}
    seen: list[Call] = []

    def observe(call: Call) -> None:
        if call.operation == "DescribeRules":
            seen.append(call)
            if told := answers.get(len(seen)):
                edge.put(told)

    begin = clock.now()
    execute(plan(aws, "2", 100).steps, Aws(endpoint=aws._endpoint, observe=observe), clock, Quiet())
    assert (len(seen), clock.now() - begin) == (3, 2)
