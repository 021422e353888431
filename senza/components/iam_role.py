"""``Senza::IamRole``: a role for instances."""

from __future__ import annotations

from typing import Any, ClassVar

from troposphere import iam

from senza.components.instance_profiles import EC2_TRUST, merged_policies
from senza.components.model import ComponentType, Fragment, Property
from senza.components.shapes import Shaper

RESOURCE_PROPERTIES = frozenset(iam.Role.props)


class IamRole(ComponentType):
    type_names: ClassVar[tuple[str, ...]] = ("IamRole", "IAMRole")
    summary: ClassVar[str] = "An IAM role that instances may act in, also with the inline policies of existing roles."
    properties: ClassVar[tuple[Property, ...]] = (
        Property("Policies", "list of {PolicyName, PolicyDocument}", "What the role may do."),
        Property("MergePoliciesFromIamRoles", "list of role names", "Their inline policies are copied into this role."),
        Property("Path", "path", "Path of the role.", "/"),
        Property("AssumeRolePolicyDocument", "mapping", "Who may act in the role. Default: EC2 instances."),
    )
    passes_on: ClassVar[tuple[str, ...]] = (iam.Role.resource_type,)
    example: ClassVar[str] = """\
AppRole:
  Type: Senza::IamRole
  Path: /apps/
  Policies:
    - PolicyName: read
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - {Effect: Allow, Action: ["s3:GetObject"], Resource: ["arn:aws:s3:::my-data/*"]}
  MergePoliciesFromIamRoles: [app-hello-world]
"""

    @classmethod
    def known_properties(cls) -> frozenset[str]:
        return super().known_properties() | RESOURCE_PROPERTIES

    def build(self) -> Fragment:
        settings = self.settings
        properties: dict[str, Any] = {"AssumeRolePolicyDocument": EC2_TRUST, "Path": "/"}
        properties.update({key: value for key, value in settings.values.items() if key in RESOURCE_PROPERTIES})
        merged = merged_policies(settings, self.site, "MergePoliciesFromIamRoles")
        properties["Policies"] = [*settings.items("Policies"), *merged]
        role = Shaper(settings, self.site.tolerate).resource(iam.Role, self.name, properties)
        return Fragment(resources={self.name: role})
