"""What has to be true, or done first, so that deleting a stack moves no traffic by accident."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from senza.aws import Aws
from senza.aws.failures import DENIED
from senza.errors import AwsError, Refused
from senza.plan import Step
from senza.stacks.changes import DeleteStack, ReplaceTemplate
from senza.stacks.exports import check_not_imported
from senza.stacks.leftovers import KEEPING, Leftover, failed_to_go, kept_by_policy
from senza.stacks.resources import Resource, resources_of
from senza.stacks.summaries import Stack
from senza.stacks.templates import deployed_template, weighted_resources, with_weights
from senza.traffic.group_guard import check_waiting
from senza.traffic.parts import parts_in
from senza.traffic.records import Zones
from senza.traffic.rules import Rule, Target, group_name
from senza.traffic.sharing import in_words, shared_by
from senza.traffic.shift_rule import LeaveRule
from senza.traffic.switch import bypassed, plan_switch
from senza.traffic.weighted import Place, Weighted, answers, weighted_domains

UPDATING = ("UPDATE_IN_PROGRESS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
PROTECTION = "deletion_protection.enabled"
NOT_UPDATABLE = ("DELETE_FAILED", "ROLLBACK_FAILED", "UPDATE_ROLLBACK_FAILED", "DELETE_IN_PROGRESS")


@dataclass(frozen=True)
class Removal:
    """How to delete a stack, and what the user should know about it."""

    steps: tuple[Step, ...]
    token: str
    """The client request token of the deletion, which is the last step."""
    warnings: tuple[str, ...] = ()
    left: tuple[Leftover, ...] = ()
    """What stays behind."""


def before_delete(aws: Aws, zones: Zones, stack: Stack, *, force: bool = False, stuck: bool = False) -> Removal:
    """Plan the deletion of a stack: its live weights and those of its template become 0 first.

    CloudFormation deletes a record only if it is as the template says, so both must say the same, and what they say
    must not be traffic. It cannot delete a target group that a rule names, of whatever weight. stuck: leave behind what
    an earlier deletion failed to delete. Raises Refused where other stacks import what it exports and, without
    ``force``, while the stack has traffic or a load balancer that nobody can delete; Refused where a rule that somebody
    made leads to it; NotFound.
    """
    resources = resources_of(aws, stack.stack_id)
    parts = parts_in(resources)
    template = deployed_template(aws, stack.stack_id)
    check_not_imported(aws, stack, template)
    if not force and not stuck:
        check_deletable(aws, stack, resources, template)
    failing = failed_to_go(resources) if stuck else []
    left = (*failing, *kept_by_policy(resources, template))
    delete = DeleteStack(stack, retain=tuple(one.logical_id for one in failing))
    in_template = weighted_resources(template) if parts.names else {}
    if not in_template and not parts.rules:
        return Removal((delete,), delete.token, left=left)
    weighted = {logical_id: parts.names[logical_id] for logical_id in in_template if logical_id in parts.names}
    shared = shared_by(aws, zones, stack.full_name, replace(parts, names=weighted))
    if shared.leading and not stuck:
        raise held(stack, *shared.leading[0])
    identifiers = {stack.full_name} | {
        properties["SetIdentifier"]
        for properties in in_template.values()
        if isinstance(properties.get("SetIdentifier"), str)
    }
    own = set(parts.groups.values())
    identifiers |= {one.identifier for one in shared.targets if one.group in own and one.identifier}
    steps: list[Step] = []
    warnings: list[str] = []
    for domain, siblings in weighted_domains(shared.weighted).items():
        for identifier in identifiers & set(siblings):
            if bypassed(domain, shared.weighted, identifier):
                continue  # it is in a rule to which nobody is led any more
            warnings += departure(domain, siblings, identifier, stack, force)
    for identifier in sorted(identifiers):
        if has_traffic(shared.weighted, identifier):
            steps += plan_switch(shared.weighted, identifier, 0, force=True).steps
    if not force:
        for target in shared.targets:
            check_waiting(stack, target, own)
    steps += [LeaveRule(one.domain, one.group) for one in shared.targets if one.group in own and named_in_vain(one)]
    steps += in_line(stack, template, in_template, force)
    return Removal((*steps, delete), delete.token, tuple(warnings), left)


def check_deletable(aws: Aws, stack: Stack, resources: Sequence[Resource], template: Mapping[str, Any]) -> None:
    """Raises Refused where a load balancer is protected: CloudFormation would delete its listeners, records and
    instances, and only then find that it has to stay ("Deletion protection" in the guides).

    One call for each that the template protects: whoever is in a hurry switches that off by hand.
    """
    declared = template.get("Resources") or {}
    for one in resources:
        given = declared.get(one.logical_id) or {}
        attributes = (given.get("Properties") or {}).get("LoadBalancerAttributes")
        if given.get("DeletionPolicy") in KEEPING or not protects(attributes) or not one.physical_id:
            continue
        try:
            answer = aws.call("elbv2", "describe_load_balancer_attributes", LoadBalancerArn=one.physical_id)
            attributes = answer["Attributes"]
        except AwsError as error:
            if error.code.startswith("LoadBalancerNotFound"):
                continue
            if error.code not in DENIED:
                raise
        if protects(attributes):
            raise Refused(
                f"{one.logical_id} of {stack.full_name} is protected from deletion: everything around it would go, its "
                "listeners and records as well, and it would stay",
                hint=f"Update the stack without {PROTECTION} first, or switch it off by hand: aws elbv2 "
                f"modify-load-balancer-attributes --load-balancer-arn {one.physical_id} --attributes "
                f"Key={PROTECTION},Value=false. --force tries it all the same.",
            )


def protects(attributes: Any) -> bool:
    return isinstance(attributes, list) and any(
        isinstance(one, Mapping) and one.get("Key") == PROTECTION and str(one.get("Value")).lower() == "true"
        for one in attributes
    )


def held(stack: Stack, group: str, rule: Rule) -> Refused:
    """What to raise, forced or not: its instances would go before CloudFormation fails to delete the target group."""
    return Refused(
        f"{in_words(rule)} leads to {group_name(group)} of {stack.full_name}: its requests would be lost, and nobody "
        "can delete a target group that a rule names",
        hint=f"Lead it elsewhere, or delete it: aws elbv2 modify-rule, or delete-rule, --rule-arn {rule.arn}",
    )


def has_traffic(records: Sequence[Weighted], identifier: str) -> bool:
    return any(record.identifier == identifier and record.weight for record in records)


def named_in_vain(target: Target) -> bool:
    """Whether a rule names the target group without sending it anything: it could not be deleted."""
    return not target.weight and any(target.group in rule.weights for rule in target.rules)


def departure(domain: Place, siblings: Mapping[str, Weighted], identifier: str, stack: Stack, force: bool) -> list[str]:
    """Warnings about what leaves with the record. Raises Refused, without ``force``, where that is traffic."""
    weights = {name: record.weight or 0 for name, record in siblings.items()}
    share = f"{answers(domain, weights)[identifier]:.3g} %"
    if domain.spreads_at_zero and len(weights) == 1 and weights[identifier] == 0:
        return [f"{domain.name}: {identifier} was the only version, the name is gone with it"]
    if domain.spreads_at_zero and sum(weights.values()) == 0:
        return [f"{domain.name}: all weights are 0, so {identifier} has {share} of the answers; the others get them"]
    if weights[identifier] == 0:
        return []
    last = sum(weights.values()) == weights[identifier]
    if not force:
        raise Refused(
            f"{stack.full_name} has {share} of the traffic of {domain.name}"
            + (" and is the last version with traffic" if last else ""),
            hint=f"Move it first (senza traffic {stack.name} OTHER_VERSION 100), or use --force.",
        )
    return [f"{domain.name}: {share} of the traffic of {identifier} " + fate(domain, last, len(weights) - 1)]


def fate(domain: Place, last: bool, others: int) -> str:
    """What becomes of the traffic of a version that goes."""
    if not last:
        return "goes to the other versions with traffic"
    if not domain.spreads_at_zero:
        return f"is lost: {domain.at_zero}"
    if others:
        return "goes to all other versions, in equal shares: Route 53 answers with every record when all weigh 0"
    return "is lost: the name is gone with it"


def in_line(
    stack: Stack, template: Mapping[str, Any], in_template: Mapping[str, Mapping[str, Any]], force: bool
) -> list[Step]:
    """Make the template say 0, as the live records do by then; templates of the classic tool carry weights."""
    carrying = [logical_id for logical_id, properties in in_template.items() if str(properties["Weight"]) != "0"]
    waiting = [ReplaceTemplate(stack, None, (), "wait for what is under way")] if stack.status in UPDATING else []
    if not carrying:
        return [*waiting]
    if stack.status in NOT_UPDATABLE:
        if force:
            return []
        raise Refused(
            f"the template of {stack.full_name} carries a weight, and in {stack.status} it cannot be changed; "
            "CloudFormation will probably not be able to delete the record",
            hint="Use --force to try it all the same.",
        )
    changed = with_weights(template, dict.fromkeys(carrying, "0"))
    parameters = tuple(template.get("Parameters") or {})
    why = "its template shall say weight 0, so that CloudFormation can delete the record"
    capabilities = ("CAPABILITY_NAMED_IAM", *(("CAPABILITY_AUTO_EXPAND",) if "Transform" in template else ()))
    return [*waiting, ReplaceTemplate(stack, changed, parameters, why, capabilities)]
