"""Several accounts and regions in one sandbox: who assumes a role is in its account, and finds it seeded."""

from __future__ import annotations

import json
from typing import Any

import pytest

from senza.aws import Aws, Way
from senza.environments import Role
from senza.errors import AwsError
from senza.sandbox.embedded import EmbeddedSandbox
from tests.conftest import FakeClock
from tests.sandbox.stacks import Stacks, topic

OTHER = "222222222222"


@pytest.fixture
def other(aws: Aws, clock: FakeClock) -> Aws:
    role = Role(f"arn:aws:iam::{OTHER}:role/any")
    return aws.entering(Way("other", OTHER, (role,), "senza-tests", clock.now), "eu-west-1")


def test_another_account_has_everything_of_its_own(aws: Aws, other: Aws, sandbox: EmbeddedSandbox) -> None:
    before = dict(sandbox.values)
    vpcs = {one.call("ec2", "describe_vpcs")["Vpcs"][0]["VpcId"] for one in (aws, other)}
    zones = {one.call("route53", "list_hosted_zones")["HostedZones"][0]["Id"] for one in (aws, other)}
    images = [len(one.call("ec2", "describe_images")["Images"]) for one in (aws, other)]
    (certificate,) = [
        one["CertificateArn"]
        for one in other.call("acm", "list_certificates")["CertificateSummaryList"]
        if one["DomainName"] == "*.hello.example.org"
    ]
    assert (len(vpcs), len(zones), images[0]) == (2, 2, images[1])
    assert certificate.startswith(f"arn:aws:acm:eu-west-1:{OTHER}:certificate/")
    names = {one["RoleName"] for one in other.call("iam", "list_roles")["Roles"]}
    assert "app-hello-world" in names
    assert other.call("ecr", "describe_images", repositoryName="hello-world")["imageDetails"]
    assert other.call("ssm", "get_parameter", Name=next(iter(parameters())))["Parameter"]["Value"]
    buckets = [one["Name"] for one in other.call("s3", "list_buckets")["Buckets"]]
    assert buckets == [f"acme-stups-mint-{OTHER}-eu-west-1"]
    assert sandbox.values == before


def parameters() -> dict[str, str]:
    from senza.sandbox.published import PUBLISHED

    return PUBLISHED


def test_each_region_is_seeded_when_somebody_comes(other: Aws) -> None:
    there = {one["VpcId"] for one in other.call("ec2", "describe_vpcs")["Vpcs"]}
    north = {one["VpcId"] for one in other.in_region("eu-north-1").call("ec2", "describe_vpcs")["Vpcs"]}
    assert (len(there), len(north), there & north) == (1, 1, set())
    assert len(other.call("route53", "list_hosted_zones")["HostedZones"]) == 1
    assert {one["VpcId"] for one in other.call("ec2", "describe_vpcs")["Vpcs"]} == there


def test_the_first_account_has_other_regions_too(aws: Aws, sandbox: EmbeddedSandbox, clock: FakeClock) -> None:
    number = sandbox.values["account_id"]
    role = Role(f"arn:aws:iam::{number}:role/any")
    west = aws.entering(Way("west", number, (role,), "senza-tests", clock.now), "eu-west-1")
    zones = {one["AvailabilityZone"] for one in west.call("ec2", "describe_subnets")["Subnets"]}
    assert zones == {"eu-west-1a", "eu-west-1b", "eu-west-1c"}
    assert [one["Id"] for one in west.call("route53", "list_hosted_zones")["HostedZones"]] == [
        one["Id"] for one in aws.call("route53", "list_hosted_zones")["HostedZones"]
    ]


def test_stacks_stay_apart(aws: Aws, other: Aws, sandbox: EmbeddedSandbox) -> None:
    for one in (aws, other):
        Stacks(sandbox, one).create("app-1", {"Topic": topic()})
    found = [one.call("cloudformation", "describe_stacks")["Stacks"] for one in (aws, other)]
    assert [[stack["StackId"].split(":")[3:5] for stack in stacks] for stacks in found] == [
        [["eu-central-1", "123456789012"]],
        [["eu-west-1", OTHER]],
    ]
    other.call("cloudformation", "delete_stack", StackName="app-1")
    assert len(aws.call("cloudformation", "describe_stacks")["Stacks"]) == 1


def test_a_session_of_a_role_is_told_by_its_key(other: Aws, aws: Aws) -> None:
    assert other.call("sts", "get_caller_identity")["Arn"] == f"arn:aws:sts::{OTHER}:assumed-role/any/senza-tests"
    assert aws.call("sts", "get_caller_identity")["Arn"] == "arn:aws:iam::123456789012:user/sandbox"


def test_an_assumed_role_is_known_to_iam_and_may_do_what_is_not_denied(
    aws: Aws, clock: FakeClock, sandbox: EmbeddedSandbox
) -> None:
    arns = {name: f"arn:aws:iam::{OTHER}:role/{name}" for name in ("team/deploy", "app-kio")}
    here = {name: Way(name, OTHER, (Role(arn),), "senza-tests", clock.now) for name, arn in arns.items()}
    deploy, kio = (aws.entering(way, "eu-west-1") for way in here.values())
    sandbox.settings.denied = ["ec2:RunInstances"]

    def decisions(one: Aws, arn: str) -> list[str]:
        asked = {"PolicySourceArn": arn, "ActionNames": ["ec2:DescribeVpcs", "ec2:RunInstances"]}
        found = one.call("iam", "simulate_principal_policy", **asked)["EvaluationResults"]
        return [each["EvalDecision"] for each in found]

    assert deploy.call("iam", "get_role", RoleName="deploy")["Role"]["Arn"] == arns["team/deploy"]
    assert decisions(deploy, arns["team/deploy"]) == ["allowed", "implicitDeny"]
    assert decisions(kio, arns["app-kio"]) == ["implicitDeny", "implicitDeny"]  # seeded, with policies of its own
    with pytest.raises(AwsError) as raised:
        decisions(deploy, f"arn:aws:iam::{OTHER}:role/never-assumed")
    assert raised.value.code == "NoSuchEntity"


def test_each_account_has_a_registry_of_its_own(aws: Aws, other: Aws, sandbox: EmbeddedSandbox) -> None:
    first, there = sandbox.values["account_id"], other.in_region("eu-central-1")
    manifest = json.dumps({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json"})
    aws.call("ecr", "create_repository", repositoryName="team/app")
    digest = aws.call("ecr", "put_image", repositoryName="team/app", imageManifest=manifest, imageTag="1")["image"][
        "imageId"
    ]["imageDigest"]
    asked: dict[str, Any] = {"repositoryName": "team/app", "imageIds": [{"imageTag": "1"}]}
    (image,) = there.call("ecr", "batch_get_image", registryId=first, **asked)["images"]
    assert (image["imageId"]["imageDigest"], image["registryId"]) == (digest, first)
    for one, given in ((there, {}), (there, {"registryId": OTHER}), (aws, {"registryId": OTHER})):
        with pytest.raises(AwsError) as raised:
            one.call("ecr", "batch_get_image", **asked, **given)
        assert (raised.value.code, OTHER in raised.value.message) == ("RepositoryNotFoundException", True)
    with pytest.raises(AwsError) as raised:
        there.call("ecr", "batch_delete_image", registryId=first, **asked)
    assert raised.value.code == "AccessDeniedException"
    with pytest.raises(AwsError) as raised:
        aws.call("ecr", "batch_get_image", registryId="mine", **asked)
    assert raised.value.code == "InvalidParameterException"


def test_names_of_buckets_are_one_space_and_their_content_is_the_owners(aws: Aws, other: Aws) -> None:
    here = {"LocationConstraint": "eu-central-1"}
    aws.call("s3", "create_bucket", Bucket="acme-first", CreateBucketConfiguration=here)
    aws.call("s3", "put_object", Bucket="acme-first", Key="a", Body=b"1")
    calls: dict[str, dict[str, Any]] = {
        "list_objects_v2": {"Bucket": "acme-first"},
        "get_object": {"Bucket": "acme-first", "Key": "a"},
        "put_object": {"Bucket": "acme-first", "Key": "b", "Body": b"2"},
    }
    for operation, given in calls.items():
        with pytest.raises(AwsError) as raised:
            other.call("s3", operation, **given)
        assert raised.value.code == "AccessDenied"
    with pytest.raises(AwsError) as raised:
        other.call(
            "s3", "create_bucket", Bucket="acme-first", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )
    assert raised.value.code == "BucketAlreadyExists"


def test_a_reset_forgets_the_other_accounts(other: Aws, sandbox: EmbeddedSandbox) -> None:
    other.call("ec2", "describe_vpcs")
    sandbox.reset()
    with pytest.raises(AwsError) as raised:
        other.call("cloudformation", "list_stacks")
    assert raised.value.code == "InvalidClientTokenId"


def test_a_region_that_there_is_not_is_no_failure_of_the_sandbox(aws: Aws, clock: FakeClock) -> None:
    role = f"arn:aws:iam::{OTHER}:role/x"
    nowhere = aws.entering(Way("other", OTHER, (Role(role),), "senza-tests", clock.now), "eu-nowhere-9")
    for _ in range(2):
        with pytest.raises(AwsError, match="there is no region eu-nowhere-9"):
            nowhere.call("cloudformation", "list_stacks")
