"""Weighted records: those whose stack is gone, and domains on which nobody has a weight."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence

from senza.doctor.facts import Facts
from senza.doctor.model import Check, Finding
from senza.stacks.references import split_name
from senza.stacks.summaries import Stack
from senza.traffic.balancers import region_in_alias
from senza.traffic.records import Record
from senza.traffic.rules import Target
from senza.traffic.weighted import Place, Weighted, weighted_domains
from senza.traffic.weights import effective

STACK_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9-]*-[a-zA-Z0-9]+")

Domains = Mapping[Place, Mapping[str, Record]]


def orphaned(facts: Facts) -> Iterator[Finding]:
    yield from orphans(facts.stacks(), weighted_domains(facts.records()), facts.aws.region)
    yield from left_in_rules(facts.stacks(), facts.targets())


def orphans(stacks: Sequence[Stack], domains: Domains, region: str) -> Iterator[Finding]:
    """Pure: weighted records that name a stack of this region that there is not."""
    names = {stack.full_name for stack in stacks}
    apps = {stack.name for stack in stacks}
    for domain, siblings in domains.items():
        shares = effective({identifier: record.weight or 0 for identifier, record in siblings.items()})
        for identifier, record in siblings.items():
            if identifier in names or not named_like_a_stack(record, apps, region):
                continue
            if shares[identifier] and record.weight:
                message = f"{shares[identifier]:g} % of {domain} go to {identifier}, a stack that does not exist"
                first = f"Give the traffic to a version that exists (senza traffic {split_name(identifier)[0]}). Then: "
                yield Finding("error", message, first + removal(record), domain.name)
            else:
                message = f"the weighted record {identifier} of {domain} belongs to a stack that does not exist"
                yield Finding("warning", message, removal(record), domain.name)


def left_in_rules(stacks: Sequence[Stack], targets: Sequence[Target]) -> Iterator[Finding]:
    """Pure: target groups with traffic that a stack left behind when it was deleted."""
    names = {stack.full_name for stack in stacks}
    for target in targets:
        if target.weight and target.stack and target.stack not in names:
            yield Finding(
                "error",
                f"the load balancer {target.domain.balancer} sends requests for {target.name} to {target.value}, which "
                f"is left of the stack {target.stack}",
                f"Give the traffic to a version that exists (senza traffic {split_name(target.stack)[0]}). Then: "
                f"aws elbv2 delete-target-group --target-group-arn {target.group}",
                target.name,
            )


def named_like_a_stack(record: Record, apps: set[str], region: str) -> bool:
    """Whether the set identifier is a stack's, and of this region: stacks of others are not known here."""
    identifier = record.identifier or ""
    if not STACK_NAME.fullmatch(identifier):
        return False
    if place := region_in_alias(record.value):
        return place == region
    app = split_name(identifier)[0]
    return app in apps or record.name.partition(".")[0] == app.lower()


def removal(record: Record) -> str:
    """The command that deletes the record; Route 53 wants it described exactly."""
    batch = {"Changes": [{"Action": "DELETE", "ResourceRecordSet": record.raw}]}
    return (
        f"aws route53 change-resource-record-sets --hosted-zone-id {record.zone.id} "
        f"--change-batch {shlex.quote(json.dumps(batch))}"
    )


def unweighted(facts: Facts) -> Iterator[Finding]:
    return weightless(facts.stacks(), weighted_domains(facts.weighted()))


def weightless(stacks: Sequence[Stack], domains: Mapping[Place, Mapping[str, Weighted]]) -> Iterator[Finding]:
    """Pure: domains with several versions, all of which stand at 0."""
    by_name = {stack.full_name: stack for stack in stacks}
    for domain, siblings in domains.items():
        versions = [by_name[identifier] for identifier in siblings if identifier in by_name]
        if not versions or len(siblings) < 2 or any(record.weight for record in siblings.values()):
            continue
        newest = max(versions, key=lambda stack: stack.created)
        yield Finding(
            "warning",
            f"all {len(siblings)} versions at {domain.name} have weight 0: {domain.at_zero}",
            f"Choose one, e.g. the newest: senza traffic {newest.name} {newest.version} 100",
            domain.name,
        )


ORPHANED = Check(
    "orphaned-records",
    "Every weighted record, and target group with traffic, belongs to a stack that exists",
    "records of all hosted zones, listener rules, and stacks",
    "https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html",
    orphaned,
)
UNWEIGHTED = Check(
    "weightless-domains",
    "No domain of several versions has all weights at 0",
    "records of all hosted zones, listener rules, and stacks",
    "https://docs.aws.amazon.com/Route53/latest/APIReference/API_ResourceRecordSet.html",
    unweighted,
)
