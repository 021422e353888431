"""Gap: moto takes any weight, any number of rules, target groups and conditions; a target group serves two balancers; a
rule that does not exist is deleted, the default one as well, and two rules cannot swap their priorities; what a rule no
longer names keeps the balancer; targets are healthy though nothing forwards to them; rules have neither order nor pages
of their own, and the tagging API knows none of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from senza.sandbox.patches import rule_limits as limits
from senza.sandbox.patches.elbv2 import forward

DEFAULT_PAGE = 50
NOT_IN_USE = "Target group is not configured to receive traffic from the load balancer"


def rules(backend: Any) -> Iterator[tuple[Any, Any]]:
    """(balancer, rule) of all, the default ones included."""
    for balancer in backend.load_balancers.values():
        for listener in balancer.listeners.values():
            for rule in listener.rules.values():
                yield balancer, rule


def named_by(rule: Any) -> set[str]:
    """The target groups that a rule names, those without weight included."""
    return {group["TargetGroupArn"] for action in rule.actions for group in limits.groups_of(action.data)}


def balancers_of(backend: Any, group: str) -> list[str]:
    """ARNs of the balancers of which a rule or listener names the target group."""
    return list(dict.fromkeys(balancer.arn for balancer, rule in rules(backend) if group in named_by(rule)))


def check_association(backend: Any, balancer: Any, actions: list[Any]) -> None:
    """Raises what the API answers where a rule of this balancer cannot forward to these target groups."""
    wanted = {group["TargetGroupArn"] for action in actions for group in limits.groups_of(action.data)}
    for arn in sorted(wanted):
        if set(balancers_of(backend, arn)) - {balancer.arn}:
            raise limits.refused(
                f"The following target groups cannot be associated with more than one load balancer: {arn}",
                "TargetGroupAssociationLimit",
            )
        if backend.target_groups[arn].vpc_id not in (balancer.vpc_id, None):
            raise limits.refused(f"The target group '{arn}' and the load balancer are in different VPCs",
                                 "InvalidConfigurationRequest")  # fmt: skip
    there = {arn for one, rule in rules(backend) if one is balancer for arn in named_by(rule)}
    if len(there | wanted) > limits.MAX_GROUPS:
        raise limits.refused(
            f"You have reached the maximum number of unique target groups that you can associate with a load balancer "
            f"of type '{balancer.type}': [{limits.MAX_GROUPS}]",
            "TooManyUniqueTargetGroupsPerLoadBalancer",
        )


def balancer_with(backend: Any, listener_arn: str) -> Any:
    """The balancer of a listener. Raises what the API answers without."""
    from moto.elbv2.exceptions import ListenerNotFoundError

    for balancer in backend.load_balancers.values():
        if listener_arn in balancer.listeners:
            return balancer
    raise ListenerNotFoundError()


def check_free(backend: Any, listener: str, wanted: dict[str, int]) -> None:
    """Raises PriorityInUse where a rule besides these has one of their priorities. wanted: by the rules' ARNs."""
    balancer = balancer_with(backend, listener)
    for arn, rule in balancer.listeners[listener].rules.items():
        if arn not in wanted and rule.priority in wanted.values():
            raise limits.refused(f"Priority '{rule.priority}' is currently in use", "PriorityInUse")


def one_rule(backend: Any, arn: str) -> Any:
    from moto.elbv2.exceptions import RuleNotFoundError

    for _, rule in rules(backend):
        if rule.arn == arn:
            return rule
    raise RuleNotFoundError("One or more rules not found")


def own_rule(backend: Any, arn: str, what: str) -> Any:
    """The rule, which must not be that of a listener by default. what: is to be done with it."""
    rule = one_rule(backend, arn)
    if rule.is_default:
        raise limits.refused(f"Default rule '{arn}' cannot be {what}", "OperationNotPermitted")
    return rule


def of_rules() -> None:
    from moto.elbv2 import models

    backend = models.ELBv2Backend
    create_rule, modify_rule = backend.create_rule, backend.modify_rule

    def create(
        self: Any, listener_arn: str, conditions: list[Any], priority: Any, actions: list[Any], tags: Any = None
    ) -> Any:
        balancer = balancer_with(self, listener_arn)
        number = limits.check_priority(priority)
        limits.check_conditions(conditions)
        limits.check_given(actions)
        made = [models.FakeAction(action) for action in actions]
        self._validate_actions(made)
        check_free(self, listener_arn, {"": number})
        limits.check_room(sum(one is balancer and not rule.is_default for one, rule in rules(self)), balancer.arn)
        limits.check_secrets(actions)
        check_association(self, balancer, made)
        rule = create_rule(self, listener_arn, conditions, number, actions, tags)
        rule.conditions = limits.conditions_as_shown(conditions)  # not before: moto refuses both ways at a time
        return rule

    def modify(self: Any, rule_arn: str, conditions: list[Any], actions: list[Any]) -> Any:
        rule = own_rule(self, rule_arn, "modified")
        if conditions:
            limits.check_conditions(conditions)
        if actions:
            made = [models.FakeAction(action) for action in actions]
            self._validate_actions(made)
            limits.check_secrets(actions, [action.data for action in rule.actions])
            check_association(self, balancer_with(self, rule.listener_arn), made)
        rule = modify_rule(self, rule_arn, conditions, actions)
        rule.conditions = limits.conditions_as_shown(rule.conditions)
        return rule

    def delete(self: Any, arn: str) -> None:
        rule = own_rule(self, arn, "deleted")
        balancer_with(self, rule.listener_arn).listeners[rule.listener_arn].remove_rule(arn)

    def set_priorities(self: Any, rule_priorities: list[dict[str, Any]]) -> list[Any]:
        wanted = {one["RuleArn"]: limits.check_priority(one["Priority"]) for one in rule_priorities}
        changed = [one_rule(self, arn) for arn in wanted]
        if any(one.is_default for one in changed):
            raise limits.refused("The priority of the default rule cannot be changed", "OperationNotPermitted")
        if len(set(wanted.values())) < len(rule_priorities):
            raise limits.refused("A priority was provided multiple times")
        for listener in {one.listener_arn for one in changed}:
            own = {one.arn: wanted[one.arn] for one in changed if one.listener_arn == listener}
            check_free(self, listener, own)
        for one in changed:
            one.priority = wanted[one.arn]
        return changed

    backend.create_rule, backend.modify_rule, backend.delete_rule = create, modify, delete
    backend.set_rule_priorities = set_priorities


def of_listeners() -> None:
    """What both have, actions, and what listeners do by default."""
    from moto.elbv2 import models

    backend = models.ELBv2Backend
    create_listener, modify_listener = backend.create_listener, backend.modify_listener
    validate = backend._validate_actions

    def validate_actions(self: Any, actions: list[Any]) -> None:
        if actions:  # ModifyRule may be given conditions alone
            limits.check_actions([action.senza_given for action in actions])
        validate(self, actions)

    def new_listener(self: Any, load_balancer_arn: str, *args: Any, **kwargs: Any) -> Any:
        listener = create_listener(self, load_balancer_arn, *args, **kwargs)
        try:
            check_association(self, self.load_balancers[load_balancer_arn], listener.default_actions)
        except Exception:
            self.delete_listener(listener.arn)
            raise
        return listener

    def changed_listener(
        self: Any, arn: str, port: Any, protocol: Any, ssl_policy: Any, certificates: Any, actions: list[Any]
    ) -> Any:
        if actions:
            made = [models.FakeAction(action) for action in actions]
            self._validate_actions(made)
            check_association(self, balancer_with(self, arn), made)
        return modify_listener(self, arn, port, protocol, ssl_policy, certificates, actions)

    backend._validate_actions = validate_actions
    backend.create_listener, backend.modify_listener = new_listener, changed_listener


def of_actions() -> None:
    """Actions are kept as they were given, and answered as AWS does."""
    from moto.elbv2.models import FakeAction

    init = FakeAction.__init__

    def made(self: Any, data: dict[str, Any]) -> None:
        self.senza_given = forward(data)
        init(self, limits.as_shown(self.senza_given))

    FakeAction.__init__ = made


def of_groups() -> None:
    from moto.elbv2 import models

    health_for = models.FakeTargetGroup.health_for

    def balancer_arns(self: Any) -> list[str]:
        return balancers_of(models.elbv2_backends[self.account_id][self.region_name], self.arn)

    def health(self: Any, target: dict[str, Any], ec2_backend: Any) -> Any:
        found = health_for(self, target, ec2_backend)
        if found.status not in ("unused", "unavailable", "draining") and not self.load_balancer_arns:
            found.status, found.reason, found.description = "unused", "Target.NotInUse", NOT_IN_USE
        return found

    # moto appends balancers where it makes rules and listeners, and never takes one away
    models.FakeTargetGroup.load_balancer_arns = property(balancer_arns, lambda self, value: None)
    models.FakeTargetGroup.health_for = health


def of_answers() -> None:
    from moto.core.responses import ActionResult
    from moto.elbv2.responses import ELBV2Response

    def describe_rules(self: Any) -> Any:
        found = self.elbv2_backend.describe_rules(self._get_param("ListenerArn"), self._get_param("RuleArns"))
        found = sorted(found, key=lambda rule: (rule.is_default, 0 if rule.is_default else rule.priority))
        marker, size = self._get_param("Marker"), self._get_int_param("PageSize", DEFAULT_PAGE)
        if not 1 <= size <= 400:
            raise limits.refused(f"1 validation error detected: Value '{size}' at 'pageSize' must be between 1 and 400")
        if marker and not marker.isdigit():
            raise limits.refused(f"'{marker}' is not a valid marker")
        start = int(marker or 0)
        following = str(start + size) if len(found) > start + size else None
        return ActionResult({"Rules": found[start : start + size], "NextMarker": following})

    ELBV2Response.describe_rules = describe_rules


def of_stacks() -> None:
    """Rules in CloudFormation: numbers given as text, a new priority without a new rule, deleted by hand is deleted."""
    from moto.elbv2 import models
    from moto.elbv2.exceptions import RuleNotFoundError

    backends = models.elbv2_backends

    def actions_of(properties: dict[str, Any]) -> list[dict[str, Any]]:
        return [
            forward(action) | ({"Order": int(action["Order"])} if "Order" in action else {})
            for action in properties["Actions"]
        ]

    def create(
        cls: Any, /, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str, **_: Any
    ) -> Any:
        given = cloudformation_json["Properties"]
        backend = backends[account_id][region_name]
        return backend.create_rule(given["ListenerArn"], given["Conditions"], given["Priority"], actions_of(given))

    def update(
        cls: Any,
        /,
        original_resource: Any,
        new_resource_name: str,
        cloudformation_json: Any,
        account_id: str,
        region_name: str,
    ) -> Any:
        given, rule = cloudformation_json["Properties"], original_resource
        backend = backends[account_id][region_name]
        if int(given["Priority"]) != rule.priority:
            backend.set_rule_priorities([{"RuleArn": rule.arn, "Priority": given["Priority"]}])
        return backend.modify_rule(rule.arn, given["Conditions"], actions_of(given))

    def delete(self: Any, account_id: str, region_name: str) -> None:
        try:
            backends[account_id][region_name].delete_rule(self.arn)
        except RuleNotFoundError:
            return

    rule = models.FakeListenerRule
    rule.create_from_cloudformation_json, rule.update_from_cloudformation_json = (
        classmethod(create),
        classmethod(update),
    )
    rule.delete = delete
    attributes = {
        models.FakeListener: ("ListenerArn",),
        rule: ("RuleArn", "IsDefault"),
    }
    for model, names in attributes.items():
        model.has_cfn_attr = classmethod(lambda cls, attr, names=names: attr in names)
        model.get_cfn_attribute = lambda self, name: {"IsDefault": "false"}.get(name, self.arn)


def apply() -> None:
    of_actions()
    of_rules()
    of_listeners()
    of_groups()
    of_answers()
    of_stacks()
