"""Gap: moto's v2 load balancers made by a stack lose type, attributes and tags, do not know their hosted zone, cannot
be updated, choke on numbers given as text and on a ForwardConfig; target groups and listeners outlive their stack.
Network balancers have ARNs of application ones.
"""

from __future__ import annotations

import zlib
from typing import Any

from senza.sandbox.patches.elb import check_name
from senza.sandbox.regions import elb_zone_id

COUNTS = ("HealthCheckIntervalSeconds", "HealthCheckTimeoutSeconds", "HealthyThresholdCount", "UnhealthyThresholdCount")
GROUP_REPLACED_BY = ("Name", "Port", "Protocol", "ProtocolVersion", "TargetType", "VpcId")
BALANCER_REPLACED_BY = ("Name", "Scheme", "Type")


def dns_name(name: str, region: str, scheme: str, kind: str) -> str:
    label = f"{'internal-' if scheme == 'internal' else ''}{name}-{zlib.crc32(name.encode())}"
    return f"{label}.elb.{region}.amazonaws.com" if kind == "network" else f"{label}.{region}.elb.amazonaws.com"


def rename(backend: Any, balancer: Any, arn: str) -> None:
    """Give it another ARN, from which its name in CloudWatch follows."""
    tags = backend.tagging_service.list_tags_for_resource(balancer.arn)["Tags"]
    backend.tagging_service.delete_all_tags_for_resource(balancer.arn)
    backend.load_balancers[arn] = backend.load_balancers.pop(balancer.arn)
    balancer.arn = arn
    backend.tagging_service.tag_resource(arn, tags)


def pairs(given: Any) -> dict[str, str]:
    return {one["Key"]: str(one["Value"]) for one in given or ()}


def attribute(self: Any, name: str) -> Any:
    found = {
        "DNSName": self.dns_name,
        "LoadBalancerName": self.name,
        "LoadBalancerArn": self.arn,
        "CanonicalHostedZoneID": self.canonical_hosted_zone_id,
        "LoadBalancerFullName": self.arn.split(":loadbalancer/")[-1],
        "SecurityGroups": self.security_groups,
    }
    return found[name]


def configure_balancer(balancer: Any, backend: Any, properties: dict[str, Any]) -> None:
    if properties.get("LoadBalancerAttributes"):
        backend.modify_load_balancer_attributes(balancer.arn, pairs(properties["LoadBalancerAttributes"]))
    backend.tagging_service.tag_resource(balancer.arn, properties.get("Tags") or [])
    balancer.senza_properties = properties


def balancer_methods(model: Any, backends: Any) -> None:
    def create(
        cls: Any, /, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str, **_: Any
    ) -> Any:
        backend, properties = backends[account_id][region_name], cloudformation_json["Properties"]
        balancer = backend.create_load_balancer(
            properties.get("Name", resource_name),
            properties.get("SecurityGroups") or [],
            properties.get("Subnets") or [],
            subnet_mappings=properties.get("SubnetMappings"),
            scheme=properties.get("Scheme", "internet-facing"),
            loadbalancer_type=properties.get("Type"),
            ip_address_type=properties.get("IpAddressType", "ipv4"),
        )
        configure_balancer(balancer, backend, properties)
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
        backend, new = backends[account_id][region_name], cloudformation_json["Properties"]
        balancer = original_resource
        if any(new.get(name) != balancer.senza_properties.get(name) for name in BALANCER_REPLACED_BY):
            return create(cls, new_resource_name, cloudformation_json, account_id, region_name)
        if new.get("SecurityGroups"):
            backend.set_security_groups(balancer.arn, new["SecurityGroups"])
        if new.get("Subnets"):
            backend.set_subnets(balancer.arn, new["Subnets"], [])
        configure_balancer(balancer, backend, new)
        return balancer

    model.create_from_cloudformation_json = classmethod(create)
    model.update_from_cloudformation_json = classmethod(update)


def configure_group(group: Any, backend: Any, properties: dict[str, Any]) -> None:
    if properties.get("TargetGroupAttributes"):
        backend.modify_target_group_attributes(group.arn, pairs(properties["TargetGroupAttributes"]))
    backend.tagging_service.tag_resource(group.arn, properties.get("Tags") or [])
    group.senza_properties = properties


def group_methods(model: Any, backends: Any) -> None:
    create_from = model.create_from_cloudformation_json.__func__

    def create(
        cls: Any, /, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str, **kwargs: Any
    ) -> Any:
        properties = cloudformation_json["Properties"]
        numbers = {key: int(properties[key]) for key in (*COUNTS, "Port") if key in properties}
        wanted = {"Properties": properties | numbers}
        group = create_from(cls, resource_name, wanted, account_id, region_name, **kwargs)
        configure_group(group, backends[account_id][region_name], properties)
        return group

    def update(
        cls: Any,
        /,
        original_resource: Any,
        new_resource_name: str,
        cloudformation_json: Any,
        account_id: str,
        region_name: str,
    ) -> Any:
        group, new = original_resource, cloudformation_json["Properties"]
        if any(new.get(name) != group.senza_properties.get(name) for name in GROUP_REPLACED_BY):
            return create(cls, new_resource_name, cloudformation_json, account_id, region_name)
        backend = backends[account_id][region_name]
        interval, timeout, healthy, unhealthy = (int(new[key]) if key in new else None for key in COUNTS)
        backend.modify_target_group(
            group.arn,
            health_check_proto=new.get("HealthCheckProtocol"),
            health_check_port=new.get("HealthCheckPort"),
            health_check_path=new.get("HealthCheckPath"),
            health_check_interval=interval,
            health_check_timeout=timeout,
            healthy_threshold_count=healthy,
            unhealthy_threshold_count=unhealthy,
            http_codes=(new.get("Matcher") or {}).get("HttpCode"),
        )
        configure_group(group, backend, new)
        return group

    def delete(self: Any, account_id: str, region_name: str) -> None:
        backends[account_id][region_name].delete_target_group(self.arn)

    model.create_from_cloudformation_json = classmethod(create)
    model.update_from_cloudformation_json = classmethod(update)
    model.delete = delete


def check_balancer(balancer: Any) -> None:
    """What CreateLoadBalancer refuses."""
    from moto.elbv2.exceptions import InvalidConfigurationRequest, ValidationError

    if balancer.name.startswith("internal-"):
        raise ValidationError(f"Load balancer name '{balancer.name}' cannot begin with 'internal-'")
    if balancer.ip_address_type == "ipv4":
        return
    if not all(subnet.ipv6_cidr_block_association_set for subnet in balancer.subnets):
        raise InvalidConfigurationRequest("You must specify subnets with an associated IPv6 CIDR block.")


def check_deletion(balancer: Any) -> None:
    from moto.elbv2.exceptions import ELBClientError

    if balancer is not None and balancer.attrs.get("deletion_protection.enabled") == "true":
        message = f"Load balancer '{balancer.arn}' cannot be deleted because deletion protection is enabled"
        raise ELBClientError("OperationNotPermitted", message)


def forward(action: dict[str, Any]) -> dict[str, Any]:
    """An action of a template as the API has it: numbers are numbers."""
    config = action.get("ForwardConfig")
    if not config:
        return dict(action)
    groups = [
        one | ({"Weight": int(one["Weight"])} if "Weight" in one else {}) for one in config.get("TargetGroups") or ()
    ]
    return action | {"ForwardConfig": config | {"TargetGroups": groups}}


def apply() -> None:
    from moto.elbv2 import models
    from moto.elbv2.exceptions import ELBClientError

    backend, backends = models.ELBv2Backend, models.elbv2_backends
    create_load_balancer, delete_load_balancer = backend.create_load_balancer, backend.delete_load_balancer

    def create(self: Any, name: str, *args: Any, **kwargs: Any) -> Any:
        check_name(name)
        balancer = create_load_balancer(self, name, *args, **kwargs)
        try:
            check_balancer(balancer)
        except ELBClientError:
            self.load_balancers.pop(balancer.arn)
            raise
        balancer.dns_name = dns_name(name, self.region_name, balancer.scheme, balancer.type)
        balancer.canonical_hosted_zone_id = elb_zone_id(self.region_name, balancer.type)
        if balancer.type == "network":
            rename(self, balancer, balancer.arn.replace(":loadbalancer/app/", ":loadbalancer/net/"))
        return balancer

    def delete(self: Any, arn: str) -> None:
        check_deletion(self.load_balancers.get(arn))
        delete_load_balancer(self, arn)

    def default_actions(self: Any, properties: dict[str, Any]) -> list[dict[str, Any]]:
        return [forward(action) for action in properties["DefaultActions"]]

    def delete_listener(self: Any, account_id: str, region_name: str) -> None:
        backends[account_id][region_name].delete_listener(self.arn)

    def delete_rule(self: Any, account_id: str, region_name: str) -> None:
        backends[account_id][region_name].delete_rule(self.arn)

    backend.create_load_balancer = create
    backend.delete_load_balancer = delete
    backend.convert_and_validate_properties = default_actions
    models.FakeLoadBalancer.get_cfn_attribute = attribute
    models.FakeListener.delete = delete_listener
    models.FakeListenerRule.delete = delete_rule
    balancer_methods(models.FakeLoadBalancer, backends)
    group_methods(models.FakeTargetGroup, backends)
