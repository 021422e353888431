"""What is asked about a version: its load balancers and target groups, as CloudWatch knows them.

Looked up once for a rollout, at the first look: the balancers of its group, and those that its stack made (an
elastigroup has no group of EC2's).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from senza.aws import Aws
from senza.aws.failures import EXPIRED, INVALID
from senza.errors import AwsError
from senza.fleet.balancers import groups_of
from senza.fleet.metrics import KINDS, Source, namespaces
from senza.stacks.tags import STACK_TAG, made_by_stacks

NOT_THERE = ("ValidationError", "ResourceNotFoundException")


@dataclass(frozen=True)
class Side:
    """One of the versions that are compared. stack: its full name."""

    stack: str
    app: str
    version: str

    @property
    def values(self) -> dict[str, str]:
        """What the placeholders stand for."""
        return {"app": self.app, "version": self.version, "stack": self.stack}


@dataclass(frozen=True)
class Balancers:
    """Of one version. sources: classic balancers, and target groups with the balancer in front of each.

    own: application and network balancers that only this version uses, as its stack made them.
    """

    sources: tuple[Source, ...] = ()
    own: tuple[Source, ...] = ()

    @property
    def shared(self) -> list[Source]:
        """The target groups whose balancer others may use, too: its own figures mix versions and apps."""
        own = {pair for one in self.own for pair in one.dimensions}
        return [one for one in self.sources if "TargetGroup" in dict(one.dimensions) and own.isdisjoint(one.dimensions)]


@dataclass
class Targets:
    """The versions that a rollout reads, and what was found out about them so far.

    balancers: by stack; None until a look has found them. alarms: logical id → name.
    """

    stacks: tuple[str, ...]
    balancers: Mapping[str, Balancers] | None = None
    alarms: dict[str, str] = field(default_factory=dict)


def hopeless(error: AwsError) -> bool:
    """Whether no other call would work either."""
    return error.code in EXPIRED | INVALID


def find_targets(aws: Aws, stacks: Sequence[str]) -> Targets:
    """stacks: full names of all versions with traffic. Raises what is raised where AWS accepts no credentials."""
    targets = Targets(tuple(dict.fromkeys(stacks)))
    try:
        locate(aws, targets)
    except AwsError as error:
        if hopeless(error):
            raise
    return targets


def locate(aws: Aws, targets: Targets) -> Mapping[str, Balancers]:
    """The balancers of each version, looked up unless they are known. Raises AwsError."""
    if targets.balancers is None:
        looks: dict[str, Callable[[], Any]] = {
            "groups": partial(groups_of, aws, targets.stacks),
            "made": partial(made_by_stacks, aws, "elasticloadbalancing", targets.stacks),
        }
        looked = aws.parallel(looks)
        made = {arn: tags[STACK_TAG] for arn, tags in looked["made"].items()}
        groups = {stack: [group for group in looked["groups"] if group.stack == stack] for stack in targets.stacks}
        modern = any(group.target_groups for group in looked["groups"]) or any(":targetgroup/" in arn for arn in made)
        routes = namespaces(aws) if modern else {}
        found = {}
        for stack, own in groups.items():
            ours = [arn for arn, maker in made.items() if maker == stack]
            made_classic = filter(None, map(classic_name, ours))
            classic = {*made_classic, *(name for group in own for name in group.classic)}
            targeted = {arn for arn in ours if arn in routes} | {arn for group in own for arn in group.target_groups}
            routed = [source for arn in sorted(targeted) for source in routes.get(arn, ())]
            found[stack] = balancers(classic, routed, ours)
        targets.balancers = found
    return targets.balancers


def balancers(classic: Iterable[str], targeted: Iterable[Source], ours: Sequence[str]) -> Balancers:
    """ours: ARNs of what the version's stack made."""
    sources = [Source("AWS/ELB", (("LoadBalancerName", name),)) for name in sorted(classic)]
    own = []
    for arn in sorted(ours):
        name = arn.partition(":loadbalancer/")[2]
        if (kind := name.partition("/")[0]) in KINDS and "/" in name:
            own.append(Source(KINDS[kind], (("LoadBalancer", name),)))
    return Balancers((*sources, *dict.fromkeys(targeted)), tuple(own))


def classic_name(arn: str) -> str:
    """Of a classic balancer, whose ARN has only its name (Service Authorization Reference, Elastic Load Balancing)."""
    name = arn.partition(":loadbalancer/")[2]
    return "" if "/" in name else name


def alarm_name(aws: Aws, targets: Targets, stack: str, logical_id: str) -> str:
    """The name of the alarm that has this logical id in the stack; "" where there is none. Raises AwsError."""
    if logical_id not in targets.alarms:
        try:
            answer = aws.call(
                "cloudformation", "describe_stack_resource", StackName=stack, LogicalResourceId=logical_id
            )
        except AwsError as error:
            if error.code in NOT_THERE:
                return ""
            raise
        name = str(answer["StackResourceDetail"].get("PhysicalResourceId", ""))
        if not name:  # not made yet
            return ""
        targets.alarms[logical_id] = name
    return targets.alarms[logical_id]
