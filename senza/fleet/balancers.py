"""What load balancers say about instances: classic ones, and target groups of application and network ones.

Which balancers an instance stands behind is read from its auto scaling group, 100 groups a call. An instance without a
group (one in a template, or in an elastigroup) may be registered all the same: with a classic balancer, which lists its
instances, or with a target group of the instance's own stack.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from senza.aws import Aws
from senza.errors import AwsError
from senza.fleet.instances import TERMINATED, Instance, capitals
from senza.stacks.tags import STACK_TAG, made_by_stacks, tags_of

HEALTHY = frozenset({"IN_SERVICE", "HEALTHY"})
"""What classic balancers and target groups call an instance that gets traffic."""
CLASSIC_STATES = {"InService": "IN_SERVICE", "OutOfService": "OUT_OF_SERVICE", "Unknown": "UNKNOWN"}
GONE = frozenset({"LoadBalancerNotFound", "TargetGroupNotFound"})
PAGE = 100
"""Groups of a call: the most that MaxRecords of DescribeAutoScalingGroups allows, for names too (API reference)."""


@dataclass(frozen=True)
class Group:
    """An auto scaling group and what it registers its instances with.

    classic: names of classic load balancers. target_groups: ARNs. in_service: instances that the group itself holds to
    be healthy, which includes its balancers' opinion where its health checks are of type ELB.
    """

    name: str
    stack: str
    classic: tuple[str, ...]
    target_groups: tuple[str, ...]
    in_service: tuple[str, ...]


def parsed(item: Mapping[str, Any]) -> Group:
    return Group(
        name=item["AutoScalingGroupName"],
        stack=tags_of(item).get(STACK_TAG, ""),
        classic=tuple(item.get("LoadBalancerNames", ())),
        target_groups=tuple(item.get("TargetGroupARNs", ())),
        in_service=tuple(
            instance["InstanceId"]
            for instance in item.get("Instances", ())
            if instance.get("LifecycleState") == "InService" and instance.get("HealthStatus") == "Healthy"
        ),
    )


def pages_of_groups(aws: Aws, **chosen: Any) -> list[Group]:
    found = aws.pages(
        "autoscaling",
        "describe_auto_scaling_groups",
        "AutoScalingGroups",
        PaginationConfig={"PageSize": PAGE},
        **chosen,
    )
    return [parsed(item) for item in found]


def groups_named(aws: Aws, names: Iterable[str]) -> list[Group]:
    """The groups of these names that exist."""
    wanted = sorted(set(names))
    parts = {start: wanted[start : start + PAGE] for start in range(0, len(wanted), PAGE)}
    answers = aws.parallel(
        {start: partial(pages_of_groups, aws, AutoScalingGroupNames=part) for start, part in parts.items()}
    )
    return [group for groups in answers.values() for group in groups]


def groups_of(aws: Aws, stacks: Sequence[str]) -> list[Group]:
    """The groups of the stacks of these full names; of more than a page of stacks, all groups are read through."""
    if len(stacks) > PAGE:
        wanted = set(stacks)
        return [group for group in pages_of_groups(aws) if group.stack in wanted]
    if not stacks:
        return []
    return pages_of_groups(aws, Filters=[{"Name": f"tag:{STACK_TAG}", "Values": list(stacks)}])


def lb_states(aws: Aws, instances: Sequence[Instance]) -> dict[str, str]:
    """What the balancers say, by instance id: ``IN_SERVICE``, ``OUT_OF_SERVICE``, ``HEALTHY``, ``UNHEALTHY``...

    An instance behind none is missing.
    Behind several, the first that does not send it traffic counts. One call per balancer and target group.
    """
    present = [instance for instance in instances if instance.state != TERMINATED]
    if not present:
        return {}
    grouped = [instance.group for instance in present if instance.group]
    alone = {instance.id for instance in present if not instance.group}
    stacks = sorted({instance.stack for instance in present if not instance.group and instance.stack})
    look_ups: dict[str, Callable[[], Any]] = {"groups": partial(groups_named, aws, grouped)}
    if alone:
        look_ups["classic"] = partial(classic_with, aws, alone)
    if stacks:
        look_ups["targets"] = partial(made_by_stacks, aws, "elasticloadbalancing:targetgroup", stacks)
    looked = aws.parallel(look_ups)
    classic = {name for group in looked["groups"] for name in group.classic} | set(looked.get("classic", ()))
    targets = {arn for group in looked["groups"] for arn in group.target_groups} | set(looked.get("targets", ()))
    jobs: dict[str, Callable[[], dict[str, str]]] = {name: partial(classic_health, aws, name) for name in classic}
    jobs |= {arn: partial(target_health, aws, arn) for arn in targets}
    answers = aws.parallel({name: jobs[name] for name in sorted(jobs)})
    known = {instance.id for instance in present}
    states: dict[str, str] = {}
    for answer in answers.values():
        for instance_id, state in answer.items():
            if instance_id in known and states.get(instance_id, state) in HEALTHY | {state}:
                states[instance_id] = state
    return states


def classic_with(aws: Aws, instances: set[str]) -> list[str]:
    """The names of the classic balancers that one of these instances is registered with."""
    found = aws.pages("elb", "describe_load_balancers", "LoadBalancerDescriptions", PaginationConfig={"PageSize": 400})
    return [
        item["LoadBalancerName"]
        for item in found
        if not instances.isdisjoint(one["InstanceId"] for one in item.get("Instances", ()))
    ]


def classic_health(aws: Aws, name: str) -> dict[str, str]:
    """Instance id to state; nothing for a balancer that has gone meanwhile."""
    answer = unless_gone(partial(aws.call, "elb", "describe_instance_health", LoadBalancerName=name))
    return {
        item["InstanceId"]: CLASSIC_STATES.get(item["State"], capitals(item["State"]))
        for item in answer.get("InstanceStates", ())
    }


def target_health(aws: Aws, arn: str) -> dict[str, str]:
    """Instance id to state; of a target registered on several ports, the first that is not healthy counts."""
    answer = unless_gone(partial(aws.call, "elbv2", "describe_target_health", TargetGroupArn=arn))
    states: dict[str, str] = {}
    for item in answer.get("TargetHealthDescriptions", ()):
        target, state = item["Target"]["Id"], capitals(item["TargetHealth"]["State"])
        if states.get(target, state) in HEALTHY | {state}:
            states[target] = state
    return states


def unless_gone(call: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    try:
        return call()
    except AwsError as error:
        if error.code in GONE:
            return {}
        raise
