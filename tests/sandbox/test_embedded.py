"""The sandbox that tests stand on: seeded, resettable, closed to foreign credentials."""

from __future__ import annotations

import dataclasses

import pytest

from senza.aws import Aws
from senza.errors import AwsError
from senza.sandbox.embedded import EmbeddedSandbox


def test_account_is_seeded(aws: Aws, labels: dict[str, str]) -> None:
    subnets = list(aws.pages("ec2", "describe_subnets", "Subnets"))
    zones = list(aws.pages("route53", "list_hosted_zones", "HostedZones"))
    assert aws.call("iam", "list_account_aliases")["AccountAliases"] == ["acme-hello"]
    assert [zone["Name"] for zone in zones] == ["hello.example.org."]
    assert {labels[subnet["SubnetId"]] for subnet in subnets} == {
        f"<subnet:{kind}-eu-central-1{zone}>" for kind in ("dmz", "internal", "nat") for zone in "abc"
    }
    assert len(aws.call("ec2", "describe_vpcs")["Vpcs"]) == 1


def test_reset_gives_the_same_account_again(sandbox: EmbeddedSandbox, aws: Aws) -> None:
    before = dict(sandbox.labels)
    aws.call("sns", "create_topic", Name="left-over")
    sandbox.advance(60)
    sandbox.settings.insync_polls = 7
    sandbox.reset()
    assert without_ciphertext(sandbox.labels) == without_ciphertext(before)
    assert not [one for one in aws.pages("sns", "list_topics", "Topics") if one["TopicArn"].endswith("left-over")]
    assert sandbox.settings.insync_polls == 0


def without_ciphertext(labels: dict[str, str]) -> dict[str, str]:
    """Encryption takes a fresh initialisation vector each time; all other ids are the same."""
    return {ident: label for ident, label in labels.items() if label != "<KMS_CIPHERTEXT>"}


@pytest.mark.parametrize(
    ("service", "operation"),
    [
        ("cloudformation", "list_stacks"),  # query
        ("ec2", "describe_vpcs"),  # ec2
        ("kms", "list_keys"),  # json
        ("route53", "list_hosted_zones"),  # rest-xml
        ("s3", "list_buckets"),
        ("lambda", "list_functions"),  # rest-json
        ("cloudwatch", "list_metrics"),  # cbor or query
    ],
)
def test_foreign_credentials_are_refused_in_every_protocol(
    sandbox: EmbeddedSandbox, service: str, operation: str
) -> None:
    stranger = Aws(endpoint=dataclasses.replace(sandbox.endpoint, access_key_id="AKIAIOSFODNN7EXAMPLE"))
    with pytest.raises(AwsError, match="This is the senza sandbox"):
        stranger.call(service, operation)


def test_keys_of_the_sandboxs_own_sts_are_accepted(sandbox: EmbeddedSandbox, aws: Aws) -> None:
    role = f"arn:aws:iam::{sandbox.values['account_id']}:role/app-kio"
    keys = aws.call("sts", "assume_role", RoleArn=role, RoleSessionName="me")["Credentials"]
    assumed = Aws(
        endpoint=dataclasses.replace(
            sandbox.endpoint, access_key_id=keys["AccessKeyId"], secret_access_key=keys["SecretAccessKey"]
        )
    )
    assert "assumed-role/app-kio" in assumed.call("sts", "get_caller_identity")["Arn"]


def test_log_tells_services_and_operations(sandbox: EmbeddedSandbox, aws: Aws) -> None:
    aws.call("route53", "list_hosted_zones")
    aws.call("elbv2", "describe_load_balancers")
    aws.call("elb", "describe_load_balancers")
    aws.call("kms", "list_keys")
    aws.call("s3", "list_buckets")
    aws.call("cloudwatch", "list_metrics")
    assert [str(one) for one in sandbox.log] == [
        "route53:ListHostedZones",
        "elbv2:DescribeLoadBalancers",
        "elb:DescribeLoadBalancers",
        "kms:ListKeys",
        "s3:ListBuckets",
        "cloudwatch:ListMetrics",
    ]
    assert len({one.connection for one in sandbox.log if one.service == "route53"}) == 1
