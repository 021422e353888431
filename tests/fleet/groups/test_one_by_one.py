"""One by one: never less capacity than before, and everything as it was on every way out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from senza.aws import Aws, Call
from senza.errors import AwsError, SenzaError, TimedOut
from senza.fleet.marks import RESPAWN_TAG, mark
from senza.fleet.one_by_one import INTERVAL, PROCESSES, ReplaceOneByOne, memory_of
from senza.fleet.respawn import Manner, plan_cancel, plan_respawn
from senza.plan import execute
from senza.sandbox.embedded import EmbeddedSandbox
from tests.conftest import FakeClock
from tests.fleet.groups.conftest import OTHER_IMAGE, Carry, Fleet, Quiet

BEHIND = ("classic", "targets", "none")


def configured(fleet: Fleet, **more: Any) -> None:
    """A group on a launch configuration, with a newer one than its instances have."""
    fleet.create(launch="configuration", **more)
    name = fleet.the_group().configuration
    old = fleet.aws.call("autoscaling", "describe_launch_configurations", LaunchConfigurationNames=[name])
    settings = {key: old["LaunchConfigurations"][0][key] for key in ("InstanceType",)}
    fleet.aws.call(
        "autoscaling",
        "create_launch_configuration",
        LaunchConfigurationName="new",
        ImageId=OTHER_IMAGE,
        **settings,
    )
    fleet.point(LaunchConfigurationName="new")


def state(fleet: Fleet) -> tuple[Any, ...]:
    """What must be as before."""
    group = fleet.the_group()
    return fleet.sizes(), group.suspended, {key for key in group.tags if key.startswith("senza:")}


@pytest.fixture
def watched(sandbox: EmbeddedSandbox) -> Callable[[Fleet, Carry], list[int]]:
    """The numbers of instances in service, looked at whenever somebody waits."""

    def watch(fleet: Fleet, carry: Carry) -> list[int]:
        seen: list[int] = []

        class Watching(FakeClock):
            def sleep(self, seconds: float) -> None:
                super().sleep(seconds)
                seen.append(sum(one.in_service for one in fleet.the_group().members))

        carry.clock = Watching(sandbox)
        return seen

    return watch


@pytest.mark.parametrize("behind", BEHIND)
@pytest.mark.parametrize("inplace", [False, True])
def test_all_outdated_instances_are_replaced(
    fleet: Fleet,
    carry: Carry,
    sandbox: EmbeddedSandbox,
    watched: Callable[..., list[int]],
    behind: str,
    inplace: bool,
) -> None:
    configured(fleet, behind=behind, sizes=(1, 3, 3))
    sandbox.settings.launch_seconds, sandbox.settings.healthy_seconds = 30, 20
    sandbox.advance(100)
    before = state(fleet)
    seen = watched(fleet, carry)
    steps = plan_respawn(fleet.aws, fleet.the_group(), Manner(inplace=inplace))
    how = "in place" if inplace else "with one more meanwhile"
    assert steps[0].says.startswith(f"Replace 3 of 3 instances of app-1 AppServer one by one, {how}: i-")
    outcome = carry(steps)[0]
    assert outcome.facts == {"replaced": 3}
    assert fleet.launched() == ["new"] * 3
    assert state(fleet) == before
    assert min(seen) == (2 if inplace else 3)
    assert all(one.in_service for one in fleet.the_group().members)
    assert plan_respawn(fleet.aws, fleet.the_group(), Manner(inplace=inplace)) == []


def test_only_what_is_outdated_is_replaced_and_nothing_launched_in_vain(
    fleet: Fleet, carry: Carry, sandbox: EmbeddedSandbox
) -> None:
    configured(fleet)
    fleet.point(MaxSize=4, DesiredCapacity=4)
    kept = [one.id for one in fleet.the_group().members if one.configuration == "new"]
    carry(plan_respawn(fleet.aws, fleet.the_group(), Manner()))
    now = [one.id for one in fleet.the_group().members]
    assert set(kept) <= set(now)
    started = fleet.aws.call("ec2", "describe_instances")["Reservations"]
    assert sum(len(one["Instances"]) for one in started) == 4 + 2


def test_processes_are_suspended_meanwhile_and_only_ours_resumed(
    fleet: Fleet, carry: Carry, sandbox: EmbeddedSandbox
) -> None:
    configured(fleet)
    name = fleet.the_group().name
    fleet.aws.call("autoscaling", "suspend_processes", AutoScalingGroupName=name, ScalingProcesses=["AZRebalance"])
    sandbox.settings.launch_seconds = 30
    meanwhile: list[Any] = []

    class Looking(FakeClock):
        def sleep(self, seconds: float) -> None:
            super().sleep(seconds)
            meanwhile.append((state(fleet), memory_of(fleet.the_group())))

    carry.clock = Looking(sandbox)
    carry(plan_respawn(fleet.aws, fleet.the_group(), Manner()))
    (sizes, suspended, tags), memory = meanwhile[0]
    assert (sizes, suspended, tags) == ((1, 3, 3), set(PROCESSES), {RESPAWN_TAG})
    assert str(memory) == "min=1 desired=2 max=2 replace=outdated suspended=AlarmNotification/ScheduledActions"
    assert state(fleet) == ((1, 2, 2), {"AZRebalance"}, set())


def test_with_force_all_are_replaced(fleet: Fleet, carry: Carry) -> None:
    fleet.create(launch="configuration")
    before = {one.id for one in fleet.the_group().members}
    assert plan_respawn(fleet.aws, fleet.the_group(), Manner()) == []
    carry(plan_respawn(fleet.aws, fleet.the_group(), Manner(everything=True)))
    after = {one.id for one in fleet.the_group().members}
    assert (len(after), after & before) == (2, set())
    assert state(fleet) == ((1, 2, 2), frozenset(), set())


def test_broken_instances_go_first_and_need_not_be_healthy(
    fleet: Fleet, carry: Carry, sandbox: EmbeddedSandbox
) -> None:
    configured(fleet, sizes=(1, 3, 3))
    broken = [one.id for one in fleet.the_group().members][1:]
    sandbox.settings.instance_health = dict.fromkeys(broken, "OutOfService")
    carry(plan_respawn(fleet.aws, fleet.the_group(), Manner()))
    gone = [line.split()[1] for line in carry.said if line.startswith("terminating")]
    assert gone[:2] == broken
    assert fleet.launched() == ["new"] * 3


def test_new_instances_that_do_not_become_healthy_end_it(fleet: Fleet, carry: Carry, sandbox: EmbeddedSandbox) -> None:
    configured(fleet)
    sandbox.settings.healthy_seconds = 10_000
    sandbox.advance(20_000)
    before = state(fleet)
    with pytest.raises(TimedOut) as raised:
        carry(plan_respawn(fleet.aws, fleet.the_group(), Manner(timeout=600)))
    new = [one.id for one in fleet.the_group().members if one.configuration == "new"]
    assert raised.value.message.startswith("after 600 seconds still waiting for i-")
    assert raised.value.message.endswith("(InService) in app-1 AppServer and its load balancers")
    assert state(fleet) == before
    assert len(fleet.the_group().members) == 2, new


@pytest.mark.parametrize("sleep", [1, 4])
def test_ctrl_c_gives_everything_back(fleet: Fleet, carry: Carry, sandbox: EmbeddedSandbox, sleep: int) -> None:
    configured(fleet)
    sandbox.settings.launch_seconds = 20
    sandbox.advance(100)
    before = state(fleet)

    class Impatient(FakeClock):
        def sleep(self, seconds: float) -> None:
            super().sleep(seconds)
            if len(self.slept) == sleep:
                raise KeyboardInterrupt

    carry.clock = Impatient(sandbox)
    with pytest.raises(KeyboardInterrupt):
        carry(plan_respawn(fleet.aws, fleet.the_group(), Manner()))
    assert state(fleet) == before
    assert "Interrupted; app-1 AppServer gets its sizes and processes back." in carry.said


@pytest.mark.parametrize("operation", ["TerminateInstanceInAutoScalingGroup", "SuspendProcesses", "UpdateAutoScaling"])
def test_an_error_gives_everything_back(fleet: Fleet, carry: Carry, sandbox: EmbeddedSandbox, operation: str) -> None:
    configured(fleet)
    before = state(fleet)
    sandbox.faults.add(f"autoscaling:{operation}", code="AccessDenied", status=403)
    with pytest.raises(AwsError, match="AccessDenied"):
        carry(plan_respawn(fleet.aws, fleet.the_group(), Manner()))
    assert state(fleet) == before


def test_what_cannot_be_given_back_is_said_and_the_next_run_does_it(
    fleet: Fleet, carry: Carry, sandbox: EmbeddedSandbox
) -> None:
    configured(fleet)
    before = state(fleet)
    sandbox.faults.add("autoscaling:(Terminate|Resume)", code="AccessDenied", status=403, times=None)
    with pytest.raises(AwsError, match="TerminateInstanceInAutoScalingGroup"):
        carry(plan_respawn(fleet.aws, fleet.the_group(), Manner()))
    assert any("app-1 AppServer could not be restored" in line for line in carry.said)
    assert state(fleet)[2] == {RESPAWN_TAG}
    sandbox.faults.clear()
    carry(plan_respawn(fleet.aws, fleet.the_group(), Manner()))
    assert (state(fleet), fleet.launched()) == (before, ["new", "new"])


def test_a_killed_run_can_be_taken_back_instead_of_finished(
    fleet: Fleet, carry: Carry, sandbox: EmbeddedSandbox
) -> None:
    configured(fleet)
    before, launched = state(fleet), fleet.launched()
    sandbox.faults.add("autoscaling:(Terminate|Resume)", code="AccessDenied", status=403, times=None)
    with pytest.raises(AwsError):
        carry(plan_respawn(fleet.aws, fleet.the_group(), Manner()))
    sandbox.faults.clear()
    steps = plan_cancel(fleet.aws, fleet.the_group())
    assert [step.says for step in steps] == [
        "Stop replacing the instances of app-1 AppServer, and restore its sizes and processes"
    ]
    carry(steps)
    assert (state(fleet), len(fleet.launched())) == (before, len(launched))


def test_what_others_change_meanwhile_stays(fleet: Fleet, carry: Carry, sandbox: EmbeddedSandbox) -> None:
    configured(fleet)
    sandbox.settings.launch_seconds = 30

    class Meddling(FakeClock):
        def sleep(self, seconds: float) -> None:
            super().sleep(seconds)
            if len(self.slept) == 1:
                fleet.point(MaxSize=9, DesiredCapacity=5)

    carry.clock = Meddling(sandbox)
    carry(plan_respawn(fleet.aws, fleet.the_group(), Manner()))
    assert fleet.sizes()[2] == 9
    assert fleet.sizes()[1] >= 4
    assert set(fleet.launched()) == {"new"}


def test_a_tag_of_somebody_else_is_not_obeyed(fleet: Fleet) -> None:
    configured(fleet)
    mark(fleet.aws, fleet.the_group().name, RESPAWN_TAG, "hands off")
    with pytest.raises(SenzaError, match="is not one of senza's: 'hands off'"):
        plan_respawn(fleet.aws, fleet.the_group(), Manner())


def test_calls_while_waiting_do_not_grow(fleet: Fleet, sandbox: EmbeddedSandbox, clock: FakeClock) -> None:
    """The group, its instances' health: two calls a look."""
    configured(fleet)
    sandbox.settings.launch_seconds = 300
    sandbox.advance(1000)
    calls: list[Call] = []
    aws = Aws(endpoint=sandbox.endpoint, observe=calls.append)
    step = ReplaceOneByOne(fleet.the_group(), ("x",))
    execute([step], aws, clock, Quiet())
    looks = len(clock.slept)
    assert looks >= 2 * 300 / INTERVAL - 2
    assert len(calls) <= 2 * looks + 20
