"""Whose records are whose, in few calls, and never another's."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from senza.account import Account
from senza.aws import Aws
from senza.stacks.references import StackRef
from senza.stacks.summaries import Stack, list_stacks
from senza.traffic.survey import called_alike, survey
from tests.traffic.conftest import MAIN, Apps


def found(aws: Aws, app: str) -> list[tuple[str, str, str]]:
    stacks = list_stacks(aws, [StackRef(app)])
    result = survey(aws, Account(aws).zones(), stacks)
    return sorted((item.stack.full_name, item.logical_id, item.record.name) for item in result.owned)


def test_versions_that_are_alike_cost_one_question(aws: Aws, apps: Apps) -> None:
    for version in ("1", "2", "v3"):
        apps.create(f"shop-{version}")
    fresh = Aws(endpoint=aws._endpoint)
    assert found(fresh, "shop") == sorted(
        (f"shop-{version}", logical_id, name)
        for version in ("1", "2", "v3")
        for logical_id, name in (("Main", MAIN), ("VersionDomain", f"shop-{version}.hello.example.org"))
    )
    assert [call.operation for call in fresh.calls].count("ListStackResources") == 1


def test_a_record_that_only_an_older_version_has_is_found(aws: Aws, apps: Apps) -> None:
    apps.create("shop-1", {"Main": MAIN, "Second": "second.hello.example.org"})
    apps.create("shop-2", {"Main": MAIN})
    assert ("shop-1", "Second", "second.hello.example.org") in found(aws, "shop")


def test_a_plain_record_that_only_an_older_version_has_is_found(aws: Aws, apps: Apps) -> None:
    apps.create("shop-1", {"Main": MAIN, "VersionDomain": "own.hello.example.org"})
    apps.create("shop-2", {"Main": MAIN})
    assert ("shop-1", "VersionDomain", "own.hello.example.org") in found(aws, "shop")


def test_the_version_in_the_name_of_an_app_is_not_the_version(aws: Aws, apps: Apps) -> None:
    apps.create("app-2-2", {"Main": "app-2.hello.example.org", "VersionDomain": "app-2-2.hello.example.org"})
    apps.create("app-1-2", {"Main": "app-1.hello.example.org", "VersionDomain": "own-name.hello.example.org"})
    apps.create("app-1-1", {"Main": "app-1.hello.example.org", "VersionDomain": "app-1-1.hello.example.org"})
    assert found(aws, "app-1") == [
        ("app-1-1", "Main", "app-1.hello.example.org"),
        ("app-1-1", "VersionDomain", "app-1-1.hello.example.org"),
        ("app-1-2", "Main", "app-1.hello.example.org"),
        ("app-1-2", "VersionDomain", "own-name.hello.example.org"),
    ]


def test_a_large_zone_is_not_read_whole(aws: Aws, apps: Apps) -> None:
    for version in "12":
        apps.create(f"shop-{version}")
    filler = [
        {
            "Action": "CREATE",
            "ResourceRecordSet": {
                "Name": f"n{number}.hello.example.org",
                "Type": "TXT",
                "TTL": 60,
                "ResourceRecords": [{"Value": '"x"'}],
            },
        }
        for number in range(900)
    ]
    aws.call("route53", "change_resource_record_sets", HostedZoneId=apps.zone_id(), ChangeBatch={"Changes": filler})
    fresh = Aws(endpoint=aws._endpoint)
    assert len(found(fresh, "shop")) == 4
    assert [call.operation for call in fresh.calls].count("ListResourceRecordSets") == 3


LONG = "a-very-long-application-name-"


@pytest.mark.parametrize(
    ("name", "sibling", "other", "model", "alike"),
    [
        ("shop-1", "shop-1", "shop-22", "shop-22", True),
        ("shop-1-front", "shop-1", "shop-2-front", "shop-2", True),
        ("shop-1-web-1a2b3c", "shop-1", "shop-2-web-4d5e6f", "shop-2", True),
        ("web-1-1", "web-1-1", "web-1-2", "web-1-2", True),
        ("edge-1", "shop-1", "shop-2", "shop-2", False),
        ("shop-edge-1", "shop-1", "shop-2", "shop-2", False),
        ("edge", "shop-1", "shop-2", "shop-2", False),
        ("front", "shop-1", "front", "shop-2", False),
        ("", "shop-1", "", "shop-2", True),
        ("", "shop-1", "shop-2", "shop-2", False),
        (f"{LONG}f-9", f"{LONG}for-9", f"{LONG}-10", f"{LONG}for-10", True),
        (f"{LONG}g-9", f"{LONG}for-9", f"{LONG}f-8", f"{LONG}for-8", False),
    ],
)
def test_the_balancers_of_two_versions_are_called_alike(
    name: str, sibling: str, other: str, model: str, alike: bool
) -> None:
    """A balancer that is called otherwise may be a shared one, at whose rules nobody would have looked."""
    made = datetime(2026, 6, 1, tzinfo=UTC)
    first, second = (Stack(one, f"arn:{one}", "CREATE_COMPLETE", made) for one in (sibling, model))
    assert called_alike(name, first, other, second) is alike
