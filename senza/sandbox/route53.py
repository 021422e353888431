"""What Route 53 does with a change batch, as plain values: records in, records or a refusal out.

The rules are those of ChangeResourceRecordSets in the Route 53 API reference and of "Quotas" and "DNS domain name
format" in its developer guide: all changes of a batch or none; a DELETE must give all current values; a CREATE must
be new; weights 0 to 255; simple and weighted records of a name do not mix; 1,000 records and 32,000 characters (an
UPSERT counts twice); 100 weighted records of a name; an alias' zone id must be the one its target belongs to.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from senza.sandbox.regions import elb_zone_ids

MAX_RECORDS = 1000
MAX_CHARACTERS = 32_000
MAX_WEIGHTED = 100
TYPES = {
    *("A", "AAAA", "CAA", "CNAME", "DS", "HTTPS", "MX", "NAPTR", "NS", "PTR", "SOA", "SPF", "SRV", "SSHFP", "SVCB"),
    *("TLSA", "TXT"),
}
ELB_NAME = re.compile(
    r"\.([a-z]{2}(?:-[a-z]+)+-\d)\.elb\.amazonaws\.com\.$"  # classic and application
    r"|\.elb\.([a-z]{2}(?:-[a-z]+)+-\d)\.amazonaws\.com\.$"  # network
)
ROUTING = (
    "Weight",
    "Region",
    "GeoLocation",
    "Failover",
    "MultiValueAnswer",
    "GeoProximityLocation",
    "CidrRoutingConfig",
)


class InvalidBatch(Exception):
    """What is wrong with a batch, one message for each change that is wrong."""

    def __init__(self, *messages: str) -> None:
        super().__init__(f"[{', '.join(messages)}]")
        self.messages = messages


class BadInput(Exception):
    """What is wrong with a batch before its records are looked at."""


def normal(name: str) -> str:
    r"""Route 53's spelling of a name: lower case, final dot, ``*`` where the leftmost label is ``\052``."""
    name = re.sub(r"\\052", "*", name.lower().rstrip(".")) + "."
    return re.sub(r"(?<!^)\*", r"\\052", name)


def shown(name: str) -> str:
    r"""A name as Route 53 answers it: an asterisk comes back as ``\052``."""
    return name.replace("*", "\\052", 1) if name.startswith("*") else name


@dataclass(frozen=True)
class Record:
    """A record set by its values; two are the same set where their :attr:`identity` is."""

    name: str
    type: str
    identifier: str | None
    weight: int | None
    ttl: int | None
    values: tuple[str, ...]
    alias: tuple[str, str, bool] | None
    rest: tuple[tuple[str, str], ...] = ()

    @property
    def identity(self) -> tuple[str, str, str | None]:
        return self.name, self.type, self.identifier

    @property
    def label(self) -> str:
        """How Route 53's messages name it."""
        identifier = f", set-identifier='{self.identifier}'" if self.identifier is not None else ""
        return f"[name='{shown(self.name)}', type='{self.type}'{identifier}]"

    @classmethod
    def of(cls, given: dict[str, Any]) -> Record:
        """From the shape of the API; record values either ``{"Value": ...}`` or text. Raises BadInput."""
        values = [one["Value"] if isinstance(one, dict) else str(one) for one in given.get("ResourceRecords") or ()]
        alias = given.get("AliasTarget")
        target = None
        if alias:
            health = str(alias.get("EvaluateTargetHealth", False)).lower() == "true"
            target = (str(alias.get("HostedZoneId", "")), normal(str(alias.get("DNSName", ""))), health)
        return cls(
            name=normal(str(given.get("Name") or "")),
            type=str(given.get("Type")),
            identifier=given.get("SetIdentifier"),
            weight=whole("Weight", given.get("Weight")),
            ttl=whole("TTL", given.get("TTL")),
            values=tuple(sorted(values)),
            alias=target,
            rest=tuple(sorted((key, str(given[key])) for key in (*ROUTING[1:], "HealthCheckId") if given.get(key))),
        )


def whole(name: str, value: Any) -> int | None:
    if value is None or value == "":
        return None
    if not re.fullmatch(r"-?\d+", str(value)):
        raise BadInput(
            f"Invalid XML ; cvc-datatype-valid.1.2.1: '{value}' is not a valid value for 'integer' ({name})."
        )
    return int(value)


@dataclass(frozen=True)
class Change:
    """action: CREATE, UPSERT or DELETE; given: the record as it was sent."""

    action: str
    record: Record
    given: dict[str, Any]

    @property
    def label(self) -> str:
        """How Route 53's messages name it."""
        one = self.record
        return (
            f"[Action={self.action}, Name={shown(one.name)}, Type={one.type}, SetIdentifier={one.identifier or 'null'}]"
        )


@dataclass(frozen=True)
class Zone:
    """id without ``/hostedzone/``."""

    id: str
    name: str


def check_limits(changes: list[dict[str, Any]]) -> None:
    """Raises BadInput or InvalidBatch for a batch that is refused whatever the zone holds."""
    if not changes:
        raise BadInput("Invalid XML ; the change batch has no changes")
    count = characters = 0
    for change in changes:
        if change.get("Action") not in ("CREATE", "DELETE", "UPSERT"):
            raise BadInput(
                f"Invalid XML ; cvc-enumeration-valid: Value '{change.get('Action')}' is not facet-valid with respect "
                "to enumeration '[CREATE, DELETE, UPSERT]'. It must be a value from the enumeration."
            )
        values = [one["Value"] for one in change["ResourceRecordSet"].get("ResourceRecords") or ()]
        twice = 2 if change["Action"] == "UPSERT" else 1
        count += twice * max(len(values), 1)
        characters += twice * sum(map(len, values))
    if count > MAX_RECORDS:
        raise InvalidBatch(f"Number of records limit of {MAX_RECORDS} exceeded.")
    if characters > MAX_CHARACTERS:
        raise InvalidBatch(f"Number of characters limit of {MAX_CHARACTERS} exceeded.")


def check_record(change: Change, zone: Zone, region: str) -> None:
    """Raises BadInput or InvalidBatch for a record that cannot be in that zone."""
    record = change.record
    if record.type not in TYPES:
        raise BadInput(f"Invalid XML ; cvc-enumeration-valid: Value '{record.type}' is not facet-valid (RRType).")
    if record.weight is not None and not 0 <= record.weight <= 255:
        raise BadInput(
            f"Invalid XML ; cvc-maxInclusive-valid: Value '{record.weight}' is not facet-valid with respect to "
            "minInclusive '0' and maxInclusive '255' for type 'ResourceRecordSetWeight'."
        )
    if record.name != normal(zone.name) and not record.name.endswith("." + normal(zone.name)):
        raise InvalidBatch(f"RRSet with DNS name {shown(record.name)} is not permitted in zone {normal(zone.name)}")
    routed = record.weight is not None or any(key in ROUTING for key, _ in record.rest)
    if routed and record.identifier is None:
        raise BadInput(f"Invalid request: Missing field 'SetIdentifier' in Change with {change.label}")
    if record.identifier is not None and not routed:
        needed = ", ".join(ROUTING)
        raise BadInput(
            f"Invalid request: Expected exactly one of [{needed}], but found none in Change with {change.label}"
        )
    if record.identifier is not None and not 1 <= len(record.identifier) <= 128:
        raise BadInput(f"Invalid request: SetIdentifier must have 1 to 128 characters in Change with {change.label}")
    check_target(change, region)


def check_target(change: Change, region: str) -> None:
    """A record has either an alias or a TTL with values."""
    record = change.record
    plain = record.ttl is not None and bool(record.values)
    half = (record.ttl is not None or bool(record.values)) and not plain
    if half or plain == (record.alias is not None):
        found = "more than one" if record.alias else "none"
        raise BadInput(
            "Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], or "
            f"TrafficPolicyInstanceId], but found {found} in Change with {change.label}"
        )
    if record.alias:
        check_alias(record.alias, region)


def check_alias(alias: tuple[str, str, bool], region: str) -> None:
    """An alias to a load balancer must name the zone that load balancers of its region live in."""
    zone_id, dns_name, _ = alias
    found = ELB_NAME.search(dns_name)
    if not found:
        return
    known = elb_zone_ids(found[1] or found[2])
    if known and zone_id not in known:
        raise InvalidBatch(
            f"Tried to create an alias that targets {dns_name}, type A in zone {zone_id}, "
            "but the alias target name does not lie within the target zone"
        )


def applied(live: list[Record], changes: list[Change], zone: Zone, region: str) -> list[Record]:
    """The zone's records after the batch, in order; the given list is not changed.

    Raises BadInput or InvalidBatch, with a message for each change that cannot be made.
    """
    records = {record.identity: record for record in live}
    messages: list[str] = []
    check_repeated(changes)
    for change in changes:
        try:
            check_record(change, zone, region)
            make(records, change)
        except InvalidBatch as error:
            messages += error.messages
    messages += [lost for record in records.values() if (lost := lost_alias(record, records, zone))]
    if messages:
        raise InvalidBatch(*messages)
    return list(records.values())


def check_repeated(changes: list[Change]) -> None:
    """A record may occur once in a batch, or as a DELETE followed by a CREATE, which replaces it."""
    actions: dict[tuple[str, str, str | None], list[str]] = {}
    for change in changes:
        actions.setdefault(change.record.identity, []).append(change.action)
    for (name, kind, _), done in actions.items():
        if len(done) > 1 and done != ["DELETE", "CREATE"]:
            raise InvalidBatch(
                f"The request contains an invalid set of changes for a resource record set '{kind} {shown(name)}'"
            )


def lost_alias(record: Record, records: dict[tuple[str, str, str | None], Record], zone: Zone) -> str:
    """What is wrong with an alias to a record of the same zone that does not exist, or ""."""
    if record.alias is None or record.alias[0] != zone.id:
        return ""
    if any(one.name == record.alias[1] and one.type == record.type for one in records.values()):
        return ""
    return (
        f"Tried to create an alias that targets {record.alias[1]}, type {record.type} in zone {zone.id}, "
        "but that target was not found"
    )


def make(records: dict[tuple[str, str, str | None], Record], change: Change) -> None:
    record = change.record
    existing = records.get(record.identity)
    if change.action == "DELETE":
        if existing is None:
            raise InvalidBatch(f"Tried to delete resource record set {record.label} but it was not found")
        del records[record.identity]
        if existing != record:
            raise InvalidBatch(
                f"Tried to delete resource record set {record.label} "
                "but the values provided do not match the current values"
            )
        return
    if change.action == "CREATE" and existing is not None:
        raise InvalidBatch(f"Tried to create resource record set {record.label} but it already exists")
    siblings = [one for one in records.values() if one.name == record.name and one.identity != record.identity]
    same_type = [one for one in siblings if one.type == record.type]
    if any((one.identifier is None) != (record.identifier is None) for one in same_type):
        raise InvalidBatch(
            f"RRSet with DNS name {shown(record.name)}, type {record.type}, SetIdentifier "
            f"{record.identifier or 'null'} cannot be created as a non-weighted set exists with the same name and type"
            if record.identifier is not None
            else f"RRSet with DNS name {shown(record.name)}, type {record.type} cannot be created "
            "as weighted sets exist with the same name and type"
        )
    if "CNAME" in {record.type, *(one.type for one in siblings)} and any(one.type != record.type for one in siblings):
        raise InvalidBatch(
            f"RRSet of type {record.type} with DNS name {shown(record.name)} is not permitted "
            "because a conflicting RRSet with the same DNS name already exists"
        )
    if record.identifier is not None and len(same_type) >= MAX_WEIGHTED:
        raise InvalidBatch(f"Cannot create more than {MAX_WEIGHTED} resource record sets with the same name and type")
    records[record.identity] = record
