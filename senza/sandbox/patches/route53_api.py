"""Gap: moto's change batches are not atomic and it accepts what Route 53 refuses; it pages wrongly inside weighted
siblings; every change id is the same and INSYNC at once.
"""

from __future__ import annotations

import string
from typing import Any

from senza.sandbox.route53 import BadInput, Change, InvalidBatch, Record, Zone, applied, check_limits, normal, shown
from senza.sandbox.world import world

PAGE = 300
ALPHABET = string.ascii_uppercase + string.digits


def record_of(rrset: Any) -> Record:
    """The values of one of moto's record sets."""
    return Record.of(
        {
            "Name": rrset.name,
            "Type": rrset.type,
            "TTL": rrset.ttl,
            "ResourceRecords": rrset.records,
            "SetIdentifier": rrset.set_identifier,
            "Weight": rrset.weight,
            "Region": rrset.region,
            "HealthCheckId": rrset.health_check_id,
            "AliasTarget": rrset.alias_target,
            "Failover": rrset.failover,
            "GeoLocation": rrset.geo_location,
            "MultiValueAnswer": rrset.multi_value_answer,
        }
    )


def rrset_of(given: dict[str, Any]) -> Any:
    """One of moto's record sets, holding values as Route 53 answers them."""
    from moto.route53.models import RecordSet

    record = Record.of(given)
    values = [one["Value"] if isinstance(one, dict) else str(one) for one in given.get("ResourceRecords") or ()]
    kept = {**given, "Name": shown(record.name), "ResourceRecords": values, "Weight": record.weight, "TTL": record.ttl}
    if record.alias:
        zone_id, dns_name, health = record.alias
        kept["AliasTarget"] = {"HostedZoneId": zone_id, "DNSName": dns_name, "EvaluateTargetHealth": health}
    return RecordSet(kept)


def apply_changes(zone: Any, changes: list[tuple[str, dict[str, Any]]]) -> None:
    """Make all of ``(action, record)`` or none of it. Raises BadInput or InvalidBatch."""
    rrsets = {record_of(rrset).identity: rrset for rrset in zone.rrsets}
    wanted = [Change(action, Record.of(given), given) for action, given in changes]
    after = applied(
        [record_of(rrset) for rrset in zone.rrsets], wanted, Zone(zone.resource_id, zone.name), world.region
    )
    for change in wanted:
        if change.action != "DELETE":
            rrsets[change.record.identity] = rrset_of(change.given)
    zone.rrsets = [rrsets[record.identity] for record in after]


def error(code: str, message: str) -> Exception:
    from moto.route53.exceptions import Route53ClientError

    made: Exception = Route53ClientError(code, message)
    return made


def new_change(backend: Any, comment: str | None = None) -> dict[str, Any]:
    """Register a change and return what the API says of it."""
    from moto.core.utils import utcnow
    from moto.moto_api._internal import mock_random

    ident = "C" + "".join(mock_random.choice(ALPHABET) for _ in range(20))
    polls = world.settings.insync_polls
    info = {"Id": f"/change/{ident}", "Status": "PENDING", "SubmittedAt": utcnow(), "Comment": comment}
    backend.__dict__.setdefault("senza_changes", {})[ident] = {"polls": polls, "info": info}
    return info


def change_resource_record_sets(self: Any) -> Any:
    from moto.core.responses import ActionResult

    zone = self.backend.get_hosted_zone(self._get_param("HostedZoneId"))
    sent = self._get_param("ChangeBatch.Changes") or []
    try:
        check_limits(sent)
        apply_changes(zone, [(change["Action"], change["ResourceRecordSet"]) for change in sent])
    except BadInput as wrong:
        raise error("InvalidInput", str(wrong)) from wrong
    except InvalidBatch as wrong:
        raise error("InvalidChangeBatch", str(wrong)) from wrong
    return ActionResult({"ChangeInfo": new_change(self.backend, self._get_param("ChangeBatch.Comment"))})


def get_change(self: Any) -> Any:
    from moto.core.responses import ActionResult

    ident = self._get_param("Id").removeprefix("/change/")
    change = self.backend.__dict__.get("senza_changes", {}).get(ident)
    if change is None:
        raise error("NoSuchChange", f"Could not find resource with ID: {ident}")
    if change["polls"] > 0:
        change["polls"] -= 1
    else:
        change["info"]["Status"] = "INSYNC"
    return ActionResult({"ChangeInfo": change["info"]})


def sort_key(rrset: Any) -> tuple[list[str], str, str]:
    """Labels from the right, then type, then identifier: the order of ListResourceRecordSets."""
    return name_key(rrset.name), rrset.type, rrset.set_identifier or ""


def name_key(name: str) -> list[str]:
    return normal(name).rstrip(".").split(".")[::-1]


def list_resource_record_sets(self: Any) -> Any:
    from moto.core.responses import ActionResult

    zone = self.backend.get_hosted_zone(self._get_param("HostedZoneId"))
    name, kind = self._get_param("StartRecordName"), self._get_param("StartRecordType")
    identifier = self._get_param("StartRecordIdentifier")
    if (kind and not name) or (identifier and not (name and kind)):
        raise error("InvalidInput", "The input is not valid: a start type needs a name, a start identifier needs both")
    size = min(self._get_int_param("MaxItems", PAGE), PAGE)
    rrsets = sorted(zone.rrsets, key=sort_key)
    if name:
        start = (name_key(name), kind or "", identifier or "")
        rrsets = [rrset for rrset in rrsets if sort_key(rrset) >= start]
    following = rrsets[size] if len(rrsets) > size else None
    return ActionResult(
        {
            "ResourceRecordSets": rrsets[:size],
            "IsTruncated": following is not None,
            "NextRecordName": following and following.name,
            "NextRecordType": following and following.type,
            "NextRecordIdentifier": following and following.set_identifier,
            "MaxItems": size,
        }
    )


def list_hosted_zones_by_name(self: Any) -> Any:
    """Zones in the order of their reversed names, from the given one on (moto answers equal names only)."""
    from moto.core.responses import ActionResult

    name, ident = self._get_param("DNSName"), self._get_param("HostedZoneId") or ""
    if ident and not name:
        raise error("InvalidInput", "HostedZoneId needs DNSName")
    size = min(self._get_int_param("MaxItems", 100), 100)
    zones = sorted(self.backend.zones.values(), key=zone_key)
    if name:
        zones = [zone for zone in zones if zone_key(zone) >= (name_key(name), ident)]
    following = zones[size] if len(zones) > size else None
    return ActionResult(
        {
            "HostedZones": zones[:size],
            "DNSName": name,
            "HostedZoneId": ident or None,
            "IsTruncated": following is not None,
            "NextDNSName": following and following.name,
            "NextHostedZoneId": following and following.resource_id,
            "MaxItems": size,
        }
    )


def zone_key(zone: Any) -> tuple[list[str], str]:
    return name_key(zone.name), zone.resource_id


def apply() -> None:
    from moto.route53 import models
    from moto.route53.responses import Route53

    def add_rrset(self: Any, given: dict[str, Any]) -> Any:
        """moto's own way in (zones and record set groups), now with values in the one shape."""
        rrset = rrset_of(given)
        self.rrsets.append(rrset)
        return rrset

    def with_change(method: Any) -> Any:
        def handler(self: Any) -> Any:
            answer = method(self)
            answer._result["ChangeInfo"] = new_change(self.backend)
            return answer

        return handler

    models.FakeZone.add_rrset = add_rrset
    Route53.change_resource_record_sets = change_resource_record_sets
    Route53.list_resource_record_sets = list_resource_record_sets
    Route53.list_hosted_zones_by_name = list_hosted_zones_by_name
    Route53.get_change = get_change
    Route53.create_hosted_zone = with_change(Route53.create_hosted_zone)
    Route53.delete_hosted_zone = with_change(Route53.delete_hosted_zone)
