"""Gap: moto's security groups made by a stack lose the ranges of IPv6 that they let in."""

from __future__ import annotations

from typing import Any


def apply() -> None:
    from moto.ec2.models import ec2_backends
    from moto.ec2.models.security_groups import SecurityGroup

    create_from = SecurityGroup.create_from_cloudformation_json.__func__

    def create(
        cls: Any, /, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str, **kwargs: Any
    ) -> Any:
        group = create_from(cls, resource_name, cloudformation_json, account_id, region_name, **kwargs)
        for rule in cloudformation_json["Properties"].get("SecurityGroupIngress") or ():
            if "CidrIpv6" in rule:
                ec2_backends[account_id][region_name].authorize_security_group_ingress(
                    group.id,
                    rule["IpProtocol"],
                    rule.get("FromPort"),
                    rule.get("ToPort"),
                    [{"CidrIpv6": rule["CidrIpv6"]}],
                )
        return group

    SecurityGroup.create_from_cloudformation_json = classmethod(create)
