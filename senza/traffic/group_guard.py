"""Which updates would take away a target group that has a share of a domain."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NoReturn

from senza.account.shared import DOMAIN_TAG, LISTENER_TAG
from senza.aws import Aws
from senza.errors import Refused
from senza.stacks.change_sets import ResourceChange
from senza.stacks.summaries import Stack
from senza.traffic.parts import parts_of
from senza.traffic.rules import GROUP, Target, group_name
from senza.traffic.sharing import in_words, leading_besides, read_balancing
from senza.traffic.weighted import answers

REPLACING = ("IpAddressType", "Name", "Port", "Protocol", "ProtocolVersion", "TargetType", "VpcId")
"""Properties whose change makes CloudFormation replace a target group (resource reference, "Replacement")."""


def shared_groups(template: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Logical id to properties of the target groups of a template that want a share of a domain."""
    return {
        logical_id: resource.get("Properties") or {}
        for logical_id, resource in (template.get("Resources") or {}).items()
        if isinstance(resource, dict) and resource.get("Type") == GROUP and DOMAIN_TAG in tags_in(resource)
    }


def tags_in(resource: Mapping[str, Any]) -> dict[str, Any]:
    tags = (resource.get("Properties") or {}).get("Tags")
    found = [tag for tag in tags if isinstance(tag, dict)] if isinstance(tags, list) else []
    return {tag["Key"]: tag.get("Value") for tag in found if isinstance(tag.get("Key"), str)}


def changed_groups(deployed: Mapping[str, Any], planned: Mapping[str, Any]) -> dict[str, str]:
    """Logical id of each shared target group that would not stay where it is -> what would be done to it. Pure."""
    found = {}
    for logical_id, old in shared_groups(deployed).items():
        resource = (planned.get("Resources") or {}).get(logical_id)
        if not isinstance(resource, dict) or resource.get("Type") != GROUP:
            found[logical_id] = "remove"
            continue
        new, before, after = resource.get("Properties") or {}, tags_in({"Properties": old}), tags_in(resource)
        if any(as_text(old.get(key)) != as_text(new.get(key)) for key in REPLACING):
            found[logical_id] = "replace"
        elif any(before.get(key) != after.get(key) for key in (DOMAIN_TAG, LISTENER_TAG)):
            found[logical_id] = "move"
    return found


def as_text(value: Any) -> Any:
    """Templates say ``"8080"`` and ``8080`` for the same port."""
    return str(value) if isinstance(value, int) else value


def endangered_groups(changes: Mapping[str, ResourceChange], deployed: Mapping[str, Any]) -> dict[str, str]:
    """The same as a change set tells it. Pure."""
    gone = {name: changes[name] for name in shared_groups(deployed) if name in changes and changes[name].goes}
    return {
        name: "remove" if one.action == "Remove" else "replace" if one.replacement == "True" else "perhaps replace"
        for name, one in gone.items()
    }


def check_groups(aws: Aws, stack: Stack, does: Mapping[str, str]) -> None:
    """Raise Refused where one of these target groups has traffic, or a rule that somebody made leads to it.

    does: by logical id what the update would do.
    """
    parts = parts_of(aws, stack.stack_id)
    by_arn = {arn: does[logical_id] for logical_id, arn in parts.groups.items() if logical_id in does}
    if not by_arn:
        return
    balancing = read_balancing(aws, parts)
    groups = balancing.groups()
    domains = [groups[arn].domain for arn in by_arn if arn in groups]
    targets = balancing.targets(domains)
    for target in targets:
        if target.group in by_arn and target.weight:
            refuse(target, targets, stack, by_arn[target.group])
        check_waiting(stack, target, by_arn)
    for arn, rule in leading_besides(balancing, parts, domains):
        if arn in by_arn:
            group = f"{group_name(arn)} of {stack.full_name}"
            raise Refused(
                f"the update would {by_arn[arn]} {group}, to which {in_words(rule)} leads",
                hint=f"Lead that elsewhere first (aws elbv2 modify-rule --rule-arn {rule.arn}), or use --force.",
            )


def check_waiting(stack: Stack, target: Target, own: Collection[str]) -> None:
    """Raises Refused where it is the stack's, and has traffic as soon as somebody's rule for maintenance is gone.

    own: ARNs of the target groups that would go.
    """
    if target.group in own and target.waiting and target.rule:
        raise Refused(
            f"{stack.full_name} has traffic of {target.domain}, by the rule with priority {target.waiting.priority}, "
            f"as soon as the one with priority {target.rule.priority} before it is gone, which answers by itself",
            hint=f"Move the traffic first: without that rule (aws elbv2 delete-rule --rule-arn {target.rule.arn}), by "
            f"senza traffic {stack.name} OTHER_VERSION 100. Or use --force.",
        )


def refuse(target: Target, targets: Sequence[Target], stack: Stack, does: str) -> NoReturn:
    weights = {str(one.identifier): one.weight or 0 for one in targets if one.domain == target.domain}
    share = answers(target.domain, weights)[str(target.identifier)]
    raise Refused(
        f"the update would {does} the target group of {target.domain}, and {stack.full_name} has {share:.3g} % there",
        hint="Create a new version instead (senza create), move the traffic away first, or use --force.",
    )
