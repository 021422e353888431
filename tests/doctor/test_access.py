"""Region, credentials, clock and permissions."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from senza.account import Account
from senza.aws import Aws, Endpoint
from senza.doctor import access, permissions
from senza.doctor.examine import CHECKS, examine
from senza.doctor.facts import Caller, Facts
from senza.doctor.permissions import ALL, CHANGE, READ
from senza.sandbox.embedded import EmbeddedSandbox
from tests.doctor.conftest import Doctor, said

SOURCE = Path(__file__).parents[2] / "senza"
CALLS = sorted(
    [
        *("acm:ListCertificates", "autoscaling:DescribeAutoScalingGroups", "cloudformation:ListStacks"),
        *("ec2:DescribeSubnets", "ec2:DescribeVpcs", "iam:ListServerCertificates", "iam:SimulatePrincipalPolicy"),
        *("route53:ListHostedZones", "route53:ListResourceRecordSets", "sts:GetCallerIdentity"),
    ]
)


def test_a_fresh_account_is_well_in_every_check(doctor: Doctor) -> None:
    assert [(check.id, finding.level) for check, finding in examine(doctor.facts())] == [
        (check.id, "ok") for check in CHECKS
    ]


def test_checks_have_names_of_their_own_and_a_document_of_aws() -> None:
    assert len({check.id for check in CHECKS}) == len(CHECKS)
    assert all(check.link.startswith("https://docs.aws.amazon.com/") for check in CHECKS)


def test_it_makes_exactly_these_calls_for_any_number_of_stacks(doctor: Doctor) -> None:
    for number in range(1, 30):
        doctor.create(f"shop-{number}", weight=100)
    before = len(doctor.aws.calls)
    examine(doctor.facts())
    assert sorted(str(call) for call in doctor.aws.calls[before:]) == CALLS


def test_it_makes_one_more_call_for_each_page(doctor: Doctor) -> None:
    for number in range(1, 4):
        doctor.create(f"shop-{number}", weight=100)
    doctor.sandbox.settings.page_size = 2
    before = len(doctor.aws.calls)
    examine(doctor.facts())
    assert sorted(str(call) for call in doctor.aws.calls[before:]) == sorted([*CALLS, "cloudformation:ListStacks"])


# -- region, credentials, clock


def test_a_misspelt_region_is_told(doctor: Doctor, sandbox: EmbeddedSandbox) -> None:
    doctor.aws = Aws("eu-centrl-1", endpoint=sandbox.endpoint)
    (finding,) = doctor.asks(access.REGION)
    assert (finding.level, "Did you mean eu-central-1?" in finding.advice) == ("warning", True)


def test_without_a_region_nothing_else_is_tried(doctor: Doctor) -> None:
    doctor.aws = Aws()
    found = [(check.id, finding.level, finding.message) for check, finding in examine(doctor.facts())]
    assert found[0] == ("region", "error", "could not look: no AWS region is configured")
    assert [name for name, _, _ in found] == ["region", "credentials"]
    assert doctor.aws.calls == []


def test_with_bad_credentials_nothing_else_is_tried(doctor: Doctor, sandbox: EmbeddedSandbox) -> None:
    endpoint = sandbox.endpoint
    doctor.aws = Aws(endpoint=Endpoint(endpoint.url, endpoint.region, "AKIASOMEBODY", "secret"))
    region, credentials = examine(doctor.facts())
    assert (region[1].level, credentials[1].level) == ("ok", "error")
    assert "does not accept these credentials" in credentials[1].advice
    assert len(doctor.aws.calls) == 1


class AsRoot(Facts):
    """The sandbox knows no root user."""

    def caller(self) -> Caller:
        return Caller("arn:aws:iam::123456789012:root", "123456789012", 0.0)


def test_the_root_user_is_warned_of_and_not_simulated(doctor: Doctor) -> None:
    facts = AsRoot(doctor.aws, Account(doctor.aws), doctor.clock)
    assert said(list(access.credentials(facts))) == [
        ("warning", "these are the credentials of the root user of account 123456789012")
    ]
    assert list(permissions.examine(facts)) == []
    assert doctor.aws.calls == []


@pytest.mark.parametrize(
    ("ahead", "level", "direction"),
    [(-400, "error", "400 s ahead of"), (400, "error", "400 s behind"), (-40, "warning", "40 s ahead of")],
)
def test_a_wrong_clock_is_told(doctor: Doctor, ahead: float, level: str, direction: str) -> None:
    doctor.sandbox.settings.date_ahead = ahead
    (finding,) = doctor.asks(access.CLOCK)
    assert (finding.level, direction in finding.message) == (level, True)
    assert "timedatectl" in finding.advice


def test_a_few_seconds_are_no_matter(doctor: Doctor) -> None:
    doctor.sandbox.settings.date_ahead = 3
    assert doctor.asks(access.CLOCK) == []


# -- permissions


def test_what_is_not_allowed_is_listed_by_what_it_is_for(doctor: Doctor) -> None:
    doctor.sandbox.settings.denied = ["acm:ListCertificates", "cloudformation:CreateStack", "s3:CreateBucket"]
    found = doctor.asks(permissions.CHECK)
    assert [(finding.level, finding.message.partition(": ")[2]) for finding in found] == [
        ("warning", "acm:ListCertificates"),
        ("warning", "cloudformation:CreateStack"),
        ("info", "s3:CreateBucket"),
    ]
    assert '"Action": ["acm:ListCertificates"]' in found[0].advice


def role(doctor: Doctor, *statements: dict[str, object]) -> Aws:
    """AWS as a role with this policy sees it."""
    trust = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    document = {"Version": "2012-10-17", "Statement": [trust]}
    created = doctor.aws.call(
        "iam", "create_role", RoleName="ci", Path="/team/", AssumeRolePolicyDocument=json.dumps(document)
    )["Role"]
    policy = {"Version": "2012-10-17", "Statement": list(statements)}
    doctor.aws.call("iam", "put_role_policy", RoleName="ci", PolicyName="senza", PolicyDocument=json.dumps(policy))
    keys = doctor.aws.call("sts", "assume_role", RoleArn=created["Arn"], RoleSessionName="test")["Credentials"]
    endpoint = doctor.sandbox.endpoint
    return Aws(endpoint=Endpoint(endpoint.url, endpoint.region, keys["AccessKeyId"], keys["SecretAccessKey"]))


def test_a_session_of_a_role_is_judged_by_the_role(doctor: Doctor) -> None:
    doctor.aws = role(
        doctor,
        {"Effect": "Allow", "Action": list(READ), "Resource": "*"},
        {"Effect": "Deny", "Action": "route53:ListHostedZones", "Resource": "*"},
    )
    found = doctor.asks(permissions.CHECK)
    assert [(finding.level, finding.message.partition(": ")[2]) for finding in found][:2] == [
        ("error", "route53:ListHostedZones"),
        ("warning", ", ".join(CHANGE)),
    ]
    assert found[0].message.startswith("denied by a policy")
    assert doctor.facts().principal() == "arn:aws:iam::123456789012:role/team/ci"


def test_a_role_that_may_not_be_looked_up_is_taken_to_have_no_path(doctor: Doctor) -> None:
    doctor.aws = role(doctor, {"Effect": "Allow", "Action": "*", "Resource": "*"})
    doctor.sandbox.settings.denied = ["iam:GetRole"]
    assert doctor.facts().principal() == "arn:aws:iam::123456789012:role/ci"


def test_where_the_simulator_is_denied_reading_is_tried(doctor: Doctor) -> None:
    doctor.sandbox.settings.denied = ["iam:SimulatePrincipalPolicy", "sns:ListTopics", "ec2:DescribeVpcs"]
    found = doctor.asks(permissions.CHECK)
    assert [finding.level for finding in found] == ["info", "error"]
    assert found[1].message.endswith(": ec2:DescribeVpcs, sns:ListTopics")


def test_trying_shares_its_look_ups_with_the_other_checks(doctor: Doctor) -> None:
    doctor.sandbox.settings.denied = ["iam:SimulatePrincipalPolicy"]
    before = len(doctor.aws.calls)
    examine(doctor.facts())
    more = ["DescribeImages", "DescribeInstances", "DescribeSecurityGroups", "DescribeLoadBalancers"]
    more += ["ListAccountAliases", "ListTopics"]
    assert sorted(call.operation for call in doctor.aws.calls[before:]) == sorted(
        [*more, *(call.partition(":")[2] for call in CALLS)]
    )


def test_a_denied_look_up_stops_only_the_checks_that_need_it(doctor: Doctor) -> None:
    doctor.sandbox.settings.denied = ["acm:*"]
    assert doctor.levels() == {"permissions": "warning", "certificates": "warning"}
    denied = [finding for check, finding in examine(doctor.facts()) if check.id == "certificates"]
    assert said(denied)[0][1].startswith("could not look: acm ListCertificates failed")


def calls_in_the_source() -> Iterator[str]:
    """Every call of senza whose service and operation are written down, as the action that allows it."""
    import botocore.session
    from botocore import xform_name

    session = botocore.session.get_session()
    services = set(session.get_available_services())
    prefixes = {"monitoring": "cloudwatch", "tagging": "tag"}
    renamed = {
        "s3:HeadBucket": "s3:ListBucket",
        "s3:ListBuckets": "s3:ListAllMyBuckets",
        "s3:ListObjectsV2": "s3:ListBucket",
        "s3:GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration",
        "s3:PutBucketLifecycleConfiguration": "s3:PutLifecycleConfiguration",
        "s3:GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock",
        "s3:PutPublicAccessBlock": "s3:PutBucketPublicAccessBlock",
    }
    for path in SOURCE.rglob("*.py"):
        if path.relative_to(SOURCE).parts[0] in ("sandbox", "doctor"):
            continue
        calls = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
        for call in calls:
            words = [str(one.value) for one in call.args if isinstance(one, ast.Constant)]
            for service, operation in pairwise(words):
                if service in services:
                    model = session.get_service_model(service)
                    names = {xform_name(name): name for name in model.operation_names}
                    if operation in names:
                        action = f"{prefixes.get(model.signing_name, model.signing_name)}:{names[operation]}"
                        yield renamed.get(action, action)


def test_every_call_that_senza_makes_is_asked_about() -> None:
    needs_no_permission = {"sts:GetCallerIdentity", "sts:AssumeRole"}  # the latter is tried by entering environments
    assert set(calls_in_the_source()) - set(ALL) - needs_no_permission == set()
    assert len(set(ALL)) == len(ALL)
