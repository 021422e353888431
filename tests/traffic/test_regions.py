"""Hosted zones are those of all regions of an account: versions of another one are neither cleaned up nor emptied."""

from __future__ import annotations

import pytest

from senza.account import Account
from senza.aws import Aws
from senza.errors import Refused
from senza.traffic.app import plan_traffic, shares
from senza.traffic.balancers import region_in_alias
from senza.traffic.guards import check_free
from senza.traffic.records import records_at
from tests.traffic.conftest import MAIN, Apps

US_EAST_1 = "Z35SXDOTRQ7X7K"
"""The hosted zone of its load balancers."""


def far_away(aws: Aws, apps: Apps, identifier: str, weight: int) -> None:
    """A weighted record that leads to a load balancer in us-east-1."""
    target = {"HostedZoneId": US_EAST_1, "DNSName": f"internal-{identifier}-1.us-east-1.elb.amazonaws.com"}
    record = {"Name": MAIN, "Type": "A", "SetIdentifier": identifier, "Weight": weight}
    record["AliasTarget"] = {**target, "EvaluateTargetHealth": False}
    batch = {"Changes": [{"Action": "UPSERT", "ResourceRecordSet": record}]}
    aws.call("route53", "change_resource_record_sets", HostedZoneId=apps.zone_id(), ChangeBatch=batch)


@pytest.mark.parametrize(
    ("target", "region"),
    [
        ("dualstack.internal-shop-1-123.eu-central-1.elb.amazonaws.com", "eu-central-1"),
        ("shop-1-0123456789abcdef.elb.us-gov-west-1.amazonaws.com", "us-gov-west-1"),
        ("shop-1-123.cn-north-1.elb.amazonaws.com.cn", "cn-north-1"),
        ("d111111abcdef8.cloudfront.net", ""),
        ("s3-website.eu-west-1.amazonaws.com", ""),
        ("192.0.2.1", ""),
    ],
)
def test_the_target_of_a_record_tells_the_region(target: str, region: str) -> None:
    assert region_in_alias(target) == region


def test_a_version_in_another_region_keeps_its_traffic(aws: Aws, apps: Apps) -> None:
    apps.create("shop-2")
    far_away(aws, apps, "shop-1", 200)
    zones = Account(aws).zones
    with pytest.raises(Refused, match=r"shop-1 in us-east-1 has 100 % of .*, and would give some of it to shop-2"):
        plan_traffic(aws, zones, "shop", "2", 20)
    assert plan_traffic(aws, zones, "shop", "2", 20, force=True).steps
    assert [(one.identifier, one.status) for one in shares(aws, zones, "shop")] == [
        ("shop-1", "OTHER_REGION"),
        ("shop-2", "CREATE_COMPLETE"),
    ]


def test_traffic_moves_beside_a_version_of_another_region_that_loses_none(aws: Aws, apps: Apps) -> None:
    apps.create("shop-2")
    apps.create("shop-3")
    apps.set({"shop-2": 200})
    far_away(aws, apps, "shop-1", 0)
    (domain,) = plan_traffic(aws, Account(aws).zones, "shop", "3", 200).switch.domains
    assert domain.after == {"shop-1": 0, "shop-2": 0, "shop-3": 200}


def test_nobody_is_told_to_delete_the_record_of_another_region(aws: Aws, apps: Apps) -> None:
    far_away(aws, apps, "shop-1", 200)
    (zone,) = Account(aws).zones()
    present = records_at(aws, zone, MAIN)
    with pytest.raises(Refused, match=r"leads to a load balancer in us-east-1") as caught:
        check_free(present, MAIN, "shop-1", "eu-central-1")
    assert "elete" not in caught.value.hint
    with pytest.raises(Refused, match="left behind by an earlier stack"):
        check_free(present, MAIN, "shop-1", "us-east-1")
