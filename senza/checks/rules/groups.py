"""Groups of instances: what Auto Scaling refuses, or what can never happen."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from senza.account.machine_images import architecture_by_family
from senza.checks.model import Hit, Resource, Rule, Subject, entries, literal, mapping, target, unknown
from senza.checks.rules.availability import GROUP, seconds_of
from senza.checks.rules.instances import LAUNCHERS, launch_data

HOOK_SECONDS = (30, 7200)
EXCLUSIVE = (
    ("AllowedInstanceTypes", "ExcludedInstanceTypes"),
    ("SpotMaxPricePercentageOverLowestPrice", "MaxSpotPriceAsPercentageOfOptimalOnDemandPrice"),
)
"""InstanceRequirements in the API reference of EC2 Auto Scaling."""


def launcher_of(subject: Subject, group: Resource) -> tuple[str, Mapping[str, Any]]:
    """The logical id of what says how the group's instances are launched, and that; "" where it is not in here."""
    mixed = mapping(mapping(group.properties.get("MixedInstancesPolicy")).get("LaunchTemplate"))
    template = mapping(group.properties.get("LaunchTemplate")) or mapping(mixed.get("LaunchTemplateSpecification"))
    name = target(template.get("LaunchTemplateId")) or target(group.properties.get("LaunchConfigurationName"))
    found = next((one for one in subject.of(*LAUNCHERS) if one.id == name), None)
    return (name, launch_data(found)[1]) if found else ("", {})


def wrong_pools(subject: Subject) -> Iterator[Hit]:
    groups = {group.id: group for group in subject.of(GROUP)}
    words = ("WarmPool",)
    for pool in subject.of("AWS::AutoScaling::WarmPool"):
        group = groups.get(target(pool.properties.get("AutoScalingGroupName")))
        if group is None:
            continue
        _, data = launcher_of(subject, group)
        distribution = mapping(mapping(group.properties.get("MixedInstancesPolicy")).get("InstancesDistribution"))
        share = distribution.get("OnDemandPercentageAboveBaseCapacity", 100)
        market = literal(mapping(data.get("InstanceMarketOptions")).get("MarketType"))
        if market == "spot" or literal(data.get("SpotPrice")) or (literal(share) or "100") != "100":
            message = "a warm pool cannot have spot instances"
            yield Hit(message, pool.id, (), words, hint="Remove the warm pool, or what asks for spot instances.")
        least = seconds_of(pool.properties.get("MinSize"))
        most = seconds_of(pool.properties.get("MaxGroupPreparedCapacity"))
        if least is not None and most is not None and least > most:
            message = f"the pool holds {least} instances at least, and pool and group together {most} at most"
            hint = "Raise MaxGroupPreparedCapacity, or leave it out."
            yield Hit(message, pool.id, ("MinSize",), words, hint=hint)
        hibernates = may_be_true(data.get("HibernationOptions"), "Configured")
        if literal(pool.properties.get("PoolState")) == "Hibernated" and data and not hibernates:
            message = "instances cannot hibernate that were not launched for it"
            hint = "Add HibernationOptions: {Configured: true}; the root volume must be encrypted and hold the memory."
            yield Hit(message, pool.id, ("PoolState",), words, hint=hint)


def may_be_true(given: Any, name: str) -> bool:
    if unknown(given):
        return True
    value = mapping(given).get(name, False)
    return unknown(value) or str(value).lower() == "true"


def wrong_hooks(subject: Subject) -> Iterator[Hit]:
    least, most = HOOK_SECONDS
    for group in subject.of(GROUP):
        for number, hook in enumerate(entries(group.properties.get("LifecycleHookSpecificationList"))):
            given = mapping(hook)
            path, words = ("LifecycleHookSpecificationList", number), ("LifecycleHooks",)
            name = literal(given.get("LifecycleHookName"))
            seconds = literal(given.get("HeartbeatTimeout"))
            if re.fullmatch(r"-?\d{1,9}", seconds) and not least <= int(seconds) <= most:
                message = f"instances wait {least} to {most} seconds, and HeartbeatTimeout of {name} is {seconds}"
                hint = "Whoever needs longer records heartbeats."
                yield Hit(message, group.id, (*path, "HeartbeatTimeout"), words, hint=hint)
            if needs_role(subject, given.get("NotificationTargetARN")) and "RoleARN" not in given:
                message = f"nobody may send what {name} has to tell: it has a NotificationTargetARN and no RoleARN"
                hint = "Add RoleARN, or listen to EventBridge and remove NotificationTargetARN."
                yield Hit(message, group.id, path, words, hint=hint)


def needs_role(subject: Subject, told: Any) -> bool:
    """Whether this is a topic or a queue; whatever else may be told is not told by a role."""
    text, name = literal(told), target(told)
    return any(f":{service}:" in text for service in ("sns", "sqs")) or any(
        one.id == name for one in subject.of("AWS::SNS::Topic", "AWS::SQS::Queue")
    )


def wrong_sizes(subject: Subject) -> Iterator[Hit]:
    for group in subject.of(GROUP):
        sizes = {name: seconds_of(group.properties.get(name)) for name in ("MinSize", "DesiredCapacity", "MaxSize")}
        wanted, most = sizes["DesiredCapacity"], sizes["MaxSize"]
        if wanted is not None and most is not None and wanted > most:
            message = f"DesiredCapacity {wanted} is more than the maximum of {most}"
            words = ("AutoScaling", "DesiredCapacity")
            yield Hit(message, group.id, ("DesiredCapacity",), words, hint="Raise Maximum.")


def missing_signals(subject: Subject) -> Iterator[Hit]:
    for group in subject.of(GROUP):
        started = seconds_of(group.properties.get("DesiredCapacity", group.properties.get("MinSize")))
        resources = mapping(subject.compiled.template.get("Resources"))
        signal = mapping(mapping(mapping(resources.get(group.id)).get("CreationPolicy")).get("ResourceSignal"))
        signals = seconds_of(signal.get("Count"))
        if signals is not None and started is not None and signals > started:
            message = f"the stack waits for {signals} instances, and the group starts {started}"
            words = ("AutoScaling", "SuccessRequires")
            hint = "Write a smaller number in SuccessRequires, or a larger DesiredCapacity."
            yield Hit(message, group.id, words=words, hint=hint)


def wrong_choices(subject: Subject) -> Iterator[Hit]:
    """What cannot be chosen among: contradicting requirements, or machines that the image does not run on."""
    for group in subject.of(GROUP):
        path = ("MixedInstancesPolicy",)
        mixed = mapping(group.properties.get("MixedInstancesPolicy"))
        overrides = [mapping(one) for one in entries(mapping(mixed.get("LaunchTemplate")).get("Overrides"))]
        shared = [literal(one.get("InstanceType")) for one in overrides if "LaunchTemplateSpecification" not in one]
        kinds = {architecture_by_family(one): one for one in shared if one}
        if len(kinds) > 1:
            message = f"{' and '.join(kinds.values())} do not run the same image: {' and '.join(kinds)}"
            hint = "Choose types of one architecture."
            yield Hit(message, group.id, path, ("InstanceTypes",), hint=hint)
        for one in overrides:
            yield from _wrong_requirements(group, mapping(one.get("InstanceRequirements")))
        distribution = mapping(mixed.get("InstancesDistribution"))
        base = literal(distribution.get("OnDemandBaseCapacity"))
        if base.startswith("-"):
            message = f"OnDemandBase cannot be {base}"
            yield Hit(message, group.id, path, ("Spot",), hint="Write 0 or more.")
        price = literal(distribution.get("SpotMaxPrice"))
        if price and not re.fullmatch(r"\d*\.?\d+", price):
            message = f"MaxPrice {price!r} is no price"
            yield Hit(message, group.id, path, ("Spot",), hint="Write dollars per hour, e.g. 0.05.")


def _wrong_requirements(group: Resource, given: Mapping[str, Any]) -> Iterator[Hit]:
    path, words = ("MixedInstancesPolicy",), ("InstanceRequirements",)
    for first, second in EXCLUSIVE:
        if first in given and second in given:
            yield Hit(f"{first} and {second} exclude each other", group.id, path, words, hint="Remove one of them.")
    for name, value in given.items():
        least, most = (_number(mapping(value).get(key)) for key in ("Min", "Max"))
        if least is not None and most is not None and least > most:
            message = f"{name} from {least:g} to {most:g} is nothing at all"
            yield Hit(message, group.id, path, words, hint="Exchange Min and Max.")


def _number(value: Any) -> float | None:
    text = literal(value)
    return float(text) if re.fullmatch(r"\d{1,12}(\.\d+)?", text) else None


POOL = Rule(
    id="SZ311",
    severity="error",
    title="A warm pool cannot be made",
    why="AWS refuses the pool after the group was made, and the whole stack is rolled back.",
    link="https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-warm-pools.html",
    find=wrong_pools,
    bad="""\
SenzaComponents:
  - Worker:
      Type: Senza::AutoScalingGroup
      Image: Base
      InstanceType: m7i.large
      WarmPool: {PoolState: Hibernated}
""",
    good="""\
SenzaComponents:
  - Worker:
      Type: Senza::AutoScalingGroup
      Image: Base
      InstanceType: m7i.large
      WarmPool: {PoolState: Stopped}
""",
)
HOOK = Rule(
    id="SZ312",
    severity="error",
    title="A lifecycle hook cannot be made",
    why="AWS refuses the group: instances wait 30 seconds to two hours, and a topic or queue is told by a role.",
    link="https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_LifecycleHookSpecification.html",
    find=wrong_hooks,
    bad="""\
SenzaComponents:
  - Worker:
      Type: Senza::AutoScalingGroup
      Image: Base
      InstanceType: m7i.large
      LifecycleHooks:
        finish: {Transition: terminating, HeartbeatTimeout: 5}
""",
    good="""\
SenzaComponents:
  - Worker:
      Type: Senza::AutoScalingGroup
      Image: Base
      InstanceType: m7i.large
      LifecycleHooks:
        finish: {Transition: terminating, HeartbeatTimeout: 300}
""",
)
SIZES = Rule(
    id="SZ313",
    severity="error",
    title="The sizes of a group contradict each other",
    why="AWS refuses the group.",
    link="https://docs.aws.amazon.com/autoscaling/ec2/userguide/asg-capacity-limits.html",
    find=wrong_sizes,
    bad="""\
SenzaComponents:
  - Worker:
      Type: Senza::AutoScalingGroup
      Image: Base
      InstanceType: m7i.large
      AutoScaling: {Minimum: 1, Maximum: 4, DesiredCapacity: 5}
""",
    good="""\
SenzaComponents:
  - Worker:
      Type: Senza::AutoScalingGroup
      Image: Base
      InstanceType: m7i.large
      AutoScaling: {Minimum: 1, Maximum: 6, DesiredCapacity: 5}
""",
)
CHOICES = Rule(
    id="SZ314",
    severity="error",
    title="A group cannot choose among such instances",
    why="Requirements that nothing fulfils are refused; types of another architecture fail whenever they are chosen.",
    link="https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-mixed-instances-groups.html",
    find=wrong_choices,
    bad="""\
SenzaComponents:
  - Worker:
      Type: Senza::AutoScalingGroup
      Image: Base
      InstanceTypes: [m7i.large, m7g.large]
""",
    good="""\
SenzaComponents:
  - Worker:
      Type: Senza::AutoScalingGroup
      Image: Base
      InstanceTypes: [m7i.large, m6i.large]
""",
)
SIGNALS = Rule(
    id="SZ319",
    severity="warning",
    title="A stack waits for more instances than its group starts",
    why="Every instance signals once, so the stack fails when the time of SuccessRequires is over.",
    link="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-creationpolicy.html",
    find=missing_signals,
    bad="""\
SenzaComponents:
  - Worker:
      Type: Senza::AutoScalingGroup
      Image: Base
      InstanceType: m7i.large
      AutoScaling: {Minimum: 1, Maximum: 4, SuccessRequires: 2 within 15m}
""",
    good="""\
SenzaComponents:
  - Worker:
      Type: Senza::AutoScalingGroup
      Image: Base
      InstanceType: m7i.large
      AutoScaling: {Minimum: 2, Maximum: 4, SuccessRequires: 2 within 15m}
""",
)
