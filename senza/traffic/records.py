"""Reading Route 53: the records at a name, and which of them carry weights."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from senza.account import HostedZone
from senza.aws import Aws

Zones = Callable[[], Sequence[HostedZone]]
"""Looks up the hosted zones when they are needed."""

PAGE = 300
"""Records per page, the most that ListResourceRecordSets gives (API reference)."""


def normal(name: str) -> str:
    """A DNS name as we compare and show it: lower case, no final dot, ``*`` for Route 53's ``\\052``."""
    return name.replace("\\052", "*").rstrip(".").lower()


@dataclass(frozen=True)
class Record:
    """One record set. weight and identifier are None where it is not weighted.

    raw: exactly as Route 53 gave it, since it only deletes what is described exactly.
    """

    zone: HostedZone
    name: str
    type: str
    identifier: str | None
    weight: int | None
    raw: Mapping[str, Any] = field(compare=False, repr=False)

    @property
    def value(self) -> str:
        """Where it leads: the alias target, or the values."""
        if "AliasTarget" in self.raw:
            return normal(self.raw["AliasTarget"]["DNSName"])
        return " ".join(item["Value"] for item in self.raw.get("ResourceRecords", ()))

    @property
    def domain(self) -> Domain:
        return Domain(self.zone, self.name, self.type)


@dataclass(frozen=True)
class Domain:
    """A name in a zone whose records of one type share the traffic."""

    zone: HostedZone
    name: str
    type: str

    @property
    def at_zero(self) -> str:
        return "Route 53 then answers with every version that has a record, at equal shares"

    @property
    def spreads_at_zero(self) -> bool:
        return True

    def __str__(self) -> str:
        return self.name


def parsed(zone: HostedZone, item: Mapping[str, Any]) -> Record:
    return Record(
        zone=zone,
        name=normal(item["Name"]),
        type=item["Type"],
        identifier=item.get("SetIdentifier"),
        weight=int(item["Weight"]) if item.get("Weight") is not None else None,
        raw=item,
    )


def listed(aws: Aws, zone: HostedZone, **start: str) -> Iterator[Record]:
    pages = aws.pages(
        "route53",
        "list_resource_record_sets",
        "ResourceRecordSets",
        HostedZoneId=zone.id,
        PaginationConfig={"PageSize": PAGE},
        **start,
    )
    return (parsed(zone, item) for item in pages)


def records_at(aws: Aws, zone: HostedZone, name: str) -> list[Record]:
    """All records of exactly that name: one call, as a name has at most 100 weighted siblings per type."""
    found = []
    for record in listed(aws, zone, StartRecordName=name):
        if record.name != normal(name):
            break
        found.append(record)
    return found


def candidates(zones: Iterable[HostedZone], name: str) -> list[list[HostedZone]]:
    """The zones a name can live in, longest first; those of the same name (public, private) together."""
    by_name: dict[str, list[HostedZone]] = {}
    for zone in sorted(zones, key=lambda zone: (-len(zone.name), zone.id)):
        if zone.holds(name):
            by_name.setdefault(zone.name, []).append(zone)
    return list(by_name.values())


def pages_of(zones: Iterable[HostedZone]) -> int:
    """How many calls it takes to read the zones whole."""
    return sum(max(1, math.ceil(zone.record_count / PAGE)) for zone in zones)


class Reader:
    """Reads the records of many names with few calls: a small zone whole, a large one name by name."""

    def __init__(self, aws: Aws, zones: Sequence[HostedZone]) -> None:
        self._aws = aws
        self._zones = zones
        self._whole: dict[HostedZone, dict[str, list[Record]]] = {}
        self._single: dict[tuple[HostedZone, str], list[Record]] = {}
        self._below: dict[str, Record] = {}

    def read(self, names: Iterable[str]) -> list[Record]:
        """The records of these names. A name nobody has in its nearest zone is looked for in the parent zones."""
        found: list[Record] = []
        level = 0
        missing = list(dict.fromkeys(normal(name) for name in names))
        while missing:
            places = {name: candidates(self._zones, name)[level : level + 1] for name in missing}
            wanted = [(zone, name) for name, groups in places.items() for group in groups for zone in group]
            self._fetch(wanted)
            here = [record for zone, name in wanted for record in self._known(zone, name)]
            found.extend(here)
            seen = {record.name for record in here}
            missing = [name for name in missing if places[name] and name not in seen]
            level += 1
        return found

    def read_all(self) -> list[Record]:
        """All records of all zones, in one call per 300."""
        open_ = [zone for zone in self._zones if zone not in self._whole]
        self._aws.parallel({zone.id: partial(self._read_whole, zone) for zone in open_})
        return self.everything()

    def knows_all(self, zone: HostedZone) -> bool:
        """Whether the whole zone was read."""
        return zone in self._whole

    def everything(self) -> list[Record]:
        """All records that were read so far."""
        whole = [record for names in self._whole.values() for records in names.values() for record in records]
        single = [
            record for (zone, _), records in self._single.items() if zone not in self._whole for record in records
        ]
        return whole + single

    def below(self, name: str) -> Record | None:
        """A record of a longer name that ends in this one, as far as that was read; by that, too, the name exists."""
        ending = f".{name}"
        for zone, names in self._whole.items():
            there = next((found for found in names if found.endswith(ending)), None)
            if there and not zone.private:
                return names[there][0]
        return self._below.get(name)

    def _known(self, zone: HostedZone, name: str) -> list[Record]:
        if zone in self._whole:
            return self._whole[zone].get(name, [])
        return self._single[zone, name]

    def _fetch(self, wanted: Sequence[tuple[HostedZone, str]]) -> None:
        open_ = [(zone, name) for zone, name in wanted if zone not in self._whole and (zone, name) not in self._single]
        names_in: dict[HostedZone, int] = {}
        for zone, _ in open_:
            names_in[zone] = names_in.get(zone, 0) + 1
        small = {zone for zone, names in names_in.items() if math.ceil(zone.record_count / PAGE) <= names}
        jobs = {(zone.id, ""): partial(self._read_whole, zone) for zone in small}
        jobs |= {(zone.id, name): partial(self._read_name, zone, name) for zone, name in open_ if zone not in small}
        self._aws.parallel(jobs)

    def _read_name(self, zone: HostedZone, name: str) -> None:
        self._single[zone, name] = found = []
        for record in listed(self._aws, zone, StartRecordName=name):  # in the order of their labels from the last one
            if record.name != name:
                if record.name.endswith(f".{name}") and not zone.private:
                    self._below[name] = record
                break
            found.append(record)

    def _read_whole(self, zone: HostedZone) -> None:
        by_name: dict[str, list[Record]] = {}
        for record in listed(self._aws, zone):
            by_name.setdefault(record.name, []).append(record)
        self._whole[zone] = by_name
