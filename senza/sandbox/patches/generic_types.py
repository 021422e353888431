"""Gap: moto silently skips resource types that it has no model of, and the stack still says CREATE_COMPLETE.

Types that AWS knows, and ``Custom::`` ones, become entries with a physical id, attributes and a life cycle; what they
would do is not simulated.
"""

from __future__ import annotations

from functools import cache
from typing import Any

NAME_PROPERTIES = ("AlarmName", "PolicyName", "ClusterName", "ReplicationGroupId", "CacheSubnetGroupName", "Name")


REF_IS_ARN = {"AWS::AutoScaling::ScalingPolicy"}


def given_name(properties: dict[str, Any]) -> str:
    """The name that a template gives, or ""; another one makes another resource."""
    return next((properties[key] for key in NAME_PROPERTIES if isinstance(properties.get(key), str)), "")


class Generic:
    """A resource that is only an entry, with the interface of moto's CloudFormationModel."""

    def __init__(self, name: str, properties: dict[str, Any]) -> None:
        self.physical_resource_id = name
        self.properties = properties

    @staticmethod
    def cloudformation_name_type() -> str:
        return ""

    @staticmethod
    def cloudformation_type() -> str:
        """Of the classes that :func:`generic` makes."""
        return ""

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        return True

    def is_created(self) -> bool:
        return True

    def get_cfn_attribute(self, name: str) -> str:
        return f"{self.physical_resource_id}.{name}"

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str, **_: Any
    ) -> Generic:
        properties = cloudformation_json.get("Properties") or {}
        name = given_name(properties) or resource_name
        if cls.cloudformation_type() in REF_IS_ARN:
            service = cls.cloudformation_type().split("::")[1].lower()
            name = f"arn:aws:{service}:{region_name}:{account_id}:{name}"
        return cls(name, properties)

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: Generic,
        new_resource_name: str,
        cloudformation_json: Any,
        account_id: str,
        region_name: str,
    ) -> Generic:
        properties = cloudformation_json.get("Properties") or {}
        if given_name(properties) != given_name(original_resource.properties):
            return cls.create_from_cloudformation_json(new_resource_name, cloudformation_json, account_id, region_name)
        original_resource.properties = properties
        return original_resource

    @classmethod
    def delete_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str
    ) -> None:
        """Nothing of it exists elsewhere."""

    def delete(self, account_id: str, region_name: str) -> None:
        """Nothing of it exists elsewhere."""


@cache
def generic(resource_type: str) -> type[Generic]:
    """A class of its own for each type, as moto has them."""

    class OneType(Generic):
        @staticmethod
        def cloudformation_type() -> str:
            return resource_type

    return OneType


def apply() -> None:
    from moto.cloudformation import parsing

    known = parsing.resource_class_from_type

    def resource_class_from_type(resource_type: str) -> Any:
        if resource_type.startswith("Custom::") or resource_type not in parsing.get_model_map():
            return generic(resource_type)
        return known(resource_type)

    parsing.resource_class_from_type = resource_class_from_type
    parsing.NULL_MODELS.clear()
