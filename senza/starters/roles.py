"""An IAM role that a starter wants instances to have."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from senza.aws import Aws
from senza.components.instance_profiles import EC2_TRUST
from senza.errors import AwsError
from senza.plan import Outcome, Step, World, perform
from senza.starters.model import Finding, Wanted


@dataclass(frozen=True)
class CreateRole(Step):
    name: str
    description: str

    @property
    def says(self) -> str:
        return f"Create IAM role {self.name} for EC2 instances"

    @property
    def undone_by(self) -> str:
        return f"aws iam delete-role --role-name {self.name}"


@dataclass(frozen=True)
class AddRolePolicy(Step):
    """document: an IAM policy; allows: what it allows, in words."""

    role: str
    policy: str
    document: Mapping[str, Any] = field(repr=False)
    allows: str

    @property
    def says(self) -> str:
        return f"Let role {self.role} {self.allows} (policy {self.policy})"

    @property
    def undone_by(self) -> str:
        return f"aws iam delete-role-policy --role-name {self.role} --policy-name {self.policy}"


@dataclass(frozen=True)
class Policy:
    """An inline policy: name, statements, and what they allow in words, e.g. ``read s3://bucket``."""

    name: str
    allows: str
    statements: tuple[Mapping[str, Any], ...]

    @property
    def document(self) -> dict[str, Any]:
        return {"Version": "2012-10-17", "Statement": [dict(statement) for statement in self.statements]}


@dataclass(frozen=True)
class Role(Wanted):
    name: str
    description: str
    policies: tuple[Policy, ...] = ()

    def look(self, aws: Aws) -> Finding:
        steps = [AddRolePolicy(self.name, policy.name, policy.document, policy.allows) for policy in self.policies]
        role = _unless_missing(aws, "get_role", RoleName=self.name)
        if role is None:
            return Finding((CreateRole(self.name, self.description), *steps))
        warnings = []
        if "ec2.amazonaws.com" not in json.dumps(role["Role"].get("AssumeRolePolicyDocument", {})):
            warnings.append(f"IAM role {self.name} does not trust EC2 instances; it stays so")
        missing = []
        for step in steps:
            found = _unless_missing(aws, "get_role_policy", RoleName=self.name, PolicyName=step.policy)
            if found is None:
                missing.append(step)
            elif found["PolicyDocument"] != step.document:
                warnings.append(
                    f"policy {step.policy} of IAM role {self.name} is not what senza would write, and stays as it is; "
                    f"make sure that it lets the role {step.allows}"
                )
        return Finding(tuple(missing), f"IAM role {self.name}", tuple(warnings))


def _unless_missing(aws: Aws, operation: str, **parameters: str) -> dict[str, Any] | None:
    try:
        return aws.call("iam", operation, **parameters)
    except AwsError as error:
        if error.code != "NoSuchEntity":
            raise
        return None


@perform.register
def create_role(step: CreateRole, world: World) -> Outcome:
    try:
        world.aws.call(
            "iam",
            "create_role",
            RoleName=step.name,
            AssumeRolePolicyDocument=json.dumps(EC2_TRUST),
            Description=step.description,
        )
    except AwsError as error:
        if error.code != "EntityAlreadyExists":
            raise
        return Outcome("it is there already")
    return Outcome("created")


@perform.register
def add_role_policy(step: AddRolePolicy, world: World) -> Outcome:
    world.aws.call(
        "iam",
        "put_role_policy",
        RoleName=step.role,
        PolicyName=step.policy,
        PolicyDocument=json.dumps(step.document),
    )
    return Outcome("done")
