"""New launch settings, on every kind that a group can have."""

from __future__ import annotations

import base64

import pytest

from senza.errors import AwsError, Refused, UsageError
from senza.fleet.groups import Group
from senza.fleet.launch import as_template_data, configuration_named
from senza.fleet.patch import Wish, plan_patch
from senza.sandbox.embedded import EmbeddedSandbox
from tests.fleet.groups.conftest import IMAGE, OTHER_IMAGE, USER_DATA, Carry, Fleet

EVERYTHING = Wish(OTHER_IMAGE, "t3.small", "environment: {LEVEL: debug}\nsource: stups/hello-world:0.2")
NEW_USER_DATA = USER_DATA.replace(":0.1", ":0.2") + "environment: {LEVEL: debug}\n"


@pytest.mark.parametrize(("launch", "version"), [("template", "2"), ("latest", "$Latest"), ("default", "$Default")])
def test_a_launch_template_gets_a_new_version_and_the_group_launches_with_it(
    fleet: Fleet, carry: Carry, launch: str, version: str
) -> None:
    fleet.create(launch=launch, KeyName="kept")
    steps = plan_patch(fleet.aws, fleet.the_group(), EVERYTHING)
    assert [step.says for step in steps] == [
        f"Patch app-1 AppServer: image {IMAGE} -> {OTHER_IMAGE}, instance type t2.micro -> t3.small, "
        "user data (environment, source)"
    ]
    assert "debug" not in repr(steps)
    carry(steps)
    template = fleet.the_group().template
    assert template is not None
    assert template.version == version
    assert fleet.version(version) == {
        "ImageId": OTHER_IMAGE,
        "InstanceType": "t3.small",
        "UserData": NEW_USER_DATA,
        "KeyName": "kept",
    }
    assert fleet.launched() == ["1", "1"]
    assert plan_patch(fleet.aws, fleet.the_group(), EVERYTHING) == []
    carry(steps)  # repeated by mistake: nothing new
    assert len(versions(fleet, fleet.the_group())) == 2
    fleet.point(MaxSize=3, DesiredCapacity=3)
    assert fleet.launched() == ["1", "1", "2"]


def versions(fleet: Fleet, group: Group) -> list[int]:
    assert group.template is not None
    answer = fleet.aws.call("ec2", "describe_launch_template_versions", LaunchTemplateId=group.template.id)
    return [one["VersionNumber"] for one in answer["LaunchTemplateVersions"]]


def test_a_version_that_nobody_uses_is_no_base(fleet: Fleet, carry: Carry) -> None:
    fleet.create()
    fleet.new_version(InstanceType="m5.large")
    carry(plan_patch(fleet.aws, fleet.the_group(), Wish(image=OTHER_IMAGE)))
    assert fleet.launched() == ["1", "1"]
    template = fleet.the_group().template
    assert template is not None
    assert template.version == "3"
    assert fleet.version("3")["InstanceType"] == "t2.micro"


def test_a_version_that_an_interrupted_run_made_is_taken(fleet: Fleet, carry: Carry) -> None:
    fleet.create()
    fleet.new_version(ImageId=OTHER_IMAGE)
    carry(plan_patch(fleet.aws, fleet.the_group(), Wish(image=OTHER_IMAGE)))
    assert versions(fleet, fleet.the_group()) == [1, 2]


def test_a_mixed_group_keeps_its_policy(fleet: Fleet, carry: Carry) -> None:
    fleet.create(launch="mixed")
    before = fleet.the_group()
    carry(plan_patch(fleet.aws, before, Wish(image=OTHER_IMAGE)))
    after = fleet.the_group()
    assert after.template is not None
    assert (after.template.version, after.overrides) == ("2", before.overrides)
    with pytest.raises(UsageError, match=r"names its instance types itself \(t3.small, t3.medium\)"):
        plan_patch(fleet.aws, after, Wish(instance_type="t3.large"))


def test_overrides_with_templates_of_their_own_are_refused(fleet: Fleet) -> None:
    fleet.create(launch="mixed")
    group = fleet.the_group()
    assert group.policy is not None
    assert group.template is not None
    own = {"LaunchTemplateId": group.template.id, "Version": "1"}
    overrides = [{"InstanceType": "t3.small", "LaunchTemplateSpecification": own}]
    fleet.point(MixedInstancesPolicy={"LaunchTemplate": {"LaunchTemplateSpecification": own, "Overrides": overrides}})
    with pytest.raises(Refused, match="launch templates of their own"):
        plan_patch(fleet.aws, fleet.the_group(), Wish(image=OTHER_IMAGE))


SETTINGS = {
    "SecurityGroups": ["sg-0123456789abcdef0"],
    "AssociatePublicIpAddress": False,
    "BlockDeviceMappings": [{"DeviceName": "/dev/sda1", "Ebs": {"VolumeSize": 10, "VolumeType": "gp3"}}],
}


def test_a_launch_configuration_gets_a_successor(fleet: Fleet, carry: Carry) -> None:
    fleet.create(launch="configuration", BlockDeviceMappings=SETTINGS["BlockDeviceMappings"])
    old = fleet.the_group().configuration
    steps = plan_patch(fleet.aws, fleet.the_group(), EVERYTHING)
    carry(steps)
    carry(steps)
    new = fleet.the_group().configuration
    assert new.startswith(f"{old}-senza-")
    before, after = configuration_named(fleet.aws, old), configuration_named(fleet.aws, new)
    assert base64.b64decode(after["UserData"]).decode() == NEW_USER_DATA
    changed = {"ImageId": OTHER_IMAGE, "InstanceType": "t3.small", "UserData": after["UserData"]}
    kept = set(before) - {"InstanceMonitoring"}  # moto shows its default only where the API set it
    assert {key: after[key] for key in kept} == {key: {**before, **changed}[key] for key in kept}
    assert after["BlockDeviceMappings"][0]["Ebs"]["VolumeSize"] == 10
    carry(plan_patch(fleet.aws, fleet.the_group(), Wish(instance_type="t3.large")))
    assert fleet.the_group().configuration.count("-senza-") == 1


def test_where_configurations_cannot_be_created_the_group_gets_a_template(
    fleet: Fleet, carry: Carry, sandbox: EmbeddedSandbox
) -> None:
    fleet.create(launch="configuration")
    sandbox.settings.allow_launch_configurations = False
    steps = plan_patch(fleet.aws, fleet.the_group(), Wish(image=OTHER_IMAGE))
    carry(steps)
    assert any("can no longer create launch configurations" in line for line in carry.said)
    group = fleet.the_group()
    assert (group.configuration, bool(group.template)) == ("", True)
    data = fleet.version("1")
    assert (data["ImageId"], data["InstanceType"], data["UserData"]) == (OTHER_IMAGE, "t2.micro", USER_DATA)
    carry(steps)
    assert fleet.the_group().template == group.template


def test_a_configuration_as_a_template() -> None:
    configuration = SETTINGS | {
        "ImageId": IMAGE,
        "InstanceType": "t2.micro",
        "EbsOptimized": False,
        "IamInstanceProfile": "arn:aws:iam::123456789012:instance-profile/app",
        "InstanceMonitoring": {"Enabled": True},
        "SpotPrice": "0.1",
        "PlacementTenancy": "dedicated",
        "MetadataOptions": {"HttpTokens": "required"},
    }
    configuration["BlockDeviceMappings"] = [
        *SETTINGS["BlockDeviceMappings"],
        {"DeviceName": "/dev/sdb", "NoDevice": True},
    ]  # type: ignore[misc]
    assert as_template_data(configuration) == {
        "ImageId": IMAGE,
        "InstanceType": "t2.micro",
        "EbsOptimized": False,
        "NetworkInterfaces": [
            {"DeviceIndex": 0, "AssociatePublicIpAddress": False, "Groups": ["sg-0123456789abcdef0"]}
        ],
        "IamInstanceProfile": {"Arn": "arn:aws:iam::123456789012:instance-profile/app"},
        "Monitoring": {"Enabled": True},
        "InstanceMarketOptions": {"MarketType": "spot", "SpotOptions": {"MaxPrice": "0.1"}},
        "Placement": {"Tenancy": "dedicated"},
        "MetadataOptions": {"HttpTokens": "required"},
        "BlockDeviceMappings": [
            {"DeviceName": "/dev/sda1", "Ebs": {"VolumeSize": 10, "VolumeType": "gp3"}},
            {"DeviceName": "/dev/sdb", "NoDevice": ""},
        ],
    }
    assert as_template_data({"SecurityGroups": ["sg-1"], "IamInstanceProfile": "app"}) == {
        "SecurityGroupIds": ["sg-1"],
        "IamInstanceProfile": {"Name": "app"},
    }


def test_user_data_has_a_limit(fleet: Fleet) -> None:
    fleet.create()
    with pytest.raises(
        UsageError, match=r"app-1 AppServer: the user data would have 17,0.. bytes, and EC2 takes 16,384"
    ):
        plan_patch(fleet.aws, fleet.the_group(), Wish(user_data=f"long: {'x' * 17_000}"))


def test_other_user_data_is_named_with_its_group(fleet: Fleet) -> None:
    fleet.create(user_data="#!/bin/sh\n")
    with pytest.raises(UsageError, match="app-1 AppServer: the user data does not begin with #taupage-ami-config"):
        plan_patch(fleet.aws, fleet.the_group(), Wish(user_data="a: 1"))


def test_other_errors_are_not_taken_for_the_missing_permission(
    fleet: Fleet, carry: Carry, sandbox: EmbeddedSandbox
) -> None:
    fleet.create(launch="configuration")
    sandbox.faults.add("autoscaling:CreateLaunchConfiguration", code="AccessDenied", status=403)
    with pytest.raises(AwsError) as raised:
        carry(plan_patch(fleet.aws, fleet.the_group(), Wish(image=OTHER_IMAGE)))
    assert raised.value.code == "AccessDenied"
    assert fleet.the_group().configuration
