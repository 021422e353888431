"""The accounts and regions beside the one that the sandbox begins with.

A role of any account can be assumed, whether it exists or not. Who first comes into an account or region in that way
finds it seeded like the first one, and the role there, which may do everything: IAM and its simulator know it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from senza.sandbox.requests import Incoming

if TYPE_CHECKING:
    from senza.sandbox.world import World

NOWHERE = frozenset({"iam", "route53", "sts", "cloudfront"})
"""Services without regions, whatever their requests are signed for."""


def session(access_key_id: str) -> Any:
    """The assumed role whose keys these are, as moto has it; None for keys that the sandbox's STS did not make."""
    from moto.sts.models import sts_backends

    for account in list(sts_backends.values()):
        for backend in list(account.values()):
            for role in backend.assumed_roles:
                if role.access_key_id == access_key_id:
                    return role
    return None


def account_of(access_key_id: str) -> str:
    """The account that requests with this key are for."""
    from moto.core import DEFAULT_ACCOUNT_ID

    role = session(access_key_id)
    return DEFAULT_ACCOUNT_ID if role is None else str(role.account_id)


def settle(world: World, incoming: Incoming) -> None:
    """Seed the account and region of a request with an assumed role, where nobody was there before."""
    credential = incoming.credential()
    role = session(credential[0]) if credential else None
    if role is None:
        return
    from senza.sandbox import seed

    service, region, number = incoming.call()[0], incoming.region(), str(role.account_id)
    if number not in {account for account, _ in world.places}:
        world.places.append((number, ""))
        seed.everywhere(seed.Account(region, number))
    found_role(str(role.role_arn), number, str(role.partition))
    if service not in NOWHERE and region and (number, region) not in world.places:
        check_region(region, number)
        world.places.append((number, region))
        seed.in_region(seed.Account(region, number))


def check_region(region: str, number: str) -> None:
    """Raises NotImplementedError for a region that there is not, or that moto does not know."""
    from moto.ec2.models import ec2_backends

    try:
        ec2_backends[number][region]
    except KeyError:
        raise NotImplementedError(f"there is no region {region}") from None


def found_role(arn: str, number: str, partition: str) -> None:
    """Have IAM know the role, with a policy that allows everything, where it does not yet."""
    from moto.iam.models import iam_backends

    path, _, name = arn.partition(":role/")[2].rpartition("/")
    iam = iam_backends[number][partition]
    if not name or any(one.name == name for one in iam.get_roles()):
        return
    whoever = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    iam.create_role(name, document(whoever), f"/{path}/" if path else "/", None, "", [], None)
    iam.put_role_policy(name, "everything", document(everything))


def document(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
