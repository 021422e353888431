"""Records of many apps by the balancers they lead to: right where it can be, asked where it cannot."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from senza.account import Account, HostedZone
from senza.aws import Aws
from senza.errors import AwsError
from senza.sandbox.embedded import EmbeddedSandbox
from senza.stacks.summaries import Stack, list_stacks
from senza.traffic.balancers import Balancer, balancers_of_stacks, name_in_alias, name_in_arn, names_by_balancer
from senza.traffic.records import Record, parsed
from senza.traffic.survey import survey
from tests.traffic.conftest import ZONE, Apps

HOSTED = HostedZone("Z1", ZONE)
DOMAIN = ZONE.rstrip(".")


def stack(full_name: str) -> Stack:
    return Stack(full_name, f"arn:{full_name}", "CREATE_COMPLETE", datetime(2026, 6, 1, tzinfo=UTC))


def alias(name: str, balancer: str, identifier: str | None = None, **more: Any) -> Record:
    weighted = {} if identifier is None else {"SetIdentifier": identifier, "Weight": 0}
    target = {"DNSName": f"dualstack.{balancer}-1234.eu-central-1.elb.amazonaws.com."}
    return parsed(HOSTED, {"Name": f"{name}.{ZONE}", "Type": "A", "AliasTarget": target, **weighted, **more})


def found(*records: Record, balancers: tuple[str, ...] = ("LB",)) -> dict[str, str] | None:
    """What is known of shop-1, whose balancers are called shop-1, shop-1-2..."""
    names = ["shop-1", *(f"shop-1-{number}" for number in range(2, len(balancers) + 1))]
    owned = [Balancer(name, "shop-1", logical_id) for name, logical_id in zip(names, balancers, strict=True)]
    other = Balancer("blog-1", "blog-1", "LB")
    return names_by_balancer([*owned, other], records, [stack("shop-1")]).get("shop-1")


MAIN = alias("shop", "shop-1", "shop-1")
VERSION = alias("shop-1", "shop-1")


def test_what_the_components_make_needs_no_call() -> None:
    both = {"LBMainDomain": f"shop.{DOMAIN}", "LBVersionDomain": f"shop-1.{DOMAIN}"}
    assert found(MAIN, VERSION) == both
    assert found(MAIN) == {"LBMainDomain": f"shop.{DOMAIN}"}
    six = [alias("shop", "shop-1", "shop-1", Type="AAAA"), alias("shop-1", "shop-1", Type="AAAA")]
    assert found(MAIN, VERSION, *six) == both | {f"{label}IPv6": name for label, name in both.items()}
    second = (alias("shop-admin", "shop-1-2", "shop-1"),)
    assert found(MAIN, VERSION, *second, balancers=("LB", "Admin")) == both | {
        "AdminMainDomain": f"shop-admin.{DOMAIN}"
    }


@pytest.mark.parametrize(
    "records",
    [
        pytest.param([], id="no record at all"),
        pytest.param([VERSION], id="no weighted one"),
        pytest.param([MAIN, alias("shop2", "shop-1", "shop-1")], id="two weighted ones"),
        pytest.param([MAIN, VERSION, alias("www", "shop-1")], id="two others"),
        pytest.param([MAIN, alias("www", "shop-1")], id="another that is not the version's"),
        pytest.param([alias("shop", "shop-1", "blog-1")], id="the identifier of another stack"),
        pytest.param([alias("shop2", "shop-1", "shop-1", Type="AAAA"), MAIN], id="two names"),
        pytest.param([alias("shop", "shop-1", "shop-1", Type="TXT"), MAIN], id="no pair of address families"),
        pytest.param([MAIN, VERSION, alias("shop-db", "unknown")], id="a name of the app that leads elsewhere"),
    ],
)
def test_whatever_else_there_is_leaves_a_doubt(records: list[Record]) -> None:
    assert found(*records) is None


def test_a_name_of_two_balancers_is_told_by_the_identifier_or_not_at_all() -> None:
    both = [Balancer("web", "shop-1", "LB"), Balancer("web", "blog-1", "LB")]
    stacks = [stack("shop-1"), stack("blog-1")]
    mains = [alias("shop", "web", "shop-1"), alias("blog", "web", "blog-1")]
    assert set(names_by_balancer(both, mains, stacks)) == {"shop-1", "blog-1"}
    assert set(names_by_balancer(both, [*mains, alias("shop-1", "web")], stacks)) == {"blog-1"}


def test_a_weighted_record_made_by_hand_is_no_doubt() -> None:
    assert found(MAIN, VERSION, alias("shop", "unknown", "by-hand")) == found(MAIN, VERSION)


@pytest.mark.parametrize(
    ("target", "name"),
    [
        ("shop-1-123.eu-central-1.elb.amazonaws.com", "shop-1"),
        ("dualstack.internal-shop-1-123.eu-central-1.elb.amazonaws.com", "shop-1"),
        ("shop-1-0123456789abcdef.elb.eu-central-1.amazonaws.com", "shop-1"),
        ("shop-1-123.cn-north-1.elb.amazonaws.com.cn", "shop-1"),
        ("d111111abcdef8.cloudfront.net", ""),
        ("shop-1.hello.example.org", ""),
    ],
)
def test_the_balancer_in_an_alias(target: str, name: str) -> None:
    assert name_in_alias(target) == name


def test_the_balancer_in_an_arn() -> None:
    arn = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/"
    assert [name_in_arn(arn + rest) for rest in ("shop-1", "app/shop-1/50dc6c495c0c9188")] == ["shop-1", "shop-1"]


def balanced(apps: Apps, name: str, **more: Any) -> None:
    """A stack with a balancer and the two records that senza's component makes."""
    subnet = apps.aws.call("ec2", "describe_subnets")["Subnets"][0]["SubnetId"]
    listeners = [{"LoadBalancerPort": "80", "InstancePort": "80", "Protocol": "HTTP"}]
    balancer = {"LoadBalancerName": name, "Listeners": listeners, "Subnets": [subnet]}
    attributes = {"DNSName": "DNSName", "HostedZoneId": "CanonicalHostedZoneNameID"}
    target = {key: {"Fn::GetAtt": ["LB", attribute]} for key, attribute in attributes.items()}
    common = {"HostedZoneName": ZONE, "Type": "A", "AliasTarget": target}
    main = {"Name": f"{name.rpartition('-')[0]}.{ZONE}", "SetIdentifier": name, "Weight": "0"}
    records = {"LBMainDomain": main, "LBVersionDomain": {"Name": f"{name}.{ZONE}"}}
    resources: dict[str, Any] = {
        logical_id: {"Type": "AWS::Route53::RecordSet", "Properties": {**common, **record}}
        for logical_id, record in records.items()
    }
    resources["LB"] = {"Type": "AWS::ElasticLoadBalancing::LoadBalancer", "Properties": balancer}
    apps.create(name, {}, **resources, **more)


def owned(aws: Aws) -> dict[str, list[str]]:
    by_stack: dict[str, list[str]] = {}
    for item in survey(aws, Account(aws).zones(), list_stacks(aws)).owned:
        by_stack.setdefault(item.stack.full_name, []).append(item.logical_id)
    return {name: sorted(ids) for name, ids in by_stack.items()}


def asked(apps: Apps) -> tuple[int, int]:
    """How often the tags and CloudFormation are asked for all that is known."""
    made = apps.counted(lambda: owned(apps.aws))
    return made.count("resourcegroupstaggingapi:GetResources"), made.count("cloudformation:ListStackResources")


PAIR = ["LBMainDomain", "LBVersionDomain"]


@pytest.mark.parametrize(("number", "calls"), [(3, (0, 3)), (4, (1, 0)), (9, (1, 0))])
def test_three_apps_are_asked_and_more_looked_up_together(apps: Apps, number: int, calls: tuple[int, int]) -> None:
    names = [f"app{app}-{version}" for app in range(number) for version in "12"]
    for name in names:
        balanced(apps, name)
    assert owned(apps.aws) == dict.fromkeys(names, PAIR)
    assert asked(apps) == calls


def test_who_is_unlike_the_others_is_asked(apps: Apps) -> None:
    for app in range(4):
        balanced(apps, f"app{app}-1")
    apps.create("worker-1", {"Main": f"jobs.{DOMAIN}", "VersionDomain": f"jobs-1.{DOMAIN}"})
    record = apps.record(f"extra-db.{DOMAIN}", None)
    balanced(apps, "extra-1", Database=record)
    expected = {f"app{app}-1": PAIR for app in range(4)}
    expected |= {"worker-1": ["Main", "VersionDomain"], "extra-1": ["Database", *PAIR]}
    assert owned(apps.aws) == expected
    assert asked(apps) == (1, 2)


def test_without_the_permission_every_app_is_asked(apps: Apps, sandbox: EmbeddedSandbox) -> None:
    for app in range(4):
        balanced(apps, f"app{app}-1")
    expected = {f"app{app}-1": PAIR for app in range(4)}
    sandbox.faults.add("resourcegroupstaggingapi:GetResources", code="AccessDeniedException", times=None)
    assert owned(apps.aws) == expected
    assert asked(apps) == (1, 4)


def test_another_failure_of_the_tagging_api_is_told(apps: Apps, sandbox: EmbeddedSandbox) -> None:
    sandbox.faults.add("resourcegroupstaggingapi:GetResources", code="InvalidParameterException")
    with pytest.raises(AwsError, match="GetResources failed"):
        balancers_of_stacks(apps.aws)
