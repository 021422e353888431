"""Groups that live: instances take their time, remember their launch settings, and are refreshed."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from senza.aws import Aws
from senza.errors import AwsError
from senza.sandbox.embedded import EmbeddedSandbox
from tests.sandbox.stacks import Stacks
from tests.sandbox.test_services import balancer, group, launch

REFRESH = {"MinHealthyPercentage": 100, "MaxHealthyPercentage": 110, "SkipMatching": True}


@pytest.fixture
def subnets(sandbox: EmbeddedSandbox) -> list[str]:
    found: dict[str, str] = sandbox.values["subnets"]
    return [found[f"internal-eu-central-1{zone}"] for zone in "abc"]


class TheGroup:
    """The only group of the account."""

    def __init__(self, aws: Aws) -> None:
        self.aws = aws

    def now(self) -> dict[str, Any]:
        found: dict[str, Any] = self.aws.call("autoscaling", "describe_auto_scaling_groups")["AutoScalingGroups"][0]
        return found

    @property
    def name(self) -> str:
        return str(self.now()["AutoScalingGroupName"])

    def call(self, operation: str, **given: Any) -> dict[str, Any]:
        return self.aws.call("autoscaling", operation, AutoScalingGroupName=self.name, **given)

    def versions(self) -> list[str]:
        return sorted(one["LaunchTemplate"]["Version"] for one in self.now()["Instances"])

    def new_version(self, **data: str) -> dict[str, str]:
        template = self.now()["LaunchTemplate"]
        given = {"LaunchTemplateId": template["LaunchTemplateId"], "SourceVersion": template["Version"]}
        made = self.aws.call("ec2", "create_launch_template_version", LaunchTemplateData=data, **given)
        return {
            "LaunchTemplateId": template["LaunchTemplateId"],
            "Version": str(made["LaunchTemplateVersion"]["VersionNumber"]),
        }

    def refresh(self) -> dict[str, Any]:
        found: dict[str, Any] = self.call("describe_instance_refreshes")["InstanceRefreshes"][0]
        return found


@pytest.fixture
def the_group(stacks: Stacks, sandbox: EmbeddedSandbox, aws: Aws, subnets: list[str]) -> TheGroup:
    """Three instances behind a classic load balancer."""
    stacks.create(
        "app-1",
        {"Balancer": balancer(sandbox, subnets), "Launch": launch(sandbox), "Group": group(subnets)},
    )
    return TheGroup(aws)


def test_instances_remember_the_version_they_were_launched_with(the_group: TheGroup) -> None:
    the_group.call("update_auto_scaling_group", LaunchTemplate=the_group.new_version(InstanceType="t3.micro"))
    assert the_group.versions() == ["1", "1", "1"]
    the_group.call("set_desired_capacity", DesiredCapacity=4)
    assert the_group.versions() == ["1", "1", "1", "2"]


def test_a_new_version_inherits_from_its_source(the_group: TheGroup, aws: Aws) -> None:
    user_data = base64.b64encode(b"#cloud-config\nnew\n").decode()
    new = the_group.new_version(UserData=user_data)
    answer = aws.call(
        "ec2", "describe_launch_template_versions", LaunchTemplateId=new["LaunchTemplateId"], Versions=["1", "2"]
    )
    before, after = (one["LaunchTemplateData"] for one in answer["LaunchTemplateVersions"])
    assert after == before | {"UserData": user_data}
    the_group.call("update_auto_scaling_group", LaunchTemplate=new)
    the_group.call("set_desired_capacity", DesiredCapacity=4)
    assert the_group.versions()[-1] == "2"


def test_instances_take_their_time(the_group: TheGroup, sandbox: EmbeddedSandbox, aws: Aws) -> None:
    sandbox.settings.launch_seconds, sandbox.settings.healthy_seconds = 30, 20

    def states() -> tuple[list[str], list[str]]:
        health = aws.call("elb", "describe_instance_health", LoadBalancerName="app-1")["InstanceStates"]
        return sorted(one["LifecycleState"] for one in the_group.now()["Instances"]), sorted(
            one["State"] for one in health
        )

    sandbox.advance(100)
    the_group.call("set_desired_capacity", DesiredCapacity=4)
    assert states() == (["InService"] * 3 + ["Pending"], ["InService"] * 3 + ["OutOfService"])
    sandbox.advance(30)
    assert states() == (["InService"] * 4, ["InService"] * 3 + ["OutOfService"])
    sandbox.advance(20)
    assert states() == (["InService"] * 4, ["InService"] * 4)


def test_suspended_processes_do_nothing_until_they_are_resumed(the_group: TheGroup) -> None:
    the_group.call("suspend_processes", ScalingProcesses=["Launch", "Terminate"])
    the_group.call("set_desired_capacity", DesiredCapacity=5)
    assert (the_group.now()["DesiredCapacity"], len(the_group.now()["Instances"])) == (5, 3)
    the_group.call("resume_processes", ScalingProcesses=["Launch"])
    assert len(the_group.now()["Instances"]) == 5
    the_group.call("set_desired_capacity", DesiredCapacity=1)
    assert len(the_group.now()["Instances"]) == 5
    the_group.call("resume_processes", ScalingProcesses=["Terminate"])
    assert len(the_group.now()["Instances"]) == 1


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"DesiredCapacity": 6}, "Desired capacity:6 must be between the specified min size:1 and max size:5"),
        ({"DesiredCapacity": 1, "MinSize": 2}, "Desired capacity:1 must be between the specified min size:2"),
        ({"MinSize": 6}, "Max bound, 5, must be greater than or equal to min bound, 6"),
    ],
)
def test_sizes_are_checked_against_what_the_group_will_be(
    the_group: TheGroup, given: dict[str, int], said: str
) -> None:
    with pytest.raises(AwsError) as raised:
        the_group.call("update_auto_scaling_group", **given)
    assert said in raised.value.message
    assert the_group.now()["DesiredCapacity"] == 3


def test_bounds_move_the_desired_capacity(the_group: TheGroup) -> None:
    the_group.call("update_auto_scaling_group", MaxSize=2)
    assert (the_group.now()["DesiredCapacity"], len(the_group.now()["Instances"])) == (2, 2)
    the_group.call("update_auto_scaling_group", MinSize=4, MaxSize=4)
    assert the_group.now()["DesiredCapacity"] == 4


def test_terminating_in_the_group(the_group: TheGroup, aws: Aws) -> None:
    first = the_group.now()["Instances"][0]["InstanceId"]

    def terminate(ident: str, decrement: bool) -> None:
        aws.call(
            "autoscaling",
            "terminate_instance_in_auto_scaling_group",
            InstanceId=ident,
            ShouldDecrementDesiredCapacity=decrement,
        )

    terminate(first, False)
    left = [one["InstanceId"] for one in the_group.now()["Instances"]]
    assert (len(left), first in left) == (3, False)
    with pytest.raises(AwsError, match="No managed instance found"):
        terminate(first, False)
    the_group.call("update_auto_scaling_group", MinSize=3)
    with pytest.raises(AwsError, match="violate group's min size"):
        terminate(left[0], True)


def test_a_policy_survives_an_update_of_sizes(the_group: TheGroup) -> None:
    template = {key: the_group.now()["LaunchTemplate"][key] for key in ("LaunchTemplateId", "Version")}
    policy = {
        "LaunchTemplate": {
            "LaunchTemplateSpecification": template,
            "Overrides": [{"InstanceType": "t3.small"}, {"InstanceType": "t3.medium"}],
        }
    }
    the_group.call("update_auto_scaling_group", MixedInstancesPolicy=policy)
    the_group.call("update_auto_scaling_group", MaxSize=4)
    now = the_group.now()
    assert "LaunchTemplate" not in now
    assert [one["InstanceType"] for one in now["MixedInstancesPolicy"]["LaunchTemplate"]["Overrides"]] == [
        "t3.small",
        "t3.medium",
    ]


# -- instance refresh


def test_a_refresh_replaces_instances_and_changes_the_group_in_the_end(
    the_group: TheGroup, sandbox: EmbeddedSandbox
) -> None:
    sandbox.settings.launch_seconds = 30
    sandbox.advance(100)
    desired = {"LaunchTemplate": the_group.new_version(InstanceType="t3.micro")}
    preferences = REFRESH | {"AutoRollback": True}
    ident = the_group.call("start_instance_refresh", Preferences=preferences, DesiredConfiguration=desired)
    assert the_group.refresh()["Status"] == "Pending"
    with pytest.raises(AwsError) as raised:
        the_group.call("start_instance_refresh", Preferences=REFRESH)
    assert raised.value.code == "InstanceRefreshInProgress"
    with pytest.raises(AwsError, match="cannot be updated while an instance refresh"):
        the_group.call("update_auto_scaling_group", **desired)
    the_group.call("update_auto_scaling_group", MaxSize=6)
    sandbox.advance(5)
    assert (the_group.versions(), the_group.now()["LaunchTemplate"]["Version"]) == (["1", "1", "1", "2"], "1")
    sandbox.advance(30)
    refresh = the_group.refresh()
    assert (refresh["Status"], refresh["PercentageComplete"], refresh["InstancesToUpdate"]) == ("InProgress", 33, 2)
    sandbox.advance(60)
    refresh = the_group.refresh()
    assert refresh["InstanceRefreshId"] == ident["InstanceRefreshId"]
    assert (refresh["Status"], refresh["PercentageComplete"]) == ("Successful", 100)
    assert (the_group.versions(), the_group.now()["LaunchTemplate"]["Version"]) == (["2"] * 3, "2")


def test_what_matches_is_skipped_only_when_asked(the_group: TheGroup) -> None:
    def ids() -> set[str]:
        return {one["InstanceId"] for one in the_group.now()["Instances"]}

    before = ids()
    the_group.call("start_instance_refresh", Preferences=REFRESH)
    assert ids() == before
    the_group.call("start_instance_refresh", Preferences=REFRESH | {"SkipMatching": False})
    assert not ids() & before


def test_a_refresh_that_fails_is_rolled_back_or_left(the_group: TheGroup, sandbox: EmbeddedSandbox) -> None:
    sandbox.settings.refresh_failure = "Instances do not become healthy."
    desired = {"LaunchTemplate": the_group.new_version(InstanceType="t3.micro")}
    the_group.call("start_instance_refresh", Preferences=REFRESH, DesiredConfiguration=desired)
    assert (the_group.refresh()["Status"], the_group.versions()) == ("Failed", ["1", "1", "2"])
    preferences = REFRESH | {"AutoRollback": True}
    the_group.call("start_instance_refresh", Preferences=preferences, DesiredConfiguration=desired)
    refresh = the_group.refresh()
    assert (refresh["Status"], refresh["StatusReason"]) == ("RollbackSuccessful", "Instances do not become healthy.")
    assert (the_group.versions(), the_group.now()["LaunchTemplate"]["Version"]) == (["1"] * 3, "1")


def test_a_refresh_can_be_cancelled_or_rolled_back(the_group: TheGroup, sandbox: EmbeddedSandbox) -> None:
    sandbox.settings.launch_seconds = 30
    for operation in ("cancel_instance_refresh", "rollback_instance_refresh"):
        with pytest.raises(AwsError) as raised:
            the_group.call(operation)
        assert raised.value.code == "ActiveInstanceRefreshNotFound"
    desired = {"LaunchTemplate": the_group.new_version(InstanceType="t3.micro")}
    the_group.call("start_instance_refresh", Preferences=REFRESH, DesiredConfiguration=desired)
    sandbox.advance(40)
    the_group.call("rollback_instance_refresh")
    assert the_group.refresh()["Status"] == "RollbackInProgress"
    sandbox.advance(200)
    assert (the_group.refresh()["Status"], the_group.versions()) == ("RollbackSuccessful", ["1"] * 3)
    the_group.call("start_instance_refresh", Preferences=REFRESH, DesiredConfiguration=desired)
    sandbox.advance(40)
    the_group.call("cancel_instance_refresh")
    sandbox.advance(40)
    assert the_group.refresh()["Status"] == "Cancelled"
    the_group.call("start_instance_refresh", Preferences=REFRESH)
    with pytest.raises(AwsError) as raised:
        the_group.call("rollback_instance_refresh")
    assert raised.value.code == "IrreversibleInstanceRefresh"


@pytest.mark.parametrize(
    ("preferences", "said"),
    [
        ({"MaxHealthyPercentage": 110}, "MinHealthyPercentage must be specified"),
        ({"MinHealthyPercentage": 50, "MaxHealthyPercentage": 160}, "cannot exceed 100"),
        ({"MinHealthyPercentage": 100, "MaxHealthyPercentage": 100}, "cannot be replaced"),
        ({"AutoRollback": True}, "AutoRollback parameter cannot be set to true when the DesiredConfiguration"),
    ],
)
def test_preferences_that_aws_refuses(the_group: TheGroup, preferences: dict[str, Any], said: str) -> None:
    with pytest.raises(AwsError) as raised:
        the_group.call("start_instance_refresh", Preferences=preferences)
    assert (raised.value.code, said in raised.value.message) == ("ValidationError", True)


def test_no_rollback_to_a_version_that_moves(the_group: TheGroup) -> None:
    latest = the_group.now()["LaunchTemplate"] | {"Version": "$Latest"}
    del latest["LaunchTemplateName"]
    the_group.call("update_auto_scaling_group", LaunchTemplate=latest)
    with pytest.raises(AwsError, match=r"\$Latest or \$Default"):
        the_group.call(
            "start_instance_refresh",
            Preferences=REFRESH | {"AutoRollback": True},
            DesiredConfiguration={"LaunchTemplate": latest},
        )


def test_systems_manager_knows_running_instances(the_group: TheGroup, sandbox: EmbeddedSandbox, aws: Aws) -> None:
    first, second, third = (one["InstanceId"] for one in the_group.now()["Instances"])
    sandbox.settings.ssm_ping = {second: "ConnectionLost", third: ""}
    answer = aws.call(
        "ssm", "describe_instance_information", Filters=[{"Key": "InstanceIds", "Values": [first, second, third]}]
    )
    assert {one["InstanceId"]: one["PingStatus"] for one in answer["InstanceInformationList"]} == {
        first: "Online",
        second: "ConnectionLost",
    }
