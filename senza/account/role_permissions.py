"""Whether a role allows what instances will ask for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from senza.aws import Aws

Wanted = Mapping[str, tuple[tuple[str, ...], tuple[Any, ...]]]
"""Name -> actions and the resources that each of them is wanted on."""


def missing_permissions(aws: Aws, role: str, wanted: Wanted, concrete: Callable[[str, str, Any], str]) -> list[str]:
    """The actions that the policies of a role do not allow, in their order.

    concrete: ``(partition, account, resource)`` -> its ARN. One call for the role, and one for each name. Conditions
    are not known here, and such as are not met count as missing. Raises AwsError where we may not look.
    """
    arn = str(aws.call("iam", "get_role", RoleName=role)["Role"]["Arn"])
    partition, account = arn.split(":")[1], arn.split(":")[4]

    def simulate(actions: tuple[str, ...], resources: tuple[Any, ...]) -> Callable[[], list[str]]:
        return lambda: [
            str(item["EvalActionName"])
            for item in aws.pages(
                "iam",
                "simulate_principal_policy",
                "EvaluationResults",
                PolicySourceArn=arn,
                ActionNames=list(actions),
                ResourceArns=[concrete(partition, account, one) for one in resources],
            )
            if item["EvalDecision"] != "allowed"
        ]

    found = aws.parallel({name: simulate(actions, resources) for name, (actions, resources) in wanted.items()})
    return list(dict.fromkeys(action for name in wanted for action in found[name]))
