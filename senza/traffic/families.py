"""A name whose versions have addresses of two families: A records for IPv4, AAAA records for IPv6.

Route 53 chooses among the records of one type (Developer Guide, "Weighted routing"), so the two families are two
distributions. A switch changes both in one batch. What it cannot keep together is versions of which only some have
records of both: the only one with an AAAA record gets all requests over IPv6, whatever its weight.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from senza.errors import Refused
from senza.traffic.records import Reader, Record
from senza.traffic.weights import effective

FAMILIES = {"A": "IPv4", "AAAA": "IPv6"}


def check_families(records: Sequence[Record], name: str, types: Collection[str], identifier: str) -> None:
    """Raise Refused where a version would get, or never get, the requests of one family.

    records: all that are at the name, or more. types: of the weighted records that the version is to have there.
    """
    others: dict[str, dict[str, int]] = {}
    for record in records:
        if record.name == name and record.weight is not None and record.type in FAMILIES:
            others.setdefault(record.type, {})[record.identifier or ""] = record.weight
    mine = FAMILIES.keys() & set(types)
    if not mine or not any(answers_with_others(siblings, identifier) for siblings in others.values()):
        return
    for kind in sorted(mine - others.keys()):
        raise Refused(
            f"{identifier} would be the only version with an {kind} record of {name}, and get all requests over "
            f"{FAMILIES[kind]} at once",
            hint=f"Give the version with the traffic such a record first (senza update), or use --force. {why(kind)}",
        )
    for kind in sorted(others.keys() - mine):
        if answers_with_others(others[kind], identifier):
            raise Refused(
                f"other versions have {kind} records of {name} and {identifier} has none, so clients over "
                f"{FAMILIES[kind]} would stay with those, whatever the weights say",
                hint=f"Add them, or use --force. {why(kind)}",
            )


def check_hidden(reader: Reader, name: str, types: Collection[str], identifier: str) -> None:
    """Raise Refused where a first record hides addresses of the other family that a wildcard has had for its name.

    A wildcard only answers for names without any record, of whatever type (RFC 4592, 2.2.1).
    """
    wildcard = f"*.{name.partition('.')[2]}"
    led = {record.type for record in reader.read([wildcard]) if record.type in FAMILIES}
    for kind in sorted(led - set(types)):
        raise Refused(
            f"{wildcard} has {kind} records, which the first record of {name} would hide: clients over "
            f"{FAMILIES[kind]} would no longer find it",
            hint=f"Give {identifier} records of both families (WeightedRecords: [A, AAAA], or IpAddressType: "
            "dualstack), or use --force.",
        )


def why(kind: str) -> str:
    return "IpAddressType: dualstack makes records of both families." if kind == "AAAA" else ""


def answers_with_others(siblings: dict[str, int], identifier: str) -> bool:
    return any(share > 0 for name, share in effective(siblings).items() if name != identifier)
