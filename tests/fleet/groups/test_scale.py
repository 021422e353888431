"""Sizes: bounds in the way move, and nothing else does."""

from __future__ import annotations

import pytest

from senza.errors import Refused, UsageError
from senza.fleet.marks import RESPAWN_TAG, mark
from senza.fleet.scale import plan_scale
from tests.fleet.groups.conftest import Carry, Fleet


@pytest.mark.parametrize(
    ("wanted", "minimum", "after", "says"),
    [
        (2, None, (1, 2, 2), None),
        (1, None, (1, 1, 2), "desired 2 -> 1"),
        (5, None, (1, 5, 5), "desired 2 -> 5, maximum 2 -> 5"),
        (0, None, (0, 0, 2), "desired 2 -> 0, minimum 1 -> 0"),
        (2, 2, (2, 2, 2), "minimum 1 -> 2"),
        (3, 0, (0, 3, 3), "desired 2 -> 3, minimum 1 -> 0, maximum 2 -> 3"),
    ],
)
def test_scaling(
    fleet: Fleet, carry: Carry, wanted: int, minimum: int | None, after: tuple[int, ...], says: str | None
) -> None:
    fleet.create()
    steps = plan_scale(fleet.the_group(), wanted, minimum)
    assert [step.says for step in steps] == ([f"Scale app-1 AppServer: {says}"] if says else [])
    assert {step.undone_by for step in steps} <= {"its sizes were: desired 2, minimum 1, maximum 2"}
    carry(steps)
    assert fleet.sizes() == after
    assert len(fleet.the_group().members) == wanted
    carry(steps)
    assert fleet.sizes() == after


def test_a_mixed_group_keeps_its_policy(fleet: Fleet, carry: Carry) -> None:
    fleet.create(launch="mixed")
    policy = fleet.the_group().policy
    carry(plan_scale(fleet.the_group(), 4))
    assert (fleet.sizes(), fleet.the_group().policy) == ((1, 4, 4), policy)


def test_a_minimum_above_the_capacity_makes_no_sense(fleet: Fleet) -> None:
    fleet.create()
    with pytest.raises(UsageError, match="a minimum of 3 is above the wanted capacity of 2"):
        plan_scale(fleet.the_group(), 2, 3)


def test_sizes_that_will_be_restored_are_left_alone(fleet: Fleet) -> None:
    fleet.create()
    mark(fleet.aws, fleet.the_group().name, RESPAWN_TAG, "x")
    with pytest.raises(Refused, match="being respawned"):
        plan_scale(fleet.the_group(), 3)
