"""Whether the roles that instances are given exist. CloudFormation asks only when it makes the instance profile."""

from __future__ import annotations

from collections.abc import Iterator

from senza.checks.model import entries, literal
from senza.checks.online.account import Answer, Online
from senza.errors import AwsError

PROFILE = "AWS::IAM::InstanceProfile"
ROLE = "AWS::IAM::Role"


def missing_roles(online: Online) -> Iterator[Answer]:
    if online.stack_exists():
        return
    made = {literal(role.properties.get("RoleName")) for role in online.subject.of(ROLE)}
    for profile in online.subject.of(PROFILE):
        for role in filter(None, map(literal, entries(profile.properties.get("Roles")))):
            if role not in made and not exists(online, role):
                hint = "Correct the name, or create the role: senza init does."
                yield Answer(
                    "error", f'there is no IAM role "{role}"', profile.id, ("Roles",), ("IamRoles",), hint=hint
                )


def exists(online: Online, role: str) -> bool:
    def look_up() -> bool:
        try:
            online.aws.call("iam", "get_role", RoleName=role)
        except AwsError as error:
            if error.code != "NoSuchEntity":
                raise
            return False
        return True

    return online.memo.get(("role", role), look_up)
