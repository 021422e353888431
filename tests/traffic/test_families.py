"""Names with A and AAAA records: one switch for both, told apart where they are shown."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from senza.account import Account
from senza.aws import Aws
from senza.clock import Clock
from senza.components import Compiled, WeightedRecord
from senza.errors import Refused
from senza.rollout.ground import look_at_ground
from senza.sandbox.embedded import EmbeddedSandbox
from senza.stacks.summaries import list_stacks
from senza.traffic.app import shares
from senza.traffic.guards import before_create
from senza.traffic.shift_weights import ShiftWeights
from senza.traffic.survey import survey
from tests.traffic.conftest import MAIN, ZONE, Apps, before_update
from tests.traffic.test_guards import compiled, stack_of
from tests.traffic.test_switch import batches, plan, switch

BOTH = ("A", "AAAA")


def dual(apps: Apps, stack: str, weight: int = 0, families: tuple[str, ...] = BOTH) -> None:
    """A version with weighted records of these families, which stand at a weight."""
    template = apps.template(stack, {"Main": MAIN})
    main = template["Resources"].pop("Main")
    for kind in families:
        address = "192.0.2.1" if kind == "A" else "2001:db8::1"
        properties = main["Properties"] | {"Type": kind, "ResourceRecords": [address]}
        template["Resources"]["Main" + ("IPv6" if kind == "AAAA" else "")] = {**main, "Properties": properties}
    apps.create(stack, {}, **template["Resources"])
    if weight:
        for kind in families:
            upsert(apps, stack, kind, weight)


def upsert(apps: Apps, stack: str, kind: str, weight: int) -> None:
    record: dict[str, Any] = next(one for one in raw(apps) if one["Type"] == kind and one["SetIdentifier"] == stack)
    change = {"Action": "UPSERT", "ResourceRecordSet": {**record, "Weight": weight}}
    batch = {"Changes": [change]}
    apps.aws.call("route53", "change_resource_record_sets", HostedZoneId=apps.zone_id(), ChangeBatch=batch)


def raw(apps: Apps) -> list[dict[str, Any]]:
    zone = apps.zone_id()
    found = apps.aws.pages("route53", "list_resource_record_sets", "ResourceRecordSets", HostedZoneId=zone)
    return [dict(one) for one in found if "Weight" in one]


def weights(apps: Apps) -> dict[tuple[str, str], int]:
    return {(one["SetIdentifier"], one["Type"]): one["Weight"] for one in raw(apps)}


def planned(apps: Apps, stack: str, families: tuple[str, ...]) -> Compiled:
    records = tuple(WeightedRecord(MAIN, ZONE, kind, stack, f"Main{kind}") for kind in families)
    return dataclasses.replace(compiled(apps, stack), weighted_records=records)


def test_both_families_move_in_one_batch(aws: Aws, apps: Apps, clock: Clock, sandbox: EmbeddedSandbox) -> None:
    dual(apps, "shop-1", 200)
    dual(apps, "shop-2")
    (step,) = plan(aws, "2", 50).steps
    assert isinstance(step, ShiftWeights)
    assert len(step.changes) == 4
    assert step.says == f"Set the weights of {MAIN}: shop-1 100 -> 75 %, shop-2 0 -> 25 %"
    sandbox.log.clear()
    switch(aws, clock, "2", 50)
    assert len(batches(sandbox)) == 1
    assert weights(apps) == {
        ("shop-1", "A"): 150,
        ("shop-1", "AAAA"): 150,
        ("shop-2", "A"): 50,
        ("shop-2", "AAAA"): 50,
    }


def test_they_are_told_apart(aws: Aws, apps: Apps) -> None:
    dual(apps, "shop-1", 200)
    dual(apps, "shop-2")
    zones = Account(aws).zones
    found = [(share.identifier, share.type, share.weight) for share in shares(aws, zones, "shop")]
    assert sorted(found) == [("shop-1", "A", 200), ("shop-1", "AAAA", 200), ("shop-2", "A", 0), ("shop-2", "AAAA", 0)]
    owned = survey(aws, zones(), list_stacks(aws)).owned
    assert sorted((item.stack.version, item.logical_id, item.record.type) for item in owned) == [
        ("1", "Main", "A"),
        ("1", "MainIPv6", "AAAA"),
        ("2", "Main", "A"),
        ("2", "MainIPv6", "AAAA"),
    ]


@pytest.mark.parametrize(
    ("theirs", "mine", "message"),
    [
        (("A",), BOTH, "get all requests over IPv6 at once"),
        (("AAAA",), BOTH, "get all requests over IPv4 at once"),
        (("A",), ("AAAA",), "get all requests over IPv6 at once"),
        (BOTH, ("A",), "clients over IPv6 would stay"),
        (BOTH, BOTH, ""),
        (("A",), ("A",), ""),
    ],
)
def test_versions_of_which_only_some_have_both(
    theirs: tuple[str, ...], mine: tuple[str, ...], message: str, aws: Aws, apps: Apps
) -> None:
    dual(apps, "shop-1", 200, theirs)
    new, zones = planned(apps, "shop-2", mine), Account(aws).zones
    if message:
        with pytest.raises(Refused, match=message):
            before_create(aws, zones, new)
    else:
        assert before_create(aws, zones, new) == []
    assert before_create(aws, zones, new, force=True) == []


def test_the_version_with_all_traffic_gets_the_other_family_first(aws: Aws, apps: Apps) -> None:
    """By an update: before another version may have it, and not while a part of the traffic is another's."""
    dual(apps, "shop-1", 200, ("A",))
    dual(apps, "shop-2", 0, ("A",))
    zones = Account(aws).zones
    wanted = {name: planned(apps, name, BOTH) for name in ("shop-1", "shop-2")}
    for name, new in wanted.items():
        template = apps.template(name, {"MainA": MAIN, "MainAAAA": MAIN})
        template["Resources"]["Main"] = template["Resources"].pop("MainA")
        records = (dataclasses.replace(new.weighted_records[0], logical_id="Main"), new.weighted_records[1])
        wanted[name] = dataclasses.replace(new, template=template, weighted_records=records)
    assert before_update(aws, zones, wanted["shop-1"], stack_of(aws, "shop-1"))
    with pytest.raises(Refused, match="shop-2 would be the only version with an AAAA record"):
        before_update(aws, zones, wanted["shop-2"], stack_of(aws, "shop-2"))
    assert before_update(aws, zones, wanted["shop-2"], stack_of(aws, "shop-2"), force=True)


def test_a_rollout_notes_the_weights_of_a_records_where_the_families_differ(aws: Aws, apps: Apps) -> None:
    dual(apps, "shop-1", 200, ("A",))
    dual(apps, "shop-2")
    upsert(apps, "shop-2", "AAAA", 200)
    ground = look_at_ground(aws, Account(aws).zones, planned(apps, "shop-2", BOTH))
    assert ground.weights == {MAIN: {"shop-1": 200, "shop-2": 0}}
