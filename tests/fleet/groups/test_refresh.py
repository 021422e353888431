"""Instance refresh: watched to its end, joined, cancelled, rolled back to what the instances were."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from senza.errors import AwsError, NotFound, OperationFailed, Refused, TimedOut
from senza.fleet.marks import REFRESH_TAG
from senza.fleet.patch import Wish, plan_patch
from senza.fleet.refresh import newest_refresh, previous_version
from senza.fleet.respawn import Manner, plan_cancel, plan_respawn
from senza.sandbox.embedded import EmbeddedSandbox
from tests.conftest import FakeClock
from tests.fleet.groups.conftest import OTHER_IMAGE, Carry, Fleet


def respawn(fleet: Fleet, carry: Carry, **manner: Any) -> None:
    carry(plan_respawn(fleet.aws, fleet.the_group(), Manner(**manner)))


def used(fleet: Fleet) -> tuple[str, list[str], bool]:
    """(the version that the group has, those of its instances, whether it is marked)."""
    group = fleet.the_group()
    assert group.template is not None
    return group.template.version, fleet.launched(), REFRESH_TAG in group.tags


def last(fleet: Fleet) -> dict[str, Any]:
    name = fleet.the_group().name
    answer = fleet.aws.call("autoscaling", "describe_instance_refreshes", AutoScalingGroupName=name)
    found: dict[str, Any] = answer["InstanceRefreshes"][0]
    return found


def test_it_is_watched_to_its_end(fleet: Fleet, carry: Carry, sandbox: EmbeddedSandbox) -> None:
    fleet.create(sizes=(1, 3, 3))
    fleet.outdate()
    sandbox.settings.launch_seconds = 60
    sandbox.advance(100)
    steps = plan_respawn(fleet.aws, fleet.the_group(), Manner())
    assert [step.says for step in steps] == [
        "Replace 3 of 3 instances of app-1 AppServer by refresh, back to version 1 if it fails"
    ]
    assert steps[0].undone_by == "senza respawn-instances app 1 --cancel"
    carry(steps)
    assert carry.said[1:] == [
        "Pending, 0 % done, 3 instances left",
        "InProgress, 0 % done, 3 instances left",
        "InProgress, 33 % done, 2 instances left",
        "InProgress, 66 % done, 1 instances left",
        "100 % done",
    ]
    assert used(fleet) == ("2", ["2", "2", "2"], False)
    preferences = last(fleet)["Preferences"]
    assert preferences == {
        "MinHealthyPercentage": 100,
        "MaxHealthyPercentage": 110,
        "SkipMatching": True,
        "AutoRollback": True,
    }
    assert plan_respawn(fleet.aws, fleet.the_group(), Manner()) == []


@pytest.mark.parametrize("launch", ["latest", "default", "mixed"])
def test_every_kind_of_launch_template(fleet: Fleet, carry: Carry, launch: str) -> None:
    fleet.create(launch=launch)
    carry(plan_patch(fleet.aws, fleet.the_group(), Wish(image=OTHER_IMAGE)))
    version = used(fleet)[0]
    respawn(fleet, carry)
    assert used(fleet) == (version, ["2", "2"], False)
    assert last(fleet)["Preferences"].get("AutoRollback", False) == (launch == "mixed")
    if launch == "mixed":
        assert [one["InstanceType"] for one in fleet.the_group().overrides] == ["t3.small", "t3.medium"]


def test_no_rollback_to_an_image_that_is_a_parameter(fleet: Fleet) -> None:
    fleet.create()
    named, by_parameter = fleet.new_version(), fleet.new_version(ImageId="resolve:ssm:/app/image")
    group = fleet.the_group()
    assert group.template is not None
    for version, expected in ((named, named), (by_parameter, "")):
        members = tuple(replace(one, launched=(group.template.id, version)) for one in group.members)
        assert previous_version(fleet.aws, replace(group, members=members), "1") == expected


def test_no_rollback_to_another_template(fleet: Fleet) -> None:
    fleet.create()
    group = fleet.the_group()
    members = tuple(replace(one, launched=("lt-0other", "1")) for one in group.members)
    assert previous_version(fleet.aws, replace(group, members=members), "1") == ""


def test_with_force_all_are_replaced(fleet: Fleet, carry: Carry) -> None:
    fleet.create()
    before = {one.id for one in fleet.the_group().members}
    assert plan_respawn(fleet.aws, fleet.the_group(), Manner()) == []
    respawn(fleet, carry, everything=True)
    assert not before & {one.id for one in fleet.the_group().members}
    assert used(fleet) == ("1", ["1", "1"], False)


def test_a_failed_one_is_rolled_back_to_what_the_instances_were(
    fleet: Fleet, carry: Carry, sandbox: EmbeddedSandbox
) -> None:
    fleet.create()
    fleet.outdate()
    sandbox.settings.refresh_failure = "Instances fail their health checks."
    with pytest.raises(OperationFailed) as raised:
        respawn(fleet, carry)
    assert "app-1 AppServer failed and was rolled back at " in raised.value.message
    assert raised.value.message.endswith(": Instances fail their health checks.")
    assert used(fleet) == ("1", ["1", "1"], False)


def test_one_that_nobody_can_roll_back_fails(fleet: Fleet, carry: Carry, sandbox: EmbeddedSandbox) -> None:
    fleet.create(launch="latest")
    fleet.new_version()
    sandbox.settings.refresh_failure = "Instances fail their health checks."
    with pytest.raises(OperationFailed, match="app-1 AppServer failed at 50 %: Instances fail"):
        respawn(fleet, carry)


class Impatient(FakeClock):
    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        if len(self.slept) == 3:
            raise KeyboardInterrupt


def test_ctrl_c_leaves_it_running_and_the_next_run_joins(
    fleet: Fleet, carry: Carry, sandbox: EmbeddedSandbox, clock: FakeClock
) -> None:
    fleet.create()
    fleet.outdate()
    sandbox.settings.launch_seconds = 60
    carry.clock = Impatient(sandbox)
    with pytest.raises(KeyboardInterrupt):
        respawn(fleet, carry)
    assert carry.said[-1] == (
        "The refresh goes on without us: senza respawn-instances app 1 watches it again, "
        "senza respawn-instances app 1 --cancel stops it."
    )
    carry.clock = clock
    with pytest.raises(Refused, match="instance refresh of app-1 AppServer is under way"):
        respawn(fleet, carry, inplace=True)
    with pytest.raises(Refused, match="being replaced by those of version 2"):
        plan_patch(fleet.aws, fleet.the_group(), Wish(image=OTHER_IMAGE))
    steps = plan_respawn(fleet.aws, fleet.the_group(), Manner())
    assert [step.says for step in steps] == ["Follow the instance refresh of app-1 AppServer"]
    carry(steps)
    assert carry.said[1] == "an instance refresh is under way already; this waits for it"
    assert used(fleet) == ("2", ["2", "2"], False)
    name = fleet.the_group().name
    refreshes = fleet.aws.call("autoscaling", "describe_instance_refreshes", AutoScalingGroupName=name)
    assert len(refreshes["InstanceRefreshes"]) == 1


@pytest.mark.parametrize("failure", ["", "Instances fail their health checks."])
def test_one_that_ended_while_nobody_watched_is_told(
    fleet: Fleet, carry: Carry, sandbox: EmbeddedSandbox, clock: FakeClock, failure: str
) -> None:
    fleet.create()
    fleet.outdate()
    sandbox.settings.launch_seconds, sandbox.settings.refresh_failure = 60, failure
    carry.clock = Impatient(sandbox)
    with pytest.raises(KeyboardInterrupt):
        respawn(fleet, carry)
    sandbox.advance(1000)
    carry.clock = clock
    if failure:
        with pytest.raises(OperationFailed, match="rolled back"):
            respawn(fleet, carry)
        assert used(fleet) == ("1", ["1", "1"], False)
    else:
        respawn(fleet, carry)
        assert used(fleet) == ("2", ["2", "2"], False)
    assert plan_respawn(fleet.aws, fleet.the_group(), Manner()) == []


def test_cancelling(fleet: Fleet, carry: Carry, sandbox: EmbeddedSandbox, clock: FakeClock) -> None:
    fleet.create()
    fleet.outdate()
    with pytest.raises(NotFound, match="the instances of app-1 AppServer are not being replaced"):
        plan_cancel(fleet.aws, fleet.the_group())
    sandbox.settings.launch_seconds = 60
    carry.clock = Impatient(sandbox)
    with pytest.raises(KeyboardInterrupt):
        respawn(fleet, carry)
    carry.clock = clock
    assert used(fleet)[0] == "1"
    steps = plan_cancel(fleet.aws, fleet.the_group())
    carry(steps)
    assert carry.said[-1] == "cancelled"
    version, _, marked = used(fleet)
    assert (version, marked) == ("2", False)
    with pytest.raises(NotFound):
        carry(steps)


def test_its_time_is_limited(fleet: Fleet, carry: Carry, sandbox: EmbeddedSandbox) -> None:
    fleet.create()
    fleet.outdate()
    sandbox.settings.launch_seconds = 1000
    with pytest.raises(TimedOut) as raised:
        respawn(fleet, carry, timeout=60)
    assert raised.value.message == (
        "after 60 seconds the instance refresh of app-1 AppServer is InProgress, 0 % done, 2 instances left"
    )
    assert "It goes on." in raised.value.hint


@pytest.mark.parametrize("operation", ["StartInstanceRefresh", "DescribeInstanceRefreshes"])
def test_where_it_is_not_allowed_instances_are_replaced_one_by_one(
    fleet: Fleet, carry: Carry, sandbox: EmbeddedSandbox, operation: str
) -> None:
    fleet.create()
    fleet.outdate()
    sandbox.faults.add(f"autoscaling:{operation}", code="AccessDenied", status=403, times=None)
    respawn(fleet, carry)
    assert used(fleet) == ("2", ["2", "2"], False)
    assert fleet.sizes() == (1, 2, 2)
    if operation == "StartInstanceRefresh":
        assert any("so its instances are replaced one by one" in line for line in carry.said)


def test_a_lost_answer_starts_no_second_one(fleet: Fleet, carry: Carry, sandbox: EmbeddedSandbox) -> None:
    fleet.create()
    fleet.outdate()
    sandbox.settings.launch_seconds = 60
    sandbox.faults.add("autoscaling:StartInstanceRefresh", when="after", drop=True)
    respawn(fleet, carry)
    assert used(fleet) == ("2", ["2", "2"], False)


def test_an_error_on_the_way_gives_the_group_its_version_back(
    fleet: Fleet, carry: Carry, sandbox: EmbeddedSandbox
) -> None:
    fleet.create()
    fleet.outdate()
    sandbox.faults.add("autoscaling:StartInstanceRefresh", code="LimitExceeded", status=400)
    with pytest.raises(AwsError, match="LimitExceeded"):
        respawn(fleet, carry)
    assert used(fleet) == ("2", ["1", "1"], False)
    assert newest_refresh(fleet.aws, fleet.the_group().name) is None


@pytest.mark.parametrize("process", ["Launch", "Terminate"])
def test_a_group_that_may_not_change_is_refused(fleet: Fleet, process: str) -> None:
    fleet.create()
    fleet.outdate()
    name = fleet.the_group().name
    fleet.aws.call("autoscaling", "suspend_processes", AutoScalingGroupName=name, ScalingProcesses=[process])
    with pytest.raises(Refused, match=f"{process} of app-1 AppServer is suspended"):
        plan_respawn(fleet.aws, fleet.the_group(), Manner())


def test_instances_in_standby_are_left_alone(fleet: Fleet, carry: Carry) -> None:
    fleet.create()
    fleet.outdate()
    first = fleet.the_group().members[0].id
    fleet.aws.call(
        "autoscaling",
        "enter_standby",
        AutoScalingGroupName=fleet.the_group().name,
        InstanceIds=[first],
        ShouldDecrementDesiredCapacity=True,
    )
    respawn(fleet, carry, inplace=True)
    assert first in {one.id for one in fleet.the_group().members}
