"""Writing listener rules: made, changed and removed, each in one request, which is sent once.

None of them has a condition, so sending one again later would undo what somebody else wrote meanwhile. Instead, whoever
got no answer reads again and decides anew (:func:`insisting`). See CreateRule, ModifyRule and DeleteRule in the Elastic
Load Balancing API reference.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from senza.account.shared import DOMAIN_TAG, free_priority, look_up_tags
from senza.aws.failures import passing
from senza.errors import AwsError, Refused
from senza.plan import World
from senza.traffic.rules import Rule, RuleDomain

APP_TAG = "senza:app"
WRITES = ("CreateRule", "ModifyRule", "DeleteRule")
ATTEMPTS = 6
PAUSE = 1.0
"""Seconds before the second attempt; twice as many before each further one."""

T = TypeVar("T")


def insisting(world: World, attempt: Callable[[], T]) -> T:
    """What an attempt to read a rule and then write it comes to; it is made again where its write got no answer.

    Raises what the attempt raises, and AwsError where AWS does not answer for half a minute.
    """
    pause = PAUSE
    for _ in range(ATTEMPTS - 1):
        try:
            return attempt()
        except AwsError as error:
            if error.operation not in WRITES or not passing(error):
                raise
            world.say(f"{error.message}; looking at the rule again")
        world.clock.sleep(pause)
        pause *= 2
    return attempt()


def create(world: World, domain: RuleDomain, weights: Mapping[str, int], app: str, rules: Sequence[Rule]) -> str:
    """Make the rule of a domain. rules: all of the listener. app: whose it is.

    Returns the ARN; "" where somebody else took the priority meanwhile, maybe for a rule of this very host.
    Raises Refused where there is none, and as :func:`check_plain`.
    """
    check_plain(domain, weights, rules)
    priority = free_priority([domain.name], [rule.listed for rule in rules])  # the same again, so first rules collide
    if priority is None:
        raise Refused(
            f"the listener has no free priority for a rule of {domain} before those that take its requests",
            hint="Give the rule that does a higher number: aws elbv2 set-rule-priorities.",
        )
    try:
        answer = world.aws.once(
            "elbv2",
            "create_rule",
            ListenerArn=domain.listener,
            Priority=priority,
            Conditions=[{"Field": "host-header", "HostHeaderConfig": {"Values": [domain.name]}}],
            Actions=[{"Type": "forward", "ForwardConfig": {"TargetGroups": as_groups(weights)}}],
            Tags=[{"Key": APP_TAG, "Value": app}, {"Key": DOMAIN_TAG, "Value": domain.name}],
        )
    except AwsError as error:
        if error.code.startswith("TooManyRules"):
            raise Refused(
                f"{domain.balancer} has no room for the rule of {domain}; nothing was changed",
                hint="Delete old versions, or ask AWS for a higher quota (rules per application load balancer).",
            ) from error
        if not error.code.startswith("PriorityInUse"):
            raise
        return ""
    return str(answer["Rules"][0]["RuleArn"])


def check_plain(domain: RuleDomain, weights: Mapping[str, int], rules: Sequence[Rule]) -> None:
    """Raise Refused where a version's own host asks for more than forwarding, e.g. that one logs in.

    A new rule could not do the same: AWS does not tell the client secret that it would need.
    """
    for rule in rules:
        if rule.weights.keys() & weights.keys() and len(rule.actions) > 1:
            kinds = ", ".join(str(action["Type"]) for action in rule.actions if action["Type"] != "forward")
            raise Refused(
                f"{', '.join(rule.hosts) or rule.arn} has further actions ({kinds}), which the new rule of "
                f"{domain} would not have",
                hint="Create that rule by hand once, with these actions before the forward action; senza keeps them "
                "(aws elbv2 create-rule).",
            )


def modify(world: World, rule: Rule, weights: Mapping[str, int]) -> None:
    """Only the target groups change: other actions, their order and the stickiness between groups are kept."""
    actions = [kept(action) for action in rule.actions if action["Type"] != "forward"]
    old = rule.forward or {"Type": "forward"}
    forward = {key: value for key, value in old.items() if key != "TargetGroupArn"}
    forward["ForwardConfig"] = {**(old.get("ForwardConfig") or {}), "TargetGroups": as_groups(weights)}
    world.aws.once("elbv2", "modify_rule", RuleArn=rule.arn, Actions=[*actions, forward])


def kept(action: Mapping[str, Any]) -> dict[str, Any]:
    """An action as it has to be sent to stay as it is: AWS shows no client secrets, and keeps one when told so."""
    oidc = action.get("AuthenticateOidcConfig")
    if not oidc:
        return dict(action)
    return {**action, "AuthenticateOidcConfig": {**oidc, "UseExistingClientSecret": True}}


def as_groups(weights: Mapping[str, int]) -> list[dict[str, Any]]:
    return [{"TargetGroupArn": arn, "Weight": weight} for arn, weight in weights.items()]


def remove(world: World, rule: str) -> None:
    try:
        world.aws.once("elbv2", "delete_rule", RuleArn=rule)
    except AwsError as error:
        if not error.code.startswith("RuleNotFound"):
            raise


def clear(world: World, domain: RuleDomain, hidden: Sequence[Rule]) -> bool:
    """Remove rules of senza's without effect, left by who was stopped while giving way; whether there were any."""
    tags = look_up_tags(world.aws, [rule.arn for rule in hidden])
    ours = [rule for rule in hidden if rule.hosts == (domain.name,) and tags.get(rule.arn, {}).get(DOMAIN_TAG)]
    for rule in hidden:
        if rule in ours:
            remove(world, rule.arn)
        else:
            world.say(f"{domain} has another rule, which has no effect: {rule.arn}")
    return bool(ours)
