"""Hosted zones, and which of them a domain name belongs to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from senza.aws import Aws
from senza.errors import NotFound, UsageError


@dataclass(frozen=True)
class HostedZone:
    id: str
    """Without the ``/hostedzone/`` in front."""
    name: str
    """With its final dot, e.g. ``example.org.``."""
    private: bool = False
    record_count: int = field(default=0, compare=False)
    """How many record sets it has; tells whether reading it whole is worth it."""

    def holds(self, domain: str) -> bool:
        """Whether the domain is the zone's apex or below it, compared by whole labels."""
        return canonical(domain) == self.name or canonical(domain).endswith(f".{self.name}")


def canonical(domain: str) -> str:
    """A domain name as Route 53 writes it: lower case, with its final dot."""
    return domain.rstrip(".").lower() + "."


def look_up_zones(aws: Aws) -> tuple[HostedZone, ...]:
    """All hosted zones, by name; the public one first where a private one has the same name."""
    zones = (
        HostedZone(
            zone["Id"].rsplit("/", 1)[-1],
            canonical(zone["Name"]),
            bool(zone["Config"].get("PrivateZone")),
            int(zone.get("ResourceRecordSetCount", 0)),
        )
        for zone in aws.pages("route53", "list_hosted_zones", "HostedZones")
    )
    return tuple(sorted(zones, key=lambda zone: (zone.name, zone.private, zone.id)))


def zone_of(domain: str, zones: Iterable[HostedZone]) -> HostedZone | None:
    """The zone with the longest name that holds the domain."""
    return max((zone for zone in zones if zone.holds(domain)), key=lambda zone: len(zone.name), default=None)


def account_zone(zones: Iterable[HostedZone]) -> HostedZone:
    """The zone of the account where nothing names one: the only public one (the only private one without any).

    Raises NotFound without zones, UsageError where several names are possible.
    """
    zones = list(zones)
    candidates = [zone for zone in zones if not zone.private] or zones
    if not candidates:
        raise NotFound(
            "there is no hosted zone in this account",
            hint="Create one in Route 53, or give the load balancer explicit Domains.",
        )
    names = sorted({zone.name for zone in candidates})
    if len(names) > 1:
        raise UsageError(
            "the account has several hosted zones: " + ", ".join(name.rstrip(".") for name in names),
            hint="Say which one is meant: give MainDomain and VersionDomain (or Domains) in full, "
            "and write the domain instead of {{AccountInfo.Domain}}.",
        )
    return candidates[0]
