"""What has to be true, or done first, so that creating or updating a stack moves no traffic by accident."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from senza.aws import Aws
from senza.components import Compiled
from senza.errors import Refused
from senza.plan import Step
from senza.stacks.references import split_name
from senza.stacks.summaries import Stack
from senza.stacks.templates import deployed_template, weighted_resources, with_weights
from senza.traffic.balancers import region_in_alias
from senza.traffic.edge_guard import check_edge
from senza.traffic.families import check_families
from senza.traffic.first_record import check_added, check_first
from senza.traffic.group_guard import changed_groups, check_groups
from senza.traffic.parts import parts_of
from senza.traffic.records import Reader, Record, Zones, normal
from senza.traffic.switch import zone_batches
from senza.traffic.weighted import WeightChange, answers, weighted_domains
from senza.traffic.weights import TOTAL

MARKS = frozenset({"senza:rollout"})
"""Tags of stacks that the template does not say, because it does not know them: the rollout that made the version."""
REPLACING = ("Name", "LoadBalancerName", "Scheme", "Type")
"""Properties of load balancers whose change makes CloudFormation replace them (resource reference, "Replacement")."""


def before_create(aws: Aws, zones: Zones, compiled: Compiled, *, force: bool = False) -> list[Step]:
    """The steps to take before the stack is created, so that it arrives without traffic.

    A new record arrives with weight 0. Where the weights of its siblings sum to 0 as well, Route 53 would answer with
    the new one too: a single sibling, which has all traffic, is given the whole 200 first.

    A new target group has no traffic before a rule names it; that the rule is nobody else's is seen when compiling.

    Raises Refused, without ``force``, where several siblings stand at 0, where the first record of the name would take
    traffic from others, or where CloudFormation could not create the record.
    """
    wanted = {(normal(item.name), item.type): item for item in compiled.weighted_records}
    if not wanted:
        return []
    reader = Reader(aws, zones())
    records = reader.read(name for name, _ in wanted)
    changes: list[WeightChange[Record]] = []
    for (name, type_), item in wanted.items():
        present = [record for record in records if record.name == name and record.type == type_]
        if not force:
            check_free(present, name, item.set_identifier, aws.region)
        siblings = {record.identifier: record for record in present if record.weight is not None}
        if not siblings and not force:
            check_first(aws, reader, name, compiled)
        if not force:
            check_families(records, name, [kind for other, kind in wanted if other == name], compiled.full_name)
        if not siblings or any(record.weight for record in siblings.values()):
            continue
        if len(siblings) == 1:
            changes += [WeightChange(record, TOTAL) for record in siblings.values()]
        elif not force:
            raise all_zero(name, compiled, [identifier or "" for identifier in siblings])
    keep = zone_batches(changes, f"senza: keep the traffic where it is while {compiled.full_name} is created")
    why = f"so far it has all traffic by being alone, and {compiled.full_name} must get no share of it"
    return [replace(step, why=why, read_back=False) for step in keep]


def check_free(present: Sequence[Record], name: str, identifier: str, region: str) -> None:
    for record in present:
        if record.identifier == identifier:
            if (there := region_in_alias(record.value)) not in ("", region):
                raise Refused(
                    f"{name} has a record {identifier} already, which leads to a load balancer in {there}; "
                    f"CloudFormation cannot create another one in {region}, since Route 53 is that of all regions",
                    hint="Use another version, or another MainDomain in each region.",
                )
            raise Refused(
                f"{name} has a record {identifier} already, left behind by an earlier stack; "
                "CloudFormation cannot create it again",
                hint="Delete that record in Route 53, or use another version.",
            )
        if record.weight is None:
            kind = "a record without weight" if record.identifier is None else "a record with another routing policy"
            raise Refused(
                f"{name} has {kind} ({record.value}); Route 53 allows no weighted one beside it",
                hint="Delete that record or choose another MainDomain.",
            )


def all_zero(name: str, compiled: Compiled, identifiers: Sequence[str]) -> Refused:
    app, version = split_name(identifiers[-1])
    return Refused(
        f"all versions on {name} have weight 0 ({', '.join(identifiers)}), so Route 53 answers with each of them; "
        f"{compiled.full_name} would get its share at once",
        hint=f"Decide who has the traffic first, e.g. senza traffic {app} {version} 100, or use --force.",
    )


@dataclass(frozen=True)
class PlannedUpdate:
    """compiled: what to update with. deployed: the template that the stack has."""

    compiled: Compiled
    deployed: Mapping[str, Any]


def plan_update(aws: Aws, zones: Zones, compiled: Compiled, stack: Stack, *, force: bool = False) -> PlannedUpdate:
    """The template to update with: its records carry the weights of the deployed template, so none of them changes.

    CloudFormation writes the weight of the template whenever it touches a record for another reason. Raises Refused,
    without ``force``, where that would happen to a record with traffic, as far as the templates tell, where a target
    group with traffic would go, where a new record would get traffic, and where a shared load balancer would give up
    names of apps.
    """
    deployed = deployed_template(aws, stack.stack_id)
    result = with_marks_of(with_weights_of(compiled, deployed), stack)
    groups = changed_groups(deployed, result.template)
    if groups and not force:
        check_groups(aws, stack, groups)
    found = {one: touches(deployed, result.template, one) for one in weighted_resources(deployed)}
    touched = {logical_id: does for logical_id, does in found.items() if does}
    if touched and not force:
        refuse_with_traffic(aws, zones, stack, touched)
    if not force:
        check_added(aws, zones, compiled, weighted_resources(deployed))
        check_edge(aws, stack, deployed, result.template)
    return PlannedUpdate(result, deployed)


def with_weights_of(compiled: Compiled, deployed: Mapping[str, Any]) -> Compiled:
    """The same, but for the weights of the records that the deployed template has, too."""
    old, new = weighted_resources(deployed), weighted_resources(compiled.template)
    kept = {logical_id: old[logical_id]["Weight"] for logical_id in old if logical_id in new}
    return replace(compiled, template=with_weights(compiled.template, kept)) if kept else compiled


def with_marks_of(compiled: Compiled, stack: Stack) -> Compiled:
    """The same, with the tags by which senza knows what made the stack; an update would drop them."""
    marks = {key: value for key, value in stack.tags if key in MARKS}
    return replace(compiled, tags={**marks, **compiled.tags}) if marks else compiled


def touches(deployed: Mapping[str, Any], planned: Mapping[str, Any], logical_id: str) -> str:
    """What an update would do to this record or to the load balancer that it leads to; "" for nothing."""
    old = deployed["Resources"][logical_id]
    new = (planned.get("Resources") or {}).get(logical_id)
    if new is None:
        return "remove"
    if comparable(new) != comparable(old):
        return "rewrite"
    target = (old["Properties"].get("AliasTarget") or {}).get("DNSName")
    balancer = target.get("Fn::GetAtt") if isinstance(target, dict) else None
    if not balancer:
        return ""
    name = balancer.split(".")[0] if isinstance(balancer, str) else balancer[0]
    before, after = (tree["Resources"].get(name) or {} for tree in (deployed, planned))
    if before.get("Type") != after.get("Type"):
        return f"replace {name}, which is behind"
    settings = [resource.get("Properties") or {} for resource in (before, after)]
    replaced = any(settings[0].get(key) != settings[1].get(key) for key in REPLACING)
    return f"replace {name}, which is behind" if replaced else ""


def comparable(resource: Mapping[str, Any]) -> Any:
    """A record set with every scalar as text: templates say ``"20"`` and ``20`` for the same weight."""

    def text(node: Any) -> Any:
        if isinstance(node, dict):
            if isinstance(node.get("Fn::GetAtt"), str):
                return {"Fn::GetAtt": node["Fn::GetAtt"].split(".", 1)}
            return {key: text(value) for key, value in node.items()}
        if isinstance(node, list):
            return [text(value) for value in node]
        return str(node).lower() if isinstance(node, bool) else str(node)

    plain = copy.deepcopy(dict(resource.get("Properties") or {}))
    for key in ("Name", "HostedZoneName"):
        if isinstance(plain.get(key), str):
            plain[key] = normal(plain[key])
    return text(plain)


def refuse_with_traffic(aws: Aws, zones: Zones, stack: Stack, touched: Mapping[str, str]) -> None:
    names = parts_of(aws, stack.stack_id).names
    wanted = {names[logical_id]: does for logical_id, does in touched.items() if logical_id in names}
    check_live(Reader(aws, zones()).read(wanted), stack, wanted)


def check_live(records: Sequence[Record], stack: Stack, does: Mapping[str, str]) -> None:
    """Raise Refused where one of the stack's records has traffic. records: all that are at the names.

    does: by name what the update would do to the record; rewriting one of weight 0 changes nothing, even where it has
    all answers because it is alone.
    """
    for domain, siblings in weighted_domains(records).items():
        mine = siblings.get(stack.full_name)
        if mine is None or domain.name not in does:
            continue
        share = answers(domain, {name: one.weight or 0 for name, one in siblings.items()})[stack.full_name]
        doing = does[domain.name]
        if mine.weight or (share and doing != "rewrite"):
            how = ", with the weight of the template" if doing == "rewrite" else ""
            raise Refused(
                f"the update would {doing} the record of {domain}{how}, and {stack.full_name} has {share:.3g} % there",
                hint="Create a new version instead (senza create), move the traffic away first, or use --force.",
            )
