"""Gap: moto's CloudFormation update or delete of one weighted record removes all records of that name, its deletes
ignore the live values, creates overwrite, and zones are not found by a name without the final dot.

AWS's handlers create records with CREATE, update them with UPSERT, and delete them with the values of the template:
a record that was changed since makes the delete fail, one that is gone counts as deleted.
"""

from __future__ import annotations

from typing import Any

from senza.sandbox.patches.route53_api import apply_changes
from senza.sandbox.route53 import BadInput, InvalidBatch, Record, normal

Given = dict[str, Any]


class RecordFailure(Exception):
    """Route 53's reason, which CloudFormation repeats."""


def zone_for(backend: Any, properties: Given) -> Any:
    """The zone that HostedZoneId or HostedZoneName means. Raises RecordFailure."""
    if properties.get("HostedZoneId"):
        return backend.get_hosted_zone(properties["HostedZoneId"])
    name = normal(str(properties.get("HostedZoneName") or ""))
    zones = [zone for zone in backend.zones.values() if normal(zone.name) == name]
    if not zones:
        raise RecordFailure(f"No hosted zones named {name} found")
    if len(zones) > 1:
        raise RecordFailure(f"Found multiple hosted zones named {name}")
    return zones[0]


def change(zone: Any, changes: list[tuple[str, Given]]) -> None:
    try:
        apply_changes(zone, changes)
    except (BadInput, InvalidBatch) as wrong:
        raise RecordFailure(str(wrong)) from wrong


class StackRecords:
    """The records that one resource of a stack wrote, with the values of its template."""

    def __init__(self, backend: Any, given: list[Given]) -> None:
        self.backend = backend
        self.given = given

    def by_identity(self) -> dict[tuple[str, tuple[str, str, str | None]], Given]:
        """By zone id and identity. Raises RecordFailure."""
        try:
            return {(zone_for(self.backend, one).resource_id, Record.of(one).identity): one for one in self.given}
        except BadInput as wrong:
            raise RecordFailure(str(wrong)) from wrong

    def make(self, action: str) -> None:
        self._change([(zone_id, action, one) for (zone_id, _), one in self.by_identity().items()])

    def replace(self, old: StackRecords) -> None:
        """What both have is overwritten, what only ``old`` has is deleted as it was written."""
        new, before = self.by_identity(), old.by_identity()
        gone = [(key[0], "DELETE", one) for key, one in before.items() if key not in new and old.exists(key)]
        self._change([*gone, *((key[0], "UPSERT" if key in before else "CREATE", one) for key, one in new.items())])

    def remove(self) -> None:
        self._change([(key[0], "DELETE", one) for key, one in self.by_identity().items() if self.exists(key)])

    def exists(self, key: tuple[str, tuple[str, str, str | None]]) -> bool:
        from senza.sandbox.patches.route53_api import record_of

        zone = self.backend.zones.get(key[0])
        return zone is not None and any(record_of(rrset).identity == key[1] for rrset in zone.rrsets)

    def _change(self, changes: list[tuple[str, str, Given]]) -> None:
        zones: dict[str, list[tuple[str, Given]]] = {}
        for zone_id, action, one in changes:
            zones.setdefault(zone_id, []).append((action, one))
        for zone_id, batch in zones.items():
            change(self.backend.get_hosted_zone(zone_id), batch)


def records(properties: Given, account_id: str) -> StackRecords:
    """Of a RecordSet, or of a RecordSetGroup, whose zone holds for its records."""
    from moto.route53.models import route53_backends

    backend = route53_backends[account_id]["aws"]
    if "RecordSets" not in properties:
        return StackRecords(backend, [properties])
    shared = {key: properties[key] for key in ("HostedZoneId", "HostedZoneName") if key in properties}
    return StackRecords(backend, [shared | one for one in properties["RecordSets"]])


def methods_for(model: Any, physical_id: Any) -> None:
    """Give a model of moto (RecordSet, RecordSetGroup) AWS's create, update and delete."""

    def build(wanted: StackRecords, resource_name: str) -> Any:
        made = model.__new__(model)
        made.senza_records = wanted
        made.physical_resource_id = physical_id(wanted, resource_name)
        return made

    def create(
        cls: Any, /, resource_name: str, cloudformation_json: Given, account_id: str, region_name: str, **_: Any
    ) -> Any:
        wanted = records(cloudformation_json["Properties"], account_id)
        wanted.make("CREATE")
        return build(wanted, resource_name)

    def update(
        cls: Any,
        /,
        original_resource: Any,
        new_resource_name: str,
        cloudformation_json: Given,
        account_id: str,
        region_name: str,
    ) -> Any:
        wanted = records(cloudformation_json["Properties"], account_id)
        wanted.replace(original_resource.senza_records)
        return build(wanted, new_resource_name)

    def delete(self: Any, account_id: str, region: str) -> None:
        self.senza_records.remove()

    model.create_from_cloudformation_json = classmethod(create)
    model.update_from_cloudformation_json = classmethod(update)
    model.delete = delete
    model.physical_resource_id = None  # moto computes it, from what these objects do not have


def apply() -> None:
    from moto.route53.models import RecordSet, RecordSetGroup

    methods_for(RecordSet, lambda wanted, _: Record.of(wanted.given[0]).name.rstrip("."))
    methods_for(RecordSetGroup, lambda _, resource_name: resource_name)
