"""Which updates would touch a record: judged by what CloudFormation says it will do."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from senza.stacks.change_sets import Detail, ResourceChange
from senza.stacks.summaries import Stack
from senza.traffic.update_guard import endangered, lost_names

BALANCER = "AWS::ElasticLoadBalancing::LoadBalancer"
RECORD = "AWS::Route53::RecordSet"
NAME = {"Fn::GetAtt": ["Lb", "DNSName"]}
DEPLOYED: dict[str, Any] = {
    "Resources": {
        "Lb": {"Type": BALANCER, "Properties": {}},
        "Main": {"Type": RECORD, "Properties": {"Weight": 0, "AliasTarget": {"DNSName": NAME}}},
    }
}
FOLLOWS = Detail("Properties", "AliasTarget", "Never", False, "ResourceAttribute", "Lb.DNSName")
DIRECT = Detail("Properties", "TTL", "Never", True, "DirectModification", "")


STACK = Stack("shop-1", "arn:shop-1", "CREATE_COMPLETE", datetime(2026, 1, 1, tzinfo=UTC))


def change(name: str, action: str = "Modify", replacement: str = "False", *details: Detail) -> ResourceChange:
    return ResourceChange(action, name, "", RECORD if name == "Main" else BALANCER, replacement, details)


@pytest.mark.parametrize(
    ("changes", "does"),
    [
        ([change("Lb", "Modify", "False"), change("Main", "Modify", "False", FOLLOWS)], None),
        ([change("Lb", "Modify", "True"), change("Main", "Modify", "False", FOLLOWS)], "rewrite"),
        ([change("Lb", "Modify", "True")], "replace Lb, which is behind"),
        (
            [change("Lb", "Modify", "Conditional"), change("Main", "Modify", "False", FOLLOWS)],
            "perhaps replace Lb, which is behind",
        ),
        ([change("Main", "Modify", "False", DIRECT)], "rewrite"),
        ([change("Main", "Modify", "True", DIRECT)], "replace"),
        ([change("Main", "Remove", "")], "remove"),
        ([change("Other", "Modify", "True")], None),
    ],
)
def test_what_endangers_a_record(changes: list[ResourceChange], does: str | None) -> None:
    found = endangered({one.logical_id: one for one in changes}, DEPLOYED)
    assert found == ({} if does is None else {"Main": does})


@pytest.mark.parametrize(
    ("name", "kind", "lost"),
    [
        ("www.example.org", "A", True),
        ("www.example.org.", "CNAME", True),
        ("_proof.example.org", "TXT", False),
        ("example.org", "MX", False),
        ("shop-1.example.org", "A", False),
    ],
)
def test_a_name_by_which_requests_come_is_not_taken_away(name: str, kind: str, lost: bool) -> None:
    deployed = {"Resources": {"Main": {"Type": RECORD, "Properties": {"Name": name, "Type": kind}}}}
    found = lost_names({"Main": change("Main", "Remove", "")}, deployed, STACK)
    assert list(found.values()) == (["remove"] if lost else [])
