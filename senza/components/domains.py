"""``Domains`` of a load balancer: which names lead to it, and in which hosted zones they live."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from troposphere import AWSObject, route53

from senza.components.functions import get_att
from senza.components.model import Site
from senza.components.settings import Settings
from senza.components.shapes import Shaper
from senza.definition.suggest import did_you_mean

KINDS = ("weighted", "standalone")
KEYS = ("Type", "Zone", "Subdomain", "EvaluateTargetHealth")
ADDRESSES = {"A": "", "AAAA": "IPv6"}
"""Type of an alias record -> what its logical id ends with."""


@dataclass(frozen=True)
class Domain:
    """One DNS name of a load balancer."""

    label: str
    """Part of the record's logical id."""
    zone: str
    """Name of the hosted zone as it was given, with or without its final dot."""
    subdomain: str
    """What comes before the zone; "" for the zone's apex."""
    weighted: bool
    evaluate_health: bool | None = None
    """Whether Route 53 leaves the load balancer out while no target of it is healthy; None where nothing is said."""

    @property
    def name(self) -> str:
        return f"{self.subdomain}.{self.zone}" if self.subdomain else self.zone

    @property
    def zone_name(self) -> str:
        return self.zone.rstrip(".") + "."


def given_domains(settings: Settings) -> list[Domain]:
    """What the property ``Domains`` says. Raises DefinitionError."""
    section = settings.section("Domains")
    domains = []
    for label in section.values if section else ():
        assert section is not None
        entry = section.section(label)
        assert entry is not None
        for key in entry.values:
            if key not in KEYS:
                raise entry.wrong(
                    f"a domain has no {key}", key, hint=did_you_mean(key, KEYS) or f"It has {', '.join(KEYS)}."
                )
        kind = str(entry.require("Type", "weighted"))
        if kind not in KINDS:
            hint = did_you_mean(kind, KINDS) or "Write weighted or standalone."
            raise entry.wrong(f"there is no domain Type {kind}", "Type", hint=hint)
        entry.require("Zone", "example.org.")
        health = entry.boolean("EvaluateTargetHealth", False) if "EvaluateTargetHealth" in entry else None
        subdomain = entry.text("Subdomain").rstrip(".")
        domains.append(Domain(str(label), entry.text("Zone"), subdomain, kind == "weighted", health))
    return domains


def account_domains(settings: Settings, site: Site) -> list[Domain]:
    """``MainDomain`` and ``VersionDomain``, by default named after the stack in the account's hosted zone."""
    bound = site.bound
    return [
        _account_domain(settings, site, "MainDomain", bound.stack_name, weighted=True),
        _account_domain(settings, site, "VersionDomain", bound.full_name, weighted=False),
    ]


def _account_domain(settings: Settings, site: Site, key: str, default: str, *, weighted: bool) -> Domain:
    if key not in settings:
        with settings.blaming():
            return Domain(key, site.account.zone().name, default, weighted)
    name = settings.text(key).rstrip(".")
    with settings.blaming(key):
        zone = site.account.zone_for(name)
    if zone is None:
        known = ", ".join(sorted({zone.name.rstrip(".") for zone in site.account.zones()})) or "none"
        raise settings.wrong(
            f"{key} {name} lies in no hosted zone of this account", key, hint=f"Hosted zones: {known}."
        )
    return Domain(key, zone.name, name[: -len(zone.name)], weighted)


def records(
    domains: list[Domain],
    settings: Settings,
    site: Site,
    shaper: Shaper,
    zone_id_attribute: str,
    types: Sequence[str] = ("A",),
) -> Mapping[str, AWSObject]:
    """Logical id -> alias record of each domain and type.

    The weight in the template is 0 for ever: traffic is switched in Route 53, never by CloudFormation.
    zone_id_attribute: the load balancer's attribute with the hosted zone id for alias records.
    types: of :data:`ADDRESSES`; several for a load balancer that has addresses of both families.
    """
    made: dict[str, AWSObject] = {}
    for domain, kind in product(domains, types):
        logical_id = f"{settings.name}{domain.label}{ADDRESSES[kind]}"
        if logical_id in made:
            raise settings.wrong(f"two records would be called {logical_id}", "Domains", domain.label)
        target: dict[str, Any] = {
            "HostedZoneId": get_att(settings.name, zone_id_attribute),
            "DNSName": get_att(settings.name, "DNSName"),
        }
        health = _evaluates_health(domain, settings)
        if health is not None:
            target["EvaluateTargetHealth"] = health
        properties: dict[str, Any] = {
            "Type": kind,
            "Name": domain.name,
            "HostedZoneName": domain.zone_name,
            "AliasTarget": target,
        }
        if domain.weighted:
            properties.update(Weight=0, SetIdentifier=site.bound.full_name)
        made[logical_id] = shaper.resource(route53.RecordSetType, logical_id, properties)
    return made


def _evaluates_health(domain: Domain, settings: Settings) -> bool | None:
    """What the domain says, else what the load balancer says for all of its domains."""
    if domain.evaluate_health is not None or "EvaluateTargetHealth" not in settings:
        return domain.evaluate_health
    return settings.boolean("EvaluateTargetHealth", False)
