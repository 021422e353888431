"""Gap: moto's classic load balancers made by a stack lose subnets, security groups, cross zone, draining and tags, are
replaced by every update, claim to be in us-east-1 and do not know their hosted zone; long names pass; every registered
instance is healthy.
"""

from __future__ import annotations

import re
import zlib
from typing import Any

from senza.sandbox.regions import elb_zone_id
from senza.sandbox.world import world

MAX_NAME = 32
NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?")
REPLACED_BY = ("LoadBalancerName", "Scheme")
"""Properties whose change replaces the balancer."""


def check_name(name: str) -> None:
    from moto.elb.exceptions import ELBClientError

    if len(name) > MAX_NAME:
        raise ELBClientError("ValidationError", f"LoadBalancer name cannot be longer than {MAX_NAME} characters")
    if not NAME.fullmatch(name):
        raise ELBClientError(
            "ValidationError",
            "LoadBalancer name must contain only alphanumeric characters or hyphens, "
            "and must not begin or end with a hyphen",
        )


def dns_name(name: str, region: str, scheme: str) -> str:
    prefix = "internal-" if scheme == "internal" else ""
    return f"{prefix}{name}-{zlib.crc32(name.encode())}.{region}.elb.amazonaws.com"


def configure(balancer: Any, backend: Any, properties: dict[str, Any]) -> None:
    """Everything of a template that can be set on an existing balancer."""
    if properties.get("Subnets"):
        balancer.subnets = list(properties["Subnets"])
    if properties.get("SecurityGroups"):
        backend.apply_security_groups_to_load_balancer(balancer.name, list(properties["SecurityGroups"]))
    if check := properties.get("HealthCheck"):
        backend.configure_health_check(
            load_balancer_name=balancer.name,
            timeout=int(check["Timeout"]),
            healthy_threshold=int(check["HealthyThreshold"]),
            unhealthy_threshold=int(check["UnhealthyThreshold"]),
            interval=int(check["Interval"]),
            target=check["Target"],
        )
    attributes = balancer.attributes
    attributes["cross_zone_load_balancing"] = {"enabled": truth(properties.get("CrossZone"))}
    draining = properties.get("ConnectionDrainingPolicy") or {}
    attributes["connection_draining"] = {"enabled": truth(draining.get("Enabled"))}
    if "Timeout" in draining:
        attributes["connection_draining"]["timeout"] = int(draining["Timeout"])
    settings = properties.get("ConnectionSettings") or {}
    attributes["connection_settings"] = {"idle_timeout": int(settings.get("IdleTimeout", 60))}
    balancer.tags = {tag["Key"]: str(tag["Value"]) for tag in properties.get("Tags") or ()}


def truth(value: Any) -> bool:
    return str(value).lower() == "true"


def stack_methods(model: Any, backends: Any) -> None:
    """Create and update as CloudFormation does them."""

    def create(
        cls: Any, /, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str, **kwargs: Any
    ) -> Any:
        backend = backends[account_id][region_name]
        properties = cloudformation_json["Properties"]
        scheme = properties.get("Scheme", "internet-facing")
        name = properties.get("LoadBalancerName", resource_name)
        balancer = backend.create_load_balancer(
            name=name,
            zones=properties.get("AvailabilityZones", []),
            ports=properties["Listeners"],
            scheme=scheme,
            subnets=properties.get("Subnets"),
            security_groups=properties.get("SecurityGroups"),
        )
        if properties.get("Instances"):
            backend.register_instances(name, list(properties["Instances"]))
        configure(balancer, backend, properties)
        balancer.senza_properties = properties
        return balancer

    def update(
        cls: Any,
        /,
        original_resource: Any,
        new_resource_name: str,
        cloudformation_json: Any,
        account_id: str,
        region_name: str,
    ) -> Any:
        backend = backends[account_id][region_name]
        new, old = cloudformation_json["Properties"], original_resource.senza_properties
        if any(new.get(name) != old.get(name) for name in REPLACED_BY):
            return create(cls, new_resource_name, cloudformation_json, account_id, region_name)
        if new["Listeners"] != old["Listeners"]:
            original_resource.listeners = []
            backend.create_load_balancer_listeners(original_resource.name, new["Listeners"])
        configure(original_resource, backend, new)
        original_resource.senza_properties = new
        return original_resource

    model.create_from_cloudformation_json = classmethod(create)
    model.update_from_cloudformation_json = classmethod(update)


def apply() -> None:
    from moto.elb import models

    create_load_balancer = models.ELBBackend.create_load_balancer
    describe_instance_health = models.ELBBackend.describe_instance_health

    def create(self: Any, name: str, *args: Any, **kwargs: Any) -> Any:
        check_name(name)
        balancer = create_load_balancer(self, name, *args, **kwargs)
        balancer.dns_name = dns_name(name, self.region_name, balancer.scheme)
        balancer.canonical_hosted_zone_name_id = elb_zone_id(self.region_name)
        return balancer

    def attribute(self: Any, name: str) -> Any:
        found = {
            "CanonicalHostedZoneName": self.dns_name,
            "CanonicalHostedZoneNameID": self.canonical_hosted_zone_name_id,
            "DNSName": self.dns_name,
            "SourceSecurityGroup.GroupName": self.source_security_group["GroupName"],
            "SourceSecurityGroup.OwnerAlias": self.source_security_group["OwnerAlias"],
        }
        return found[name]

    def health(self: Any, lb_name: str, instances: list[dict[str, str]]) -> list[dict[str, Any]]:
        states = world.settings.instance_health
        return [
            one | {"State": states[one["InstanceId"]]} if one["InstanceId"] in states else one
            for one in describe_instance_health(self, lb_name, instances)
        ]

    models.ELBBackend.create_load_balancer = create
    models.ELBBackend.describe_instance_health = health
    models.LoadBalancer.get_cfn_attribute = attribute
    stack_methods(models.LoadBalancer, models.elb_backends)
