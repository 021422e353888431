"""Which steps a strategy takes, forward, at once, and back: from values to values."""

from __future__ import annotations

import dataclasses
import json

import pytest

from senza.errors import Refused
from senza.rollout.foreseeing import foresee
from senza.rollout.model import Hook, Keep, Rollout, Stage, Strategy, When
from senza.rollout.planning import Ground, plan_back, plan_forward, plan_promotion, warnings
from senza.rollout.steps import STEPS, Bake, RolloutStep, Shift, from_json, to_json

OLD = Ground(
    "shop",
    "2",
    others=("shop-1",),
    weights={"shop.example.org": {"shop-1": 200}},
    sizes={"shop-1": {"AppServer": [1, 4, 8]}},
)
SHORT = Rollout(stages=(Stage(10, 60.0), Stage(200, 120.0)))


def words(steps: tuple[RolloutStep, ...]) -> list[str]:
    """``Shift 200`` and the like: kinds, with the weights of those that have one."""
    return [" ".join([type(step).__name__, *([str(step.weight)] if isinstance(step, Shift) else [])]) for step in steps]


def test_a_canary_scales_waits_shifts_and_watches_at_each_stage() -> None:
    increase = ["Prescale", "AwaitHealthy"]
    assert words(plan_forward(SHORT, OLD)) == [
        *("CreateVersion", "AwaitVersion", "RememberSizes"),
        *(*increase, "Shift 10", "Bake"),
        *(*increase, "Shift 200", "Bake"),
        *("RestoreSizes", "ScaleDown", "DeleteOld"),
    ]


def test_the_first_version_of_an_app_gets_all_traffic_at_once() -> None:
    assert [step.weight for step in plan_forward(SHORT, Ground("shop", "1")) if isinstance(step, Shift)] == [200]


def test_a_version_that_exists_is_not_created_and_never_loses_traffic_on_the_way_up() -> None:
    ground = Ground("shop", "2", ("shop-1",), exists=True, weights={"shop.example.org": {"shop-1": 100, "shop-2": 100}})
    steps = plan_forward(Rollout(), ground)
    assert words(steps)[0] == "AwaitVersion"
    assert [step.weight for step in steps if isinstance(step, Shift)] == [200]


def test_blue_green_switches_once_and_keeps_the_old_one_warm() -> None:
    plan = words(plan_forward(Rollout(Strategy.BLUE_GREEN, (Stage(200, 900.0),)), OLD))
    assert plan[3:] == ["Prescale", "AwaitHealthy", "Shift 200", "Bake", "RestoreSizes", "DeleteOld"]


def test_recreate_stops_the_old_version_before_the_new_one_starts() -> None:
    rollout = Rollout(Strategy.RECREATE, (Stage(200, 60.0),))
    plan = words(plan_forward(rollout, OLD))
    assert plan[:3] == ["StopVersion", "CreateVersion", "AwaitVersion"]
    back = plan_back(rollout, OLD, plan_forward(rollout, OLD)[:4])
    assert [(type(step).__name__, step.stack) for step in back] == [
        ("StopVersion", "shop-2"),
        ("StartVersion", "shop-1"),
        ("AwaitHealthy", "shop-1"),
    ]


def test_rolling_renews_one_version_and_goes_back_to_the_template_it_had() -> None:
    ground = Ground("shop", "1", exists=True, weights={"shop.example.org": {"shop-1": 200}})
    rollout = Rollout(Strategy.ROLLING, (Stage(200, 60.0),))
    steps = plan_forward(rollout, ground)
    assert words(steps) == ["UpdateVersion", "AwaitVersion", "RefreshVersion", "AwaitHealthy", "Bake"]
    assert words(plan_back(rollout, ground, steps[:2])) == ["RestoreVersion", "AwaitVersion", "RefreshVersion"]


def test_hooks_have_their_places() -> None:
    hooks = (
        Hook(When.BEFORE_TRAFFIC, run="./smoke.sh"),
        Hook(When.AFTER_STEP, url="https://user:word@ci.example.org/check?token=secret"),
        Hook(When.AFTER_ABORT, run="true"),
    )
    rollout = Rollout(stages=SHORT.stages, hooks=hooks)
    plan = plan_forward(rollout, OLD)
    said = [step.says if type(step).__name__ == "CallHook" else type(step).__name__ for step in plan]
    assert said[4:8] == ["AwaitHealthy", "Ask ./smoke.sh", "Shift", "Bake"]
    assert said.count("Ask https://ci.example.org") == 2
    assert [step.says for step in plan_back(rollout, OLD, plan)][-1] == "Ask true"


def test_the_way_back_undoes_what_was_begun_and_no_more() -> None:
    plan = plan_forward(SHORT, OLD)
    assert words(plan_back(SHORT, OLD, plan[:2])) == []
    assert words(plan_back(SHORT, OLD, plan[:4])) == ["RestoreSizes"]
    assert words(plan_back(SHORT, OLD, plan[:6])) == ["ShiftBack", "RestoreSizes"]
    assert words(plan_back(SHORT, OLD, plan)) == ["StartVersion", "AwaitHealthy", "ShiftBack", "RestoreSizes"]


def test_promotion_needs_a_version_and_leaves_out_the_watching() -> None:
    plan = plan_forward(SHORT, OLD)
    with pytest.raises(Refused, match="not there yet"):
        plan_promotion(SHORT, OLD, plan[:2])
    assert "Bake" not in words(plan_promotion(SHORT, OLD, plan[:5]))


@pytest.mark.parametrize(
    ("rollout", "ground", "why"),
    [
        (
            Rollout(),
            Ground("shop", "2", ("shop-1",), weighted=False),
            "neither a weighted DNS record nor a weighted target group",
        ),
        (Rollout(Strategy.ROLLING), OLD, "no stack shop-2"),
        (Rollout(), dataclasses.replace(OLD, far={"shop-7": "eu-west-1"}), "shop-7 in eu-west-1 has traffic"),
        (Rollout(), Ground("shop", "1", exists=True, weights={"a": {"shop-1": 200}}), "all of the traffic already"),
    ],
)
def test_what_makes_no_sense_is_refused(rollout: Rollout, ground: Ground, why: str) -> None:
    with pytest.raises(Refused, match=why):
        plan_forward(rollout, ground)


def test_versions_of_other_regions_do_not_matter_where_no_traffic_moves() -> None:
    ground = dataclasses.replace(OLD, exists=True, far={"shop-7": "eu-west-1"})
    assert plan_forward(Rollout(Strategy.ROLLING), ground)
    assert Ground.from_json(ground.to_json()) == ground


FULL = Ground(
    "shop",
    "9",
    others=tuple(f"shop-{version}" for version in range(5)),
    weights={"shop.example.org": {**{f"shop-{version}": 40 for version in range(5)}, "shop-8": 0}},
)


def test_a_rule_without_room_for_a_share_of_the_new_version_is_refused_before_that_is_made() -> None:
    for ground in (
        dataclasses.replace(FULL, shared=True),
        dataclasses.replace(FULL, weights={"shop.example.org (rule)": FULL.weights["shop.example.org"]}),
    ):
        with pytest.raises(
            Refused, match=r"5 versions with traffic \(shop-0, .*\), and a listener rule forwards to at most 5"
        ):
            plan_forward(SHORT, ground)
        plan_forward(Rollout(Strategy.BLUE_GREEN, (Stage(200, 900.0),)), ground)
        plan_forward(SHORT, dataclasses.replace(ground, version="4"))
    plan_forward(SHORT, FULL)  # records


def test_the_earliest_end_and_what_it_means_to_stop() -> None:
    foreseen = foresee(plan_forward(SHORT, OLD), OLD)
    times = {type(one.step).__name__: (one.earliest, one.stopped) for one in foreseen}
    assert times["CreateVersion"] == (0.0, "nothing was changed")
    assert times["Bake"] == (60.0, "shop-2 has all traffic, the old version still runs")
    assert times["RestoreSizes"][0] == 60.0 + 600.0
    first = next(one for one in foreseen if isinstance(one.step, Bake))
    assert first.stopped == "shop-2 keeps 5 % and its instances"


def test_a_cold_load_balancer_is_warned_about() -> None:
    rollout = Rollout(Strategy.BLUE_GREEN, (Stage(200, 900.0),))
    assert "starts cold" in warnings(rollout, OLD, plan_forward(rollout, OLD))[0]
    assert warnings(SHORT, OLD, plan_forward(SHORT, OLD)) == []


def test_a_shared_load_balancer_is_warm() -> None:
    rollout = Rollout(Strategy.BLUE_GREEN, (Stage(200, 900.0),))
    ground = dataclasses.replace(OLD, shared=True)
    assert warnings(rollout, ground, plan_forward(rollout, ground)) == []


def test_the_ground_survives_the_journal_and_is_read_as_it_was_written_before() -> None:
    ground = dataclasses.replace(OLD, shared=True)
    assert Ground.from_json(json.loads(json.dumps(ground.to_json()))) == ground
    assert "shared" not in OLD.to_json(), "an older senza goes on with it"
    assert Ground.from_json(json.loads(json.dumps(OLD.to_json()))) == OLD


def test_steps_survive_the_journal() -> None:
    rollout = Rollout(hooks=(Hook(When.AFTER_STEP, run="true"),), keep=Keep(1, 60.0))
    plan = plan_forward(rollout, OLD)
    assert tuple(from_json(to_json(step)) for step in plan) == plan
    assert Ground.from_json(OLD.to_json()) == OLD


def test_every_step_says_what_it_does() -> None:
    required = {"weight": 10, "seconds": 60.0, "number": 0, "what": "true", "versions": 1}
    for kind in STEPS.values():
        fields = {name: value for name, value in required.items() if name in kind.__dataclass_fields__}
        assert kind("shop-2", **fields).says
