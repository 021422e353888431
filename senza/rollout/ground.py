"""Looking at what a rollout starts from: who has the traffic, and how many instances that takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from senza.aws import Aws
from senza.rollout.capacity import groups_by_stack, sizes_of
from senza.rollout.planning import Ground
from senza.stacks.changes import DEAD, already_exists
from senza.stacks.summaries import Stack, list_stacks
from senza.traffic.records import Zones
from senza.traffic.survey import survey
from senza.traffic.weighted import weighted_domains
from senza.traffic.weights import effective


def look_at_ground(aws: Aws, zones: Zones, app: str, version: str, *, weighted: bool) -> Ground:
    """The snapshot. weighted: whether the new version's template has weighted records.

    Raises Conflict where a stack of the version is there that nothing can be made of.
    """
    stacks = [stack for stack in list_stacks(aws) if stack.name == app]
    name = f"{app}-{version}"
    mine = next((stack for stack in stacks if stack.full_name == name), None)
    if mine and mine.status in DEAD:
        raise already_exists(name, mine.status)
    weights = weights_of(aws, zones, stacks)
    others = with_traffic(stacks, weights, name) if weighted else running(stacks, name)
    sized = [*others, name] if mine else others
    groups = groups_by_stack(aws, sized) if sized else {}
    sizes = {stack: sizes_of(found) for stack, found in groups.items()}
    return Ground(app, version, tuple(others), mine is not None, weighted, weights, sizes)


def weights_of(aws: Aws, zones: Zones, stacks: Sequence[Stack]) -> dict[str, dict[str, int]]:
    """The weights of the app's domains by name and set identifier, records of nobody's stack included."""
    if not stacks:
        return {}
    found = survey(aws, zones(), stacks)
    records = [item.record for item in found.owned] + list(found.foreign)
    weights: dict[str, dict[str, int]] = {}
    for domain, siblings in sorted(weighted_domains(records).items(), key=lambda item: item[0].type):
        told = {identifier: record.weight or 0 for identifier, record in siblings.items()}
        weights[domain.name] = told | weights.get(domain.name, {})  # AAAA records go with the A records of the name
    return weights


def with_traffic(stacks: Sequence[Stack], weights: Mapping[str, Mapping[str, int]], new: str) -> list[str]:
    """The stacks that get requests, but the new one: most traffic first, of equal shares the younger one."""
    shares: dict[str, float] = {}
    for siblings in weights.values():
        for identifier, share in effective(siblings).items():
            shares[identifier] = max(share, shares.get(identifier, 0.0))
    found = [stack for stack in stacks if shares.get(stack.full_name) and stack.full_name != new]
    found.sort(key=lambda stack: (-shares[stack.full_name], -stack.created.timestamp()))
    return [stack.full_name for stack in found]


def running(stacks: Sequence[Stack], new: str) -> list[str]:
    """Without DNS nobody knows who is used: all versions that may have instances, the youngest first."""
    found = [stack for stack in stacks if stack.status not in DEAD]
    return [stack.full_name for stack in reversed(found) if stack.full_name != new]
