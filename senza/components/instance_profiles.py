"""``IamRoles``: the roles that instances act in."""

from __future__ import annotations

from typing import Any

from troposphere import iam

from senza.components.functions import is_function, ref
from senza.components.model import Fragment, Site
from senza.components.references import is_reference, resolved
from senza.components.settings import Settings, shown
from senza.components.shapes import Shaper

EC2_TRUST: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": ["ec2.amazonaws.com"]}, "Action": ["sts:AssumeRole"]},
    ],
}


def merged_policies(settings: Settings, site: Site, key: str) -> list[dict[str, Any]]:
    """The inline policies of all roles that the property names."""
    policies: list[dict[str, Any]] = []
    for number, role in enumerate(settings.items(key)):
        with settings.blaming(key, number):
            policies.extend(site.account.role_policies(str(role)))
    return policies


def add_instance_profile(settings: Settings, site: Site, fragment: Fragment) -> dict[str, Any] | None:
    """Add the instance profile of ``IamRoles`` to the fragment and refer to it; None where no roles are given."""
    roles = settings.items("IamRoles")
    if not roles:
        return None
    shaper = Shaper(settings, site.tolerate)
    role = _only_role(settings, site, roles[0]) if len(roles) == 1 else _merged_role(settings, site, fragment, shaper)
    name = f"{settings.name}InstanceProfile"
    fragment.resources[name] = shaper.resource(iam.InstanceProfile, name, {"Path": "/", "Roles": [role]})
    return ref(name)


def _only_role(settings: Settings, site: Site, role: Any) -> Any:
    if is_reference(role):
        with settings.blaming("IamRoles", 0):
            return resolved(role, site.account)
    if is_function(role) or isinstance(role, str):
        return role
    raise settings.wrong(f"a role must be a name or a function, not {shown(role)}", "IamRoles", 0)


def _merged_role(settings: Settings, site: Site, fragment: Fragment, shaper: Shaper) -> dict[str, Any]:
    for number, role in enumerate(settings.items("IamRoles")):
        if not isinstance(role, str):
            raise settings.wrong(
                "several IamRoles are merged by their names, so each must be a name",
                "IamRoles",
                number,
                hint="Give one role only, or make one with Senza::IamRole and MergePoliciesFromIamRoles.",
            )
    name = f"{settings.name}Role"
    properties = {
        "AssumeRolePolicyDocument": EC2_TRUST,
        "Path": "/",
        "Policies": merged_policies(settings, site, "IamRoles"),
    }
    fragment.resources[name] = shaper.resource(iam.Role, name, properties)
    return ref(name)
