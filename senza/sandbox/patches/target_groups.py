"""Gap: moto's target groups made by a stack lose their protocol version and address family, and have no attributes for
Fn::GetAtt.
"""

from __future__ import annotations

from typing import Any

ATTRIBUTES = ("LoadBalancerArns", "TargetGroupArn", "TargetGroupFullName", "TargetGroupName")
"""Of the resource ("Return values" of AWS::ElasticLoadBalancingV2::TargetGroup in the CloudFormation guide)."""


def apply() -> None:
    from moto.elbv2.models import FakeTargetGroup as Group

    create_from = Group.create_from_cloudformation_json.__func__

    def create(cls: Any, /, resource_name: str, cloudformation_json: Any, *args: Any, **kwargs: Any) -> Any:
        group = create_from(cls, resource_name, cloudformation_json, *args, **kwargs)
        properties = cloudformation_json["Properties"]
        if "ProtocolVersion" in properties:
            group.protocol_version = properties["ProtocolVersion"]
        group.ip_address_type = properties.get("IpAddressType", group.ip_address_type)
        return group

    def has_attribute(cls: Any, /, attr: str) -> bool:
        return attr in ATTRIBUTES

    def attribute(self: Any, name: str) -> Any:
        found = {
            "LoadBalancerArns": self.load_balancer_arns,
            "TargetGroupArn": self.arn,
            "TargetGroupFullName": self.arn.rpartition(":")[2],
            "TargetGroupName": self.name,
        }
        return found[name]

    Group.create_from_cloudformation_json = classmethod(create)
    Group.has_cfn_attr = classmethod(has_attribute)
    Group.get_cfn_attribute = attribute
