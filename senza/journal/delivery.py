"""The four key metrics of software delivery, from what the journal says. Pure.

Deployment frequency, lead time for changes, change fail rate and time to restore: Forsgren, Humble and Kim,
"Accelerate" (2018), chapter 2; https://dora.dev/guides/dora-metrics-four-keys/. Times are seconds since the epoch.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median
from typing import Any

from senza.journal.model import Entry

DAY = 86_400.0
WEEK = 7 * DAY
TOO_SOON = DAY
"""A version whose traffic goes back to an older one within this time was a change that failed."""
MAKING = ("create", "rollout")
Weights = Mapping[str, Mapping[str, int]]
"""By domain and full stack name."""


@dataclass(frozen=True)
class Past:
    """What is known of one operation: all its entries, or the first and the last."""

    app: str
    entries: Sequence[Entry]

    @property
    def facts(self) -> Mapping[str, Any]:
        return self.entries[0].facts

    @property
    def kind(self) -> str:
        return self.entries[0].kind


@dataclass(frozen=True)
class Born:
    """A stack as CloudFormation lists it, for what was made without the journal."""

    app: str
    stack: str
    created: float


@dataclass(frozen=True)
class Deployment:
    """A version that got traffic; of apps without weighted records, one that was made.

    at: when. how: ``rollout``, ``traffic``, ``create``, or ``stack`` for what only CloudFormation knows of.
    lead: seconds from the commit, or else from the build of the image; None where neither is known.
    failed: its traffic was taken back. restored: seconds until then, None where that is not known.
    """

    app: str
    stack: str
    at: float
    how: str
    lead: float | None = None
    failed: bool = False
    restored: float | None = None


@dataclass(frozen=True)
class Metrics:
    """Of one app. Medians in seconds, None without any value; fail_rate between 0 and 1."""

    app: str
    deployments: int
    per_week: float
    lead_time: float | None
    fail_rate: float | None
    time_to_restore: float | None


@dataclass(frozen=True)
class Moment:
    """The weights at a time, and the operation that tells; None for those it found there."""

    at: float
    weights: Weights
    by: Past | None


def measure(app: str, deployments: Sequence[Deployment], since: float, until: float) -> Metrics:
    """The metrics of the deployments between two moments."""
    counted = [one for one in deployments if one.app == app and since <= one.at <= until]
    leads = [one.lead for one in counted if one.lead is not None]
    restores = [one.restored for one in counted if one.restored is not None]
    return Metrics(
        app,
        deployments=len(counted),
        per_week=len(counted) / max((until - since) / WEEK, 1e-9),
        lead_time=median(leads) if leads else None,
        fail_rate=sum(one.failed for one in counted) / len(counted) if counted else None,
        time_to_restore=median(restores) if restores else None,
    )


def deployments(
    operations: Sequence[Past], stacks: Sequence[Born] = (), commits: Mapping[str, float] | None = None
) -> list[Deployment]:
    """All deployments that the operations tell of, and those stacks that no operation has made, oldest first.

    commits: when each commit was made, by what a parameter says. Operations and stacks in any order.
    """
    result: list[Deployment] = []
    for app in dict.fromkeys([*(one.app for one in operations), *(one.app for one in stacks)]):
        own = sorted((one for one in operations if one.app == app), key=lambda one: one.entries[0].at)
        born = [one for one in stacks if one.app == app]
        moments = list(timeline(own))
        found = with_traffic(app, moments, born) if moments else without_traffic(app, own)
        known = {one.stack for one in found} | {str(one.facts.get("stack")) for one in own if one.kind in MAKING}
        found += [Deployment(app, one.stack, one.created, "stack") for one in born if one.stack not in known]
        result += [replace(one, lead=lead_time(one, own, commits or {})) for one in found]
    return sorted(result, key=lambda one: (one.at, one.app, one.stack))


def timeline(operations: Sequence[Past]) -> Iterator[Moment]:
    """The weights as far as they are told, oldest first."""
    moments = []
    for operation in operations:
        for number, entry in enumerate(operation.entries):
            weights = weights_in(entry.facts)
            if weights:
                moments.append(Moment(entry.at, weights, operation if number else None))
    yield from sorted(moments, key=lambda moment: moment.at)


def weights_in(facts: Mapping[str, Any]) -> Weights:
    for place in (facts, facts.get("facts"), facts.get("ground")):
        if isinstance(place, Mapping) and isinstance(place.get("weights"), Mapping):
            weights: Weights = place["weights"]
            return weights
    return {}


def has_traffic(weights: Weights) -> set[str]:
    """Stacks with a weight; a name's only record has all of its traffic, even with weight 0."""
    return {
        stack for siblings in weights.values() for stack, weight in siblings.items() if weight > 0 or len(siblings) == 1
    }


def with_traffic(app: str, moments: Sequence[Moment], born: Sequence[Born]) -> list[Deployment]:
    """A deployment is the first traffic of a version that an operation gave it."""
    created = {one.stack: one.created for one in born}
    first: dict[str, float] = {}
    found: dict[str, Deployment] = {}
    for number, moment in enumerate(moments):
        for stack in sorted(has_traffic(moment.weights) - first.keys()):
            first[stack] = moment.at
            if moment.by and moment.by.facts.get("stack", stack) == stack:
                back = taken_back(stack, moment.at, moments[number:], first, created)
                restored = None if back is None else back - moment.at
                how = moment.by.kind
                found[stack] = Deployment(app, stack, moment.at, how, failed=back is not None, restored=restored)
    return list(found.values())


def taken_back(
    stack: str, since: float, moments: Sequence[Moment], first: Mapping[str, float], created: Mapping[str, float]
) -> float | None:
    """When all traffic of the version went to older ones; None where it did not, or not within a day.

    first: when versions that came before it were first seen with traffic. created: stacks, where known.
    """
    born = created.get(stack, since)
    for before, after in pairwise(moments):
        if after.at - since > TOO_SOON:
            return None
        if stack not in has_traffic(before.weights) or not tells_of(after.weights, stack):
            continue
        others = has_traffic(after.weights)
        if stack not in others and any(created.get(one, first.get(one, born)) < born for one in others):
            return after.at
    return None


def tells_of(weights: Weights, stack: str) -> bool:
    return any(stack in siblings for siblings in weights.values())


def without_traffic(app: str, operations: Sequence[Past]) -> list[Deployment]:
    """Apps without weighted records: what was created or rolled out."""
    found = {}
    for one in operations:
        last, stack = one.entries[-1], str(one.facts.get("stack") or f"{app}-{one.facts.get('version')}")
        if one.kind == "create" and last.kind == "done":
            found[stack] = Deployment(app, stack, last.at, "create")
        if one.kind == "rollout" and last.kind == "finished":
            failed = last.facts.get("result") != "promoted"
            found[stack] = Deployment(app, stack, last.at, "rollout", failed=failed)
    return list(found.values())


def lead_time(deployment: Deployment, operations: Sequence[Past], commits: Mapping[str, float]) -> float | None:
    """Seconds from the commit that a parameter names, else from the build of the image; None where unknown."""
    made = [one.facts for one in operations if one.kind in MAKING and one.facts.get("stack") == deployment.stack]
    for facts in reversed(made):
        known = [commits[str(value)] for value in (facts.get("parameters") or {}).values() if str(value) in commits]
        for moment in (facts.get("commit_time"), *known, facts.get("image_built")):
            if isinstance(moment, (int, float)) and moment <= deployment.at:
                return deployment.at - moment
    return None
