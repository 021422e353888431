"""Gap: moto has no policy simulator, and calls a caller whose keys nobody made a user of STS, which there is none of.

SimulatePrincipalPolicy answers for the sandbox's own user (who may do everything but what the setting ``denied`` says)
and for roles and users with their policies, by action only: resources and conditions are not looked at.
"""

from __future__ import annotations

from typing import Any

from senza.sandbox.permissions import is_denied

OWN_USER = "user/sandbox"


def decision(backend: Any, arn: str, action: str) -> str:
    """EvalDecisionType of the API reference, EvaluationResult."""
    from moto.iam.access_control import IAMPolicy, PermissionResult

    if is_denied(action):
        return "implicitDeny"
    if arn.endswith(f":{OWN_USER}"):
        return "allowed"
    results = {IAMPolicy(policy).is_action_permitted(action) for policy in policies(backend, arn)}
    if PermissionResult.DENIED in results:
        return "explicitDeny"
    return "allowed" if PermissionResult.PERMITTED in results else "implicitDeny"


def policies(backend: Any, arn: str) -> list[Any]:
    """The inline and attached policies of a role or user; NoSuchEntity where there is none."""
    kind, _, name = arn.rpartition(":")[2].partition("/")
    name = name.rpartition("/")[2]
    if kind == "role":
        backend.get_role(name)
        inline = [backend.get_role_policy(name, one)[1] for one in backend.list_role_policies(name)]
        return [*inline, *backend.list_attached_role_policies(name)[0]]
    backend.get_user(name)
    inline = [backend.get_user_policy(name, one) for one in backend.list_user_policies(name)]
    return [*inline, *backend.list_attached_user_policies(name)[0]]


def apply() -> None:
    from moto.core.responses import ActionResult
    from moto.iam.responses import IamResponse
    from moto.sts.models import STSBackend

    identify = STSBackend.get_caller_identity

    def get_caller_identity(self: Any, access_key_id: str, region: str) -> tuple[str, str, str]:
        ident, arn, account = identify(self, access_key_id, region)
        own = arn.endswith(":user/moto")
        return ident, f"arn:{self.partition}:iam::{account}:{OWN_USER}" if own else arn, account

    def simulate_principal_policy(self: Any) -> Any:
        arn = self._get_param("PolicySourceArn")
        actions = self._get_param("ActionNames")
        results = [
            {
                "EvalActionName": action,
                "EvalResourceName": "*",
                "EvalDecision": decision(self.backend, arn, action),
                "MatchedStatements": [],
                "MissingContextValues": [],
            }
            for action in actions
        ]
        return ActionResult({"EvaluationResults": results, "IsTruncated": False})

    STSBackend.get_caller_identity = get_caller_identity
    IamResponse.simulate_principal_policy = simulate_principal_policy
