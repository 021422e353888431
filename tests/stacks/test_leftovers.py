"""What stays behind of a deleted stack, as its template says."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from senza.stacks.leftovers import kept_by_policy
from senza.stacks.resources import Resource

WHEN = datetime(2026, 6, 1, tzinfo=UTC)
RETAIN, SNAPSHOT = "DeletionPolicy Retain", "a snapshot of it"


@pytest.mark.parametrize(
    ("type_", "resource", "why"),
    [
        ("AWS::SQS::Queue", {}, ""),
        ("AWS::SQS::Queue", {"DeletionPolicy": "Delete"}, ""),
        ("AWS::SQS::Queue", {"DeletionPolicy": "Retain"}, RETAIN),
        ("AWS::SQS::Queue", {"DeletionPolicy": "RetainExceptOnCreate"}, "DeletionPolicy RetainExceptOnCreate"),
        ("AWS::EC2::Volume", {"DeletionPolicy": "Snapshot"}, SNAPSHOT),
        ("AWS::RDS::DBCluster", {}, SNAPSHOT),
        ("AWS::RDS::DBInstance", {"Properties": {"DBInstanceClass": "db.t3.micro"}}, SNAPSHOT),
        ("AWS::RDS::DBInstance", {"DeletionPolicy": "Delete"}, ""),
        ("AWS::RDS::DBInstance", {"Properties": {"DBClusterIdentifier": {"Ref": "Cluster"}}}, ""),
    ],
)
def test_what_stays_is_what_the_policy_says(type_: str, resource: dict[str, Any], why: str) -> None:
    template = {"Resources": {"It": {"Type": type_, **resource}}}
    there = Resource("It", "it-1", type_, "CREATE_COMPLETE", WHEN)
    gone = Resource("It", "it-1", type_, "DELETE_COMPLETE", WHEN)
    assert [one.why for one in kept_by_policy([there], template)] == [why] * bool(why)
    assert kept_by_policy([gone], template) == []
