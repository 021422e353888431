"""Which operation of the journal made a stack what it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from senza.aws import Aws
from senza.clock import Clock
from senza.journal import Caller, Journal
from senza.promotion.records import MOST, agrees, recorded
from senza.stacks.summaries import Stack

STACK = Stack("shop-2", "arn", "CREATE_COMPLETE", datetime(2026, 6, 1, tzinfo=UTC), parameters=(("A", "1"), ("B", "*")))


@pytest.mark.parametrize(
    ("parameters", "made_it"),
    [
        ({"A": "1"}, True),
        ({"A": "1", "B": "***"}, True),
        ({"A": "***.b"}, True),
        ({"A": "2"}, False),
        ({"C": "1"}, False),
        (None, True),
    ],
)
def test_it_sent_the_parameters_that_the_stack_has(parameters: dict[str, str] | None, made_it: bool) -> None:
    assert agrees({"parameters": parameters}, STACK) == made_it


def test_the_newest_that_fits_is_found_without_reading_the_others(aws: Aws, clock: Clock) -> None:
    caller = Caller(aws)
    journal = Journal(aws, clock, account_id=caller.account_id, who=caller.who)
    stack = replace(STACK, created=datetime.fromtimestamp(clock.now(), UTC))
    assert recorded(journal, stack) == {}, "there is no journal"
    journal.ensure()
    for number, (kind, version, value) in enumerate(
        [
            ("create", "2", "0"),
            ("rollout", "2", "1"),
            ("update", "2", "9"),
            ("traffic", "2", "1"),
            ("rollout", "3", "1"),
        ]
    ):
        journal.begin("shop", kind, {"version": version, "parameters": {"A": value}, "number": number})
        clock.sleep(1)
    before = len(aws.calls)
    assert recorded(journal, stack)["number"] == 1
    made = [call.operation for call in aws.calls[before:]]
    assert made == ["ListObjectsV2"] * 2 + ["GetObject"] * 3, "of what can make a stack, newest first"
    for _ in range(MOST):
        journal.begin("shop", "rollout", {"version": "3"})
        clock.sleep(1)
    before = len(aws.calls)
    assert recorded(journal, stack) == {}
    assert len(aws.calls) - before == 2 + MOST
