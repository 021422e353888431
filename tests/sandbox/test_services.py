"""Balancers, groups, launch settings and certificates as stacks and look-ups find them."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from senza.aws import Aws
from senza.errors import AwsError
from senza.sandbox.embedded import EmbeddedSandbox
from senza.sandbox.world import Failure
from tests.sandbox.stacks import Stacks

LISTENER = {"LoadBalancerPort": "443", "InstancePort": "8080", "Protocol": "TCP"}


@pytest.fixture
def subnets(sandbox: EmbeddedSandbox) -> list[str]:
    """The internal subnets of zones a, b, c."""
    found: dict[str, str] = sandbox.values["subnets"]
    return [found[f"internal-eu-central-1{zone}"] for zone in "abc"]


def group_id(sandbox: EmbeddedSandbox, name: str) -> str:
    return next(ident for ident, label in sandbox.labels.items() if label == f"<sg:{name}>")


def balancer(sandbox: EmbeddedSandbox, subnets: list[str], **other: Any) -> dict[str, Any]:
    properties = {
        "LoadBalancerName": "app-1",
        "Scheme": "internal",
        "Subnets": subnets,
        "SecurityGroups": [group_id(sandbox, "app-hello-world-lb")],
        "Listeners": [LISTENER],
        "CrossZone": "true",
        "ConnectionDrainingPolicy": {"Enabled": True, "Timeout": "60"},
        "HealthCheck": {
            "Target": "HTTP:8080/health",
            "Interval": "10",
            "Timeout": "5",
            "HealthyThreshold": "2",
            "UnhealthyThreshold": "2",
        },
        "Tags": [{"Key": "Name", "Value": "app-1"}],
    }
    return {"Type": "AWS::ElasticLoadBalancing::LoadBalancer", "Properties": properties | other}


def launch(sandbox: EmbeddedSandbox, user_data: str = "#cloud-config\n", **other: Any) -> dict[str, Any]:
    data = {
        "ImageId": "ami-0a000000000000001",
        "InstanceType": "t2.micro",
        "SecurityGroupIds": [group_id(sandbox, "app-hello-world")],
        "UserData": {"Fn::Base64": user_data},
    }
    return {"Type": "AWS::EC2::LaunchTemplate", "Properties": {"LaunchTemplateData": data | other}}


def group(subnets: list[str], **other: Any) -> dict[str, Any]:
    properties = {
        "MinSize": "1",
        "MaxSize": 5,
        "DesiredCapacity": "3",
        "VPCZoneIdentifier": subnets,
        "LoadBalancerNames": [{"Ref": "Balancer"}],
        "LaunchTemplate": {
            "LaunchTemplateId": {"Ref": "Launch"},
            "Version": {"Fn::GetAtt": ["Launch", "LatestVersionNumber"]},
        },
        "Tags": [{"Key": "Name", "Value": "app-1", "PropagateAtLaunch": "true"}],
    }
    return {"Type": "AWS::AutoScaling::AutoScalingGroup", "Properties": properties | other}


def modern(sandbox: EmbeddedSandbox, subnets: list[str], kind: str, weight: str) -> dict[str, Any]:
    """A balancer of the new kind with a target group and a listener."""
    protocol = "TCP" if kind == "network" else "HTTP"
    target = {
        "Name": "app-1",
        "Port": "8080",
        "Protocol": protocol,
        "VpcId": sandbox.values["vpc_id"],
        "HealthCheckIntervalSeconds": "10",
        "TargetGroupAttributes": [{"Key": "deregistration_delay.timeout_seconds", "Value": "60"}],
    }
    action = {
        "Type": "forward",
        "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": {"Ref": "Target"}, "Weight": weight}]},
    }
    return {
        "Balancer": {
            "Type": "AWS::ElasticLoadBalancingV2::LoadBalancer",
            "Properties": {"Name": "app-1", "Type": kind, "Subnets": subnets, "Scheme": "internal"},
        },
        "Target": {"Type": "AWS::ElasticLoadBalancingV2::TargetGroup", "Properties": target},
        "Listener": {
            "Type": "AWS::ElasticLoadBalancingV2::Listener",
            "Properties": {
                "LoadBalancerArn": {"Ref": "Balancer"},
                "Port": 80,
                "Protocol": protocol,
                "DefaultActions": [action],
            },
        },
    }


def instances(aws: Aws) -> list[dict[str, Any]]:
    found = aws.pages("ec2", "describe_instances", "Reservations")
    return [one for reservation in found for one in reservation["Instances"] if one["State"]["Name"] == "running"]


def test_a_classic_balancer_keeps_what_its_template_says(
    stacks: Stacks, sandbox: EmbeddedSandbox, aws: Aws, subnets: list[str]
) -> None:
    zone = {"Zone": {"Value": {"Fn::GetAtt": ["Balancer", "CanonicalHostedZoneNameID"]}}}
    stacks.create("app-1", {"Balancer": balancer(sandbox, subnets)}, Outputs=zone)
    found = aws.call("elb", "describe_load_balancers")["LoadBalancerDescriptions"][0]
    assert found["DNSName"].startswith("internal-app-1-")
    assert found["DNSName"].endswith(".eu-central-1.elb.amazonaws.com")
    assert found["CanonicalHostedZoneNameID"] == "Z215JYRZR1TBD5"
    assert stacks.describe("app-1")["Outputs"][0]["OutputValue"] == "Z215JYRZR1TBD5"
    assert found["Subnets"] == subnets
    assert found["SecurityGroups"] == [group_id(sandbox, "app-hello-world-lb")]
    attributes = aws.call("elb", "describe_load_balancer_attributes", LoadBalancerName="app-1")[
        "LoadBalancerAttributes"
    ]
    assert attributes["CrossZoneLoadBalancing"] == {"Enabled": True}
    assert attributes["ConnectionDraining"] == {"Enabled": True, "Timeout": 60}
    tags = aws.call("elb", "describe_tags", LoadBalancerNames=["app-1"])["TagDescriptions"][0]["Tags"]
    assert {"Key": "Name", "Value": "app-1"} in tags

    stacks.update("app-1", {"Balancer": balancer(sandbox, subnets[:1], CrossZone="false")}, Outputs=zone)
    after = aws.call("elb", "describe_load_balancers")["LoadBalancerDescriptions"]
    assert [(one["DNSName"], one["Subnets"]) for one in after] == [(found["DNSName"], subnets[:1])]
    stacks.update("app-1", {"Balancer": balancer(sandbox, subnets, LoadBalancerName="app-2")}, Outputs=zone)
    after = aws.call("elb", "describe_load_balancers")["LoadBalancerDescriptions"]
    assert [one["LoadBalancerName"] for one in after] == ["app-2"]


def test_a_failed_update_keeps_the_balancer_that_was_to_be_replaced(
    stacks: Stacks, sandbox: EmbeddedSandbox, aws: Aws, subnets: list[str]
) -> None:
    after = {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Fn::GetAtt": ["Balancer", "DNSName"]}}}
    stacks.create("app-1", {"Balancer": balancer(sandbox, subnets), "After": after})
    before = aws.call("elb", "describe_load_balancers")["LoadBalancerDescriptions"]
    sandbox.settings.failures = [Failure("app-1", "After", "update", times=1)]
    stacks.update("app-1", {"Balancer": balancer(sandbox, subnets, LoadBalancerName="app-2"), "After": after})
    assert stacks.status("app-1") == "UPDATE_ROLLBACK_COMPLETE"
    left = aws.call("elb", "describe_load_balancers")["LoadBalancerDescriptions"]
    assert [one["DNSName"] for one in left] == [one["DNSName"] for one in before]


@pytest.mark.parametrize("name", ["x" * 33, "-app", "app-", "app_1"])
def test_names_of_balancers(stacks: Stacks, sandbox: EmbeddedSandbox, subnets: list[str], name: str) -> None:
    resources = {"Balancer": balancer(sandbox, subnets, LoadBalancerName=name)}
    stacks.create("app-1", resources, OnFailure="DO_NOTHING")
    assert any("LoadBalancer name" in one for one in stacks.events("app-1"))


def test_a_group_spreads_tags_and_follows_its_template(
    stacks: Stacks, sandbox: EmbeddedSandbox, aws: Aws, subnets: list[str]
) -> None:
    resources = {
        "Balancer": balancer(sandbox, subnets),
        "Launch": launch(sandbox),
        "Group": group(subnets),
    }
    ident = stacks.create("app-1", resources, Tags=[{"Key": "team", "Value": "hello"}])
    running = instances(aws)
    assert {one["SubnetId"] for one in running} == set(subnets)
    assert {one["SecurityGroups"][0]["GroupName"] for one in running} == {"app-hello-world"}
    for one in running:
        tags = {tag["Key"]: tag["Value"] for tag in one["Tags"]}
        assert tags["Name"] == "app-1"
        assert tags["team"] == "hello"
        assert tags["aws:cloudformation:stack-name"] == "app-1"
        assert tags["aws:cloudformation:stack-id"] == ident
        assert tags["aws:cloudformation:logical-id"] == "Group"

    resources["Launch"] = launch(sandbox, InstanceType="t3.micro")
    stacks.update("app-1", resources, Tags=[{"Key": "team", "Value": "hello"}])
    assert {one["InstanceId"] for one in instances(aws)} == {one["InstanceId"] for one in running}
    found = aws.call("autoscaling", "describe_auto_scaling_groups")["AutoScalingGroups"][0]
    assert found["LaunchTemplate"]["Version"] == "2"
    aws.call(
        "autoscaling", "set_desired_capacity", AutoScalingGroupName=found["AutoScalingGroupName"], DesiredCapacity=4
    )
    assert sorted(one["InstanceType"] for one in instances(aws)) == ["t2.micro"] * 3 + ["t3.micro"]
    with pytest.raises(AwsError, match="above max value 5"):
        aws.call(
            "autoscaling", "set_desired_capacity", AutoScalingGroupName=found["AutoScalingGroupName"], DesiredCapacity=6
        )
    stacks.delete("app-1")
    assert instances(aws) == []


def test_health_of_instances_can_be_set(stacks: Stacks, sandbox: EmbeddedSandbox, aws: Aws, subnets: list[str]) -> None:
    resources = {"Balancer": balancer(sandbox, subnets), "Launch": launch(sandbox), "Group": group(subnets)}
    stacks.create("app-1", resources)
    sick = instances(aws)[0]["InstanceId"]
    sandbox.settings.instance_health = {sick: "OutOfService"}
    states = aws.call("elb", "describe_instance_health", LoadBalancerName="app-1")["InstanceStates"]
    assert {one["InstanceId"]: one["State"] for one in states}[sick] == "OutOfService"
    assert sorted(one["State"] for one in states) == ["InService", "InService", "OutOfService"]


def test_user_data_has_a_limit(stacks: Stacks, sandbox: EmbeddedSandbox, aws: Aws) -> None:
    stacks.create("fits", {"Launch": launch(sandbox, "x" * 16_384)})
    assert stacks.status("fits") == "CREATE_COMPLETE"
    stacks.create("large", {"Launch": launch(sandbox, "x" * 16_385)}, OnFailure="DO_NOTHING")
    assert any("User data is limited to 16384 bytes" in one for one in stacks.events("large"))
    data = {"UserData": base64.b64encode(b"x" * 16_385).decode()}
    with pytest.raises(AwsError, match="limited to 16384 bytes"):
        aws.call("ec2", "create_launch_template", LaunchTemplateName="large", LaunchTemplateData=data)


def test_launch_configurations_belong_to_old_accounts(
    stacks: Stacks, sandbox: EmbeddedSandbox, aws: Aws, subnets: list[str]
) -> None:
    configuration = {
        "Type": "AWS::AutoScaling::LaunchConfiguration",
        "Properties": {
            "ImageId": "ami-0a000000000000001",
            "InstanceType": "t2.micro",
            "UserData": {"Fn::Base64": "old"},
            "BlockDeviceMappings": [{"DeviceName": "/dev/sda1", "Ebs": {"VolumeSize": 10}}],
        },
    }
    old = group(subnets, LaunchConfigurationName={"Ref": "Launch"}, LoadBalancerNames=[])
    del old["Properties"]["LaunchTemplate"]
    stacks.create("new", {"Launch": configuration}, OnFailure="DO_NOTHING")
    assert any("not available in your account" in one for one in stacks.events("new"))
    sandbox.settings.allow_launch_configurations = True
    stacks.create("old", {"Launch": configuration, "Group": old})
    assert stacks.status("old") == "CREATE_COMPLETE"
    found = aws.call("autoscaling", "describe_launch_configurations")["LaunchConfigurations"][0]
    assert found["BlockDeviceMappings"][0]["Ebs"]["VolumeSize"] == 10


def test_v2_balancers_with_weighted_targets(
    stacks: Stacks, sandbox: EmbeddedSandbox, aws: Aws, subnets: list[str]
) -> None:
    zone = {"Zone": {"Value": {"Fn::GetAtt": ["Balancer", "CanonicalHostedZoneID"]}}}
    for kind, zone_id in (("network", "Z3F0SRJ5LGBH90"), ("application", "Z215JYRZR1TBD5")):
        stacks.create("app-1", modern(sandbox, subnets, kind, "1"), Outputs=zone)
        assert stacks.describe("app-1")["Outputs"][0]["OutputValue"] == zone_id
        found = aws.call("elbv2", "describe_load_balancers")["LoadBalancers"][0]
        assert (found["Type"], found["CanonicalHostedZoneId"]) == (kind, zone_id)
        assert f":loadbalancer/{kind[:3]}/" in found["LoadBalancerArn"]
        stacks.update("app-1", modern(sandbox, subnets, kind, "5"), Outputs=zone)
        assert stacks.status("app-1") == "UPDATE_COMPLETE"
        listener = aws.call("elbv2", "describe_listeners", LoadBalancerArn=found["LoadBalancerArn"])["Listeners"][0]
        assert listener["DefaultActions"][0]["ForwardConfig"]["TargetGroups"][0]["Weight"] == 5
        stacks.delete("app-1")
        assert aws.call("elbv2", "describe_target_groups")["TargetGroups"] == []
        assert aws.call("elbv2", "describe_load_balancers")["LoadBalancers"] == []


def test_certificates_have_the_fields_and_dates_of_their_own(aws: Aws) -> None:
    found = list(aws.pages("acm", "list_certificates", "CertificateSummaryList", CertificateStatuses=["ISSUED"]))
    assert {tuple(one["SubjectAlternativeNameSummaries"]) for one in found} == {
        ("*.hello.example.org", "hello.example.org"),
        ("*.unrelated.example.net",),
    }
    assert {(one["Status"], one["Type"], one["InUse"], one["NotAfter"].year) for one in found} == {
        ("ISSUED", "AMAZON_ISSUED", False, 2036)
    }
    requested = aws.call("acm", "request_certificate", DomainName="new.example.org")["CertificateArn"]
    assert aws.call("acm", "describe_certificate", CertificateArn=requested)["Certificate"]["Status"] == "ISSUED"
    server = aws.call("iam", "list_server_certificates")["ServerCertificateMetadataList"][0]
    assert (server["ServerCertificateName"], server["Expiration"].year) == ("hello-example-org", 2036)
    assert server["UploadDate"].year == 2026


def test_symmetric_keys_encrypt_what_they_decrypt(sandbox: EmbeddedSandbox, aws: Aws) -> None:
    secret = base64.b64decode(sandbox.values["kms_ciphertext"])
    assert aws.call("kms", "decrypt", CiphertextBlob=secret)["Plaintext"] == b"top secret"
    other = aws.call("kms", "create_key")["KeyMetadata"]["KeyId"]
    assert (
        aws.call("kms", "encrypt", KeyId=other, Plaintext=b"x")["KeyId"]
        != aws.call("kms", "describe_key", KeyId="alias/senza")["KeyMetadata"]["Arn"]
    )


def test_what_moto_makes_carries_the_sandboxs_time(sandbox: EmbeddedSandbox, aws: Aws) -> None:
    sandbox.advance(86_400)
    template = aws.call(
        "ec2", "create_launch_template", LaunchTemplateName="x", LaunchTemplateData={"InstanceType": "t2.micro"}
    )
    assert template["LaunchTemplate"]["CreateTime"].timestamp() == sandbox.clock.now()


def test_subnets_have_ipv6_and_tell_it_as_aws_does(aws: Aws) -> None:
    for subnet in aws.call("ec2", "describe_subnets")["Subnets"]:
        (own,) = subnet["Ipv6CidrBlockAssociationSet"]
        assert own["Ipv6CidrBlockState"] == {"State": "associated"}
        assert own["Ipv6CidrBlock"].endswith("::/64")


def v2(subnets: list[str], **other: Any) -> dict[str, Any]:
    return {"Type": "AWS::ElasticLoadBalancingV2::LoadBalancer", "Properties": {"Subnets": subnets, **other}}


@pytest.mark.parametrize(
    ("properties", "reason"),
    [
        ({"Name": "internal-app"}, "cannot begin with"),
        ({"Name": "app", "IpAddressType": "dualstack"}, "associated IPv6 CIDR block"),
    ],
)
def test_balancers_that_aws_refuses(
    properties: dict[str, Any], reason: str, aws: Aws, stacks: Stacks, subnets: list[str]
) -> None:
    for subnet in aws.call("ec2", "describe_subnets", SubnetIds=subnets[:1])["Subnets"]:
        (own,) = subnet["Ipv6CidrBlockAssociationSet"]
        aws.call("ec2", "disassociate_subnet_cidr_block", AssociationId=own["AssociationId"])
    stacks.create("app-1", {"Lb": v2(subnets, **properties)})
    assert stacks.status("app-1") == "ROLLBACK_COMPLETE"
    events = aws.call("cloudformation", "describe_stack_events", StackName="app-1")["StackEvents"]
    assert any(reason in event.get("ResourceStatusReason", "") for event in events)
    assert aws.call("elbv2", "describe_load_balancers")["LoadBalancers"] == []


def test_a_protected_balancer_outlives_its_stack(aws: Aws, stacks: Stacks, subnets: list[str]) -> None:
    attributes = [{"Key": "deletion_protection.enabled", "Value": "true"}]
    stacks.create("app-1", {"Lb": v2(subnets, Name="app-1", LoadBalancerAttributes=attributes)})
    stacks.delete("app-1")
    assert stacks.status("app-1") == "DELETE_FAILED"
    assert len(aws.call("elbv2", "describe_load_balancers")["LoadBalancers"]) == 1
