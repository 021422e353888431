"""Gap: moto silently skips resource types that it has no model of, and the stack still says CREATE_COMPLETE.

Types that AWS knows, and ``Custom::`` ones, become entries with a physical id, attributes and a life cycle; what they
would do is not simulated.
"""

from __future__ import annotations

from functools import cache
from typing import Any

NAME_PROPERTIES = ("AlarmName", "PolicyName", "ClusterName", "ReplicationGroupId", "CacheSubnetGroupName", "Name")


class Generic:
    """A resource that is only an entry, with the interface of moto's CloudFormationModel."""

    def __init__(self, name: str, properties: dict[str, Any]) -> None:
        self.physical_resource_id = name
        self.properties = properties

    @staticmethod
    def cloudformation_name_type() -> str:
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
        named = next(
            (properties[key] for key in NAME_PROPERTIES if isinstance(properties.get(key), str)), resource_name
        )
        return cls(named, properties)

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: Generic,
        new_resource_name: str,
        cloudformation_json: Any,
        account_id: str,
        region_name: str,
    ) -> Generic:
        original_resource.properties = cloudformation_json.get("Properties") or {}
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
