"""Route 53 of the sandbox against the rules of its API reference; each of these fails on plain moto."""

from __future__ import annotations

from typing import Any

import pytest

from senza.aws import Aws
from senza.errors import AwsError
from senza.sandbox.embedded import EmbeddedSandbox

ELB_ZONE = "Z215JYRZR1TBD5"  # load balancers in eu-central-1
NAME = "app.hello.example.org."


class Zone:
    """The seeded zone, with short words for what tests do to it."""

    def __init__(self, sandbox: EmbeddedSandbox, aws: Aws) -> None:
        self.aws = aws
        self.id = sandbox.values["zone_ids"]["hello.example.org."]

    def change(self, *changes: tuple[str, dict[str, Any]]) -> str:
        batch = {"Changes": [{"Action": action, "ResourceRecordSet": record} for action, record in changes]}
        answer = self.aws.call("route53", "change_resource_record_sets", HostedZoneId=self.id, ChangeBatch=batch)
        ident: str = answer["ChangeInfo"]["Id"]
        return ident

    def refused(self, *changes: tuple[str, dict[str, Any]]) -> AwsError:
        """The refusal of a batch; nothing of it may have been done."""
        before = self.records()
        with pytest.raises(AwsError) as raised:
            self.change(*changes)
        assert self.records() == before
        return raised.value

    def records(self, **how: Any) -> list[dict[str, Any]]:
        return list(
            self.aws.pages("route53", "list_resource_record_sets", "ResourceRecordSets", HostedZoneId=self.id, **how)
        )

    def weights(self) -> dict[str, int]:
        return {one["SetIdentifier"]: one["Weight"] for one in self.records() if "Weight" in one}


@pytest.fixture
def zone(sandbox: EmbeddedSandbox, aws: Aws) -> Zone:
    return Zone(sandbox, aws)


def weighted(identifier: str, weight: int, **other: Any) -> dict[str, Any]:
    target = {"HostedZoneId": ELB_ZONE, "DNSName": f"{identifier}-1.eu-central-1.elb.amazonaws.com"}
    alias = {"AliasTarget": target | {"EvaluateTargetHealth": False}}
    return {"Name": NAME, "Type": "A", "SetIdentifier": identifier, "Weight": weight, **alias, **other}


def plain(name: str, *values: str, kind: str = "TXT", ttl: int = 60) -> dict[str, Any]:
    return {"Name": name, "Type": kind, "TTL": ttl, "ResourceRecords": [{"Value": value} for value in values]}


def test_compare_and_swap_changes_all_records_or_none(zone: Zone) -> None:
    zone.change(("CREATE", weighted("v1", 200)), ("CREATE", weighted("v2", 0)))
    swap = [
        *(("DELETE", weighted("v1", 200)), ("CREATE", weighted("v1", 100))),
        *(("DELETE", weighted("v2", 0)), ("CREATE", weighted("v2", 100))),
    ]
    zone.change(*swap)
    assert zone.weights() == {"v1": 100, "v2": 100}
    error = zone.refused(*swap)  # the weights are no longer those it was made from
    assert error.code == "InvalidChangeBatch"
    assert error.message.count("but the values provided do not match the current values") == 2
    assert "set-identifier='v1'" in error.message


@pytest.mark.parametrize(
    "other",
    [
        {"Weight": 1},
        {
            "AliasTarget": {
                "HostedZoneId": ELB_ZONE,
                "DNSName": "x.eu-central-1.elb.amazonaws.com",
                "EvaluateTargetHealth": False,
            }
        },
        {"AliasTarget": weighted("v1", 0)["AliasTarget"] | {"EvaluateTargetHealth": True}},
        {"HealthCheckId": "abc"},
    ],
)
def test_a_delete_must_give_all_current_values(zone: Zone, other: dict[str, Any]) -> None:
    zone.change(("CREATE", weighted("v1", 0)))
    assert "do not match the current values" in zone.refused(("DELETE", weighted("v1", 0) | other)).message
    zone.change(("DELETE", weighted("v1", 0)))
    assert zone.weights() == {}


def test_values_and_ttl_of_plain_records_are_compared_too(zone: Zone) -> None:
    zone.change(("CREATE", plain("t.hello.example.org", '"b"', '"a"')))
    for wrong in (plain("t.hello.example.org", '"a"'), plain("t.hello.example.org", '"a"', '"b"', ttl=61)):
        assert "do not match" in zone.refused(("DELETE", wrong)).message
    zone.change(("DELETE", plain("T.Hello.Example.Org.", '"a"', '"b"')))  # neither case nor order matters


def test_delete_of_nothing_and_create_of_what_exists(zone: Zone) -> None:
    zone.change(("CREATE", weighted("v1", 0)))
    error = zone.refused(("DELETE", weighted("v9", 0)), ("CREATE", weighted("v1", 5)))
    assert "set-identifier='v9'] but it was not found" in error.message
    assert "set-identifier='v1'] but it already exists" in error.message


@pytest.mark.parametrize(
    "actions",
    [("UPSERT", "UPSERT"), ("CREATE", "UPSERT"), ("CREATE", "DELETE"), ("DELETE", "DELETE"), ("DELETE", "UPSERT")],
)
def test_one_record_twice_in_a_batch(zone: Zone, actions: tuple[str, str]) -> None:
    zone.change(("CREATE", weighted("v1", 0)))
    error = zone.refused(*((action, weighted("v1", 0)) for action in actions))
    assert f"invalid set of changes for a resource record set 'A {NAME}'" in error.message


def test_weights_are_0_to_255(zone: Zone) -> None:
    zone.change(("CREATE", weighted("least", 0)), ("CREATE", weighted("most", 255)))
    assert zone.refused(("CREATE", weighted("v1", 256))).code == "InvalidInput"


def test_simple_and_weighted_records_do_not_mix(zone: Zone) -> None:
    simple = {key: value for key, value in weighted("v1", 0).items() if key not in ("SetIdentifier", "Weight")}
    zone.change(("CREATE", weighted("v1", 0)))
    assert "weighted sets exist" in zone.refused(("CREATE", simple)).message
    zone.change(("DELETE", weighted("v1", 0)), ("CREATE", simple))
    assert "non-weighted set exists" in zone.refused(("UPSERT", weighted("v1", 0))).message
    assert (
        zone.refused(
            (
                "CREATE",
                weighted("v1", 0, Name="a.hello.example.org", Weight=None) | {"Weight": 1, "SetIdentifier": "x" * 129},
            )
        ).code
        == "InvalidInput"
    )


def test_a_hundred_weighted_siblings(zone: Zone) -> None:
    zone.change(*(("CREATE", weighted(f"v{number}", 0)) for number in range(100)))
    assert "more than 100" in zone.refused(("CREATE", weighted("v100", 0))).message


def test_limits_of_a_batch(zone: Zone) -> None:
    many = [(f"r{number}.hello.example.org", '"x"') for number in range(501)]
    zone.change(*(("CREATE", plain(*one)) for one in many))
    assert "limit of 1000" in zone.refused(*(("UPSERT", plain(*one)) for one in many)).message
    long = [('"' + "x" * 250 + '"') for _ in range(70)]
    big = [
        ("UPSERT", plain("a.hello.example.org", *(f'{value[:-4]}{number:03}"' for number, value in enumerate(long))))
    ]
    assert "limit of 32000" in zone.refused(*big).message


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (weighted("v1", 0, Name="app.example.org"), "is not permitted in zone hello.example.org."),
        (weighted("v1", 0, Name="othello.example.org"), "is not permitted in zone"),
        (weighted("v1", 0, TTL=60, ResourceRecords=[{"Value": "192.0.2.1"}]), "but found more than one"),
        ({"Name": NAME, "Type": "A", "TTL": 60}, "but found none"),
        ({**plain(NAME, "192.0.2.1", kind="A"), "Weight": 5}, "Missing field 'SetIdentifier'"),
        ({**plain(NAME, "192.0.2.1", kind="A"), "SetIdentifier": "x"}, "but found none"),
        (
            weighted(
                "v1",
                0,
                AliasTarget={
                    "HostedZoneId": "Z35SXDOTRQ7X7K",
                    "DNSName": "x.eu-central-1.elb.amazonaws.com",
                    "EvaluateTargetHealth": False,
                },
            ),
            "does not lie within the target zone",
        ),
    ],
)
def test_records_that_cannot_be(zone: Zone, record: dict[str, Any], said: str) -> None:
    assert said in zone.refused(("CREATE", record)).message


def test_an_alias_into_the_own_zone_needs_its_target(zone: Zone) -> None:
    own = {"HostedZoneId": zone.id.split("/")[-1], "DNSName": "t.hello.example.org", "EvaluateTargetHealth": False}
    alias = {"Name": "u.hello.example.org", "Type": "TXT", "AliasTarget": own}
    assert "that target was not found" in zone.refused(("CREATE", alias)).message
    zone.change(("CREATE", plain("t.hello.example.org", '"x"')), ("CREATE", alias))


def test_names_come_back_as_route53_writes_them(zone: Zone) -> None:
    zone.change(("CREATE", plain("*.Wild.hello.example.org", '"x"')))
    assert r"\052.wild.hello.example.org." in {one["Name"] for one in zone.records()}
    zone.change(("DELETE", plain(r"\052.wild.hello.example.org.", '"x"')))


def test_pages_go_through_weighted_siblings_in_order(zone: Zone) -> None:
    zone.change(*(("CREATE", weighted(f"v{number}", 0)) for number in (3, 1, 2)))
    zone.change(("CREATE", plain("a.z.hello.example.org", '"x"')), ("CREATE", plain("z.a.hello.example.org", '"x"')))
    paged = zone.records(PaginationConfig={"PageSize": 1})
    assert [one.get("SetIdentifier", one["Name"]) for one in paged] == [
        *("hello.example.org.", "hello.example.org.", "z.a.hello.example.org.", "v1", "v2", "v3"),
        "a.z.hello.example.org.",
    ]
    start = {"StartRecordName": NAME, "StartRecordType": "A", "StartRecordIdentifier": "v2"}
    answer = zone.aws.call("route53", "list_resource_record_sets", HostedZoneId=zone.id, MaxItems="1", **start)
    assert [one["SetIdentifier"] for one in answer["ResourceRecordSets"]] == ["v2"]
    assert (answer["NextRecordName"], answer["NextRecordType"], answer["NextRecordIdentifier"]) == (NAME, "A", "v3")
    with pytest.raises(AwsError, match="InvalidInput"):
        zone.aws.call("route53", "list_resource_record_sets", HostedZoneId=zone.id, StartRecordType="A")


def test_changes_are_pending_for_as_many_polls_as_set(zone: Zone, sandbox: EmbeddedSandbox) -> None:
    sandbox.settings.insync_polls = 2
    ident = zone.change(("CREATE", weighted("v1", 0)))
    statuses = [zone.aws.call("route53", "get_change", Id=ident)["ChangeInfo"]["Status"] for _ in range(3)]
    assert statuses == ["PENDING", "PENDING", "INSYNC"]
    assert zone.change(("DELETE", weighted("v1", 0))) != ident
    with pytest.raises(AwsError, match="NoSuchChange"):
        zone.aws.call("route53", "get_change", Id="C0123456789")


def test_zones_by_name_begin_where_asked(zone: Zone, aws: Aws) -> None:
    for number, name in enumerate(("zzz.example", "example.org", "hello.example.org")):
        aws.call("route53", "create_hosted_zone", Name=name, CallerReference=f"more-{number}")
    answer = aws.call("route53", "list_hosted_zones_by_name", DNSName="hello.example.org", MaxItems="2")
    assert [one["Name"] for one in answer["HostedZones"]] == ["hello.example.org."] * 2
    assert answer["IsTruncated"] is False
    all_of_them = aws.call("route53", "list_hosted_zones_by_name")["HostedZones"]
    assert [one["Name"] for one in all_of_them] == ["zzz.example.", "example.org.", *["hello.example.org."] * 2]
