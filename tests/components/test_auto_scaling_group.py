"""Groups: what the classic tool made of the same definition is noted where it was asked (stups-senza 2.1)."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from senza.errors import DefinitionError, NotFound
from tests.components.conftest import Compiles, definition

GROUP = "- App: {Type: Senza::AutoScalingGroup, Image: Base, InstanceType: t3.nano%s}"


def group(compiles: Compiles, more: str = "", *, force: bool = False, rest: str = "") -> dict[str, Any]:
    return compiles.component(GROUP % (f", {more}" if more else ""), force=force, rest=rest)


def launch(resources: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = resources["AppConfig"]["Properties"]["LaunchTemplateData"]
    return found


def fails(compiles: Compiles, more: str, *, rest: str = "") -> DefinitionError:
    with pytest.raises(DefinitionError) as caught:
        group(compiles, more, rest=rest)
    return caught.value


def test_a_launch_template_and_a_group_that_follows_its_versions(compiles: Compiles) -> None:
    resources = group(compiles)
    assert resources["AppConfig"]["Type"] == "AWS::EC2::LaunchTemplate"
    assert resources["App"]["Properties"]["LaunchTemplate"] == {
        "LaunchTemplateId": {"Ref": "AppConfig"},
        "Version": {"Fn::GetAtt": ["AppConfig", "LatestVersionNumber"]},
    }


def test_instances_have_no_public_address_unless_asked(compiles: Compiles) -> None:
    """On the interface: there the default of a public subnet does not count."""
    assert launch(group(compiles))["NetworkInterfaces"] == [{"DeviceIndex": 0, "AssociatePublicIpAddress": False}]
    with_address = launch(group(compiles, "AssociatePublicIpAddress: true, SecurityGroups: [sg-1]"))
    assert with_address["NetworkInterfaces"] == [
        {"DeviceIndex": 0, "AssociatePublicIpAddress": True, "Groups": ["sg-1"]}
    ]
    assert "SecurityGroupIds" not in with_address  # AWS takes groups in one of the two places only


@pytest.mark.parametrize(
    ("image", "more", "tokens"),
    [
        ("Base", "", "required"),
        ("LatestTaupageImage", "", "optional"),
        ("Base", ", MetadataOptions: {HttpTokens: optional, HttpPutResponseHopLimit: 2}", "optional"),
        ("LatestTaupageDevImage", ", MetadataOptions: {HttpTokens: required}", "required"),
    ],
)
def test_metadata_service_version_2(image: str, more: str, tokens: str, compiles: Compiles) -> None:
    entry = f"- App: {{Type: Senza::AutoScalingGroup, Image: {image}, InstanceType: t3.nano{more}}}"
    assert launch(compiles.component(entry))["MetadataOptions"]["HttpTokens"] == tokens


def test_words_of_a_launch_configuration_become_those_of_a_launch_template(compiles: Compiles) -> None:
    data = launch(
        group(
            compiles,
            "SpotPrice: 0.25, InstanceMonitoring: false, PlacementTenancy: dedicated, KeyName: ops, "
            "BlockDeviceMappings: [{DeviceName: /dev/b, NoDevice: true}, {DeviceName: /dev/c, NoDevice: false}]",
        )
    )
    assert data["InstanceMarketOptions"] == {"MarketType": "spot", "SpotOptions": {"MaxPrice": "0.25"}}
    assert data["Monitoring"] == {"Enabled": False}
    assert data["Placement"] == {"Tenancy": "dedicated"}
    assert data["KeyName"] == "ops"
    assert data["BlockDeviceMappings"] == [{"DeviceName": "/dev/b", "NoDevice": ""}, {"DeviceName": "/dev/c"}]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("role", {"Name": "role"}),
        ("{Ref: P}", {"Name": {"Ref": "P"}}),
        ("{'Fn::GetAtt': [P, Arn]}", {"Arn": {"Fn::GetAtt": ["P", "Arn"]}}),
        ("'arn:aws:iam::123456789012:instance-profile/p'", {"Arn": "arn:aws:iam::123456789012:instance-profile/p"}),
        ("{Name: {Ref: P}}", {"Name": {"Ref": "P"}}),
    ],
)
def test_instance_profile_forms(given: str, expected: Any, compiles: Compiles) -> None:
    assert launch(group(compiles, f"IamInstanceProfile: {given}"))["IamInstanceProfile"] == expected


def test_user_data_that_boots(compiles: Compiles) -> None:
    script = "#!/bin/sh\\necho hello"
    assert launch(group(compiles, f'UserData: "{script}"'))["UserData"] == {"Fn::Base64": "#!/bin/sh\necho hello"}
    encoded = base64.b64encode(b"#!/bin/sh\necho hello").decode()
    assert launch(group(compiles, f"UserData: {encoded}"))["UserData"] == encoded
    function = {"Fn::Base64": {"Fn::Sub": "#!/bin/sh\necho ${AWS::Region}"}}
    assert launch(group(compiles, f"UserData: {json.dumps(function)}"))["UserData"] == function
    # "test" is also base64, of three bytes that nothing boots from
    assert launch(group(compiles, "UserData: test"))["UserData"] == {"Fn::Base64": "test"}


def test_security_groups_of_every_kind(compiles: Compiles, labels: dict[str, str]) -> None:
    found = launch(
        group(
            compiles, "SecurityGroups: [{Ref: Mine}, sg-0abc, app-kio, app-hello-world, {'Fn::GetAtt': [G, GroupId]}]"
        )
    )["NetworkInterfaces"][0]["Groups"]
    named = [labels[item] for item in found[:2]]
    assert named == ["<sg:app-hello-world>", "<sg:app-kio>"]
    assert found[2:] == ["sg-0abc", {"Fn::GetAtt": ["G", "GroupId"]}, {"Ref": "Mine"}]
    one = launch(group(compiles, "SecurityGroups: app-kio"))["NetworkInterfaces"][0]["Groups"]
    assert [labels[item] for item in one] == ["<sg:app-kio>"]
    assert launch(group(compiles, "SecurityGroups: {Ref: G}"))["NetworkInterfaces"][0]["Groups"] == [{"Ref": "G"}]


def test_an_unknown_security_group_is_named(compiles: Compiles) -> None:
    with pytest.raises(NotFound, match='"app-nothing"') as caught:
        group(compiles, "SecurityGroups: [app-kio, app-nothing]")
    assert caught.value.where is not None
    assert caught.value.where.path[-2:] == ("SecurityGroups", 1)


def test_roles(compiles: Compiles) -> None:
    one = group(compiles, "IamRoles: [app-kio]")
    assert one["AppInstanceProfile"]["Properties"] == {"Path": "/", "Roles": ["app-kio"]}
    assert launch(one)["IamInstanceProfile"] == {"Name": {"Ref": "AppInstanceProfile"}}
    merged = group(compiles, "IamRoles: [app-kio, app-hello-world]")
    policies = [policy["PolicyName"] for policy in merged["AppRole"]["Properties"]["Policies"]]
    assert policies == ["app-kio-mint-read", "app-kio-metrics", "app-hello-world-mint-read", "app-hello-world-metrics"]
    assert merged["AppInstanceProfile"]["Properties"]["Roles"] == [{"Ref": "AppRole"}]
    assert "each must be a name" in str(fails(compiles, "IamRoles: [app-kio, {Ref: Other}]"))
    with pytest.raises(NotFound, match='no IAM role "nobody"'):
        group(compiles, "IamRoles: [nobody, app-kio]")


def test_load_balancers(compiles: Compiles) -> None:
    properties = group(compiles, "ElasticLoadBalancer: [A, B], ElasticLoadBalancerV2: C")["App"]["Properties"]
    assert properties["LoadBalancerNames"] == [{"Ref": "A"}, {"Ref": "B"}]
    assert properties["TargetGroupARNs"] == [{"Ref": "CTargetGroup"}]
    assert properties["HealthCheckType"] == "ELB"
    given = group(compiles, "LoadBalancerNames: [old-lb], DesiredCapacity: 2, MaxSize: 3")["App"]["Properties"]
    assert (given["LoadBalancerNames"], given["DesiredCapacity"], given["MaxSize"]) == (["old-lb"], "2", "3")
    assert given["HealthCheckType"] == "EC2"


def test_numbers_may_be_texts_and_functions(compiles: Compiles) -> None:
    resources = group(
        compiles, "AutoScaling: {Minimum: '2', Maximum: '10', DesiredCapacity: '1', SuccessRequires: '2'}"
    )
    properties = resources["App"]["Properties"]
    assert (properties["MinSize"], properties["MaxSize"], properties["DesiredCapacity"]) == ("2", "10", "2")
    assert resources["App"]["CreationPolicy"] == {"ResourceSignal": {"Count": 2, "Timeout": "PT15M"}}
    functions = group(compiles, "AutoScaling: {Minimum: {Ref: Min}, Maximum: {Ref: Max}}")["App"]["Properties"]
    assert (functions["MinSize"], functions["DesiredCapacity"]) == ({"Ref": "Min"}, {"Ref": "Min"})


@pytest.mark.parametrize(
    ("scaling", "message"),
    [
        ("{Minimum: 1}", "needs Maximum"),
        ("{Minimum: 5, Maximum: 3}", "Minimum 5 is more than Maximum 3"),
        ("{Minimum: one, Maximum: 3}", "must be a whole number, not 'one'"),
        ("{Minimum: 1, Maximum: 3, SuccessRequires: soon}", "says nothing about when"),
        ("{Minimum: 1, Maximum: 3, SuccessRequires: 1 within 13h}", "between 1s and 12h"),
        ("{Minimum: 1, Maximum: 3, MetricType: Memory}", "no MetricType Memory"),
        ("{Minimum: 1, Maximum: 3, MetricType: NetworkIn, ScaleUpThreshold: 1 GB}", "needs ScaleDownThreshold"),
        (
            "{Minimum: 1, Maximum: 3, MetricType: NetworkIn, ScaleUpThreshold: 1 XB, ScaleDownThreshold: 1}",
            "write e.g. 20 GB",
        ),
        ("{Minimum: 1, Maximum: 3, MetricType: CPU, ScaleUpThreshold: high}", "must be a percentage"),
        ("{Minimum: 1, Maximum: 3, Cooldwn: 3}", "has no property Cooldwn"),
        ("many", "AutoScaling must be a mapping"),
    ],
)
def test_mistakes_in_auto_scaling(scaling: str, message: str, compiles: Compiles) -> None:
    error = fails(compiles, f"AutoScaling: {scaling}")
    assert message in error.message
    assert error.where is not None
    assert "AutoScaling" in error.where.path
    assert error.where.line == 5


def test_adjustments_and_cooldowns(compiles: Compiles) -> None:
    """Classic: a general value counts for both directions, a particular one wins; down is negative."""
    resources = group(
        compiles,
        "AutoScaling: {Minimum: 1, Maximum: 9, ScalingAdjustment: 3, ScaleDownAdjustment: 2, "
        "Cooldown: 9, ScaleUpCooldown: 5}",
    )
    up, down = resources["AppScaleUp"]["Properties"], resources["AppScaleDown"]["Properties"]
    assert (up["ScalingAdjustment"], up["Cooldown"]) == (3, "5")
    assert (down["ScalingAdjustment"], down["Cooldown"]) == (-2, "9")


@pytest.mark.parametrize("metric", ["CPU", "cpu", "Cpu"])
def test_only_the_alarms_with_a_threshold(metric: str, compiles: Compiles) -> None:
    resources = group(
        compiles, f"AutoScaling: {{Minimum: 1, Maximum: 9, MetricType: {metric}, ScaleUpThreshold: '70'}}"
    )
    assert resources["AppCPUAlarmHigh"]["Properties"]["Threshold"] == "70"
    assert "AppCPUAlarmLow" not in resources


def test_a_policy_of_the_users_own_is_kept_if_it_is_of_this_group(compiles: Compiles) -> None:
    rest = (
        "Resources:\n  AppScaleUp:\n    Type: AWS::AutoScaling::ScalingPolicy\n    Properties:\n"
        "      {AdjustmentType: ExactCapacity, ScalingAdjustment: 7, AutoScalingGroupName: {Ref: %s}}\n"
    )
    kept = group(compiles, "AutoScaling: {Minimum: 1, Maximum: 9}", rest=rest % "App")
    assert kept["AppScaleUp"]["Properties"]["ScalingAdjustment"] == 7
    assert "does not belong to App" in str(
        fails(compiles, "AutoScaling: {Minimum: 1, Maximum: 9}", rest=rest % "Other")
    )


def test_tags_are_added_and_propagated(compiles: Compiles) -> None:
    tags = group(compiles, "Tags: [{Key: Team, Value: cheese, PropagateAtLaunch: false}]")["App"]["Properties"]["Tags"]
    assert [tag["Key"] for tag in tags] == ["Name", "StackName", "StackVersion", "Team"]
    assert all(tag["PropagateAtLaunch"] is True for tag in tags)


def test_other_ways_to_launch_replace_the_template(compiles: Compiles) -> None:
    properties = group(compiles, "LaunchConfigurationName: {Ref: Own}")["App"]["Properties"]
    assert properties["LaunchConfigurationName"] == {"Ref": "Own"}
    assert "LaunchTemplate" not in properties


@pytest.mark.parametrize(
    ("more", "hint"),
    [
        ("Autoscaling: {}", "Did you mean AutoScaling?"),
        ("Securitygroups: []", "Did you mean SecurityGroups?"),
        ("BlockDeviceMappings: [{DeviceName: /dev/a, Ebs: {VolumSize: 3}}]", "Did you mean VolumeSize"),
        ("MetadataOptions: {HttpToken: required}", "Did you mean HttpTokens"),
    ],
)
def test_a_misspelt_name_at_any_depth(more: str, hint: str, compiles: Compiles) -> None:
    error = fails(compiles, more)
    assert hint in error.hint
    assert error.where is not None
    assert error.where.line == 5
    forced = compiles(definition(GROUP % f", {more}"), force=True)
    assert any(hint in warning for warning in forced.warnings)
    assert "VolumSize" not in forced.template_body()


def test_attributes_of_resources_have_no_effect_and_say_so(compiles: Compiles) -> None:
    """Classic: leaves them out without a word, and files that have them work."""
    compiled = compiles(definition(GROUP % ", DependsOn: Queue, UpdatePolicy: {AutoScalingRollingUpdate: {}}"))
    assert {"DependsOn", "UpdatePolicy"}.isdisjoint(compiled.template["Resources"]["App"])
    assert sum("has no effect in a component" in warning for warning in compiled.warnings) == 2


def test_missing_properties(compiles: Compiles) -> None:
    for entry, missing in (
        ("- App: {Type: Senza::AutoScalingGroup, InstanceType: t3.nano}", "App needs Image"),
        ("- App: {Type: Senza::AutoScalingGroup, Image: Base}", "App needs InstanceType"),
        ("- my-app: {Type: Senza::AutoScalingGroup, Image: Base, InstanceType: t3.nano}", "not alphanumeric"),
    ):
        with pytest.raises(DefinitionError, match=missing):
            compiles.component(entry)
