"""Reading listener rules: the target groups that share a domain of a load balancer, and what the rules give to each.

The rule of a domain has one condition, that host, to which people may have added others, and belongs to no stack. It
forwards to the target groups of the versions with traffic only, since a target group that a rule names cannot be
deleted. See "Listener rules for your Application Load Balancer" and CreateRule in the Elastic Load Balancing API
reference.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from senza.account.shared import DOMAIN_TAG, LISTENER_TAG, PAGE, ListenerRule, look_up_tags, parsed
from senza.aws import Aws
from senza.errors import AwsError
from senza.stacks.tags import LOGICAL_ID_TAG, STACK_TAG, tagged
from senza.traffic.records import normal

GROUP = "AWS::ElasticLoadBalancingV2::TargetGroup"
RULE = "AWS::ElasticLoadBalancingV2::ListenerRule"


@dataclass(frozen=True)
class RuleDomain:
    """A host whose requests a listener forwards to versions by weight. listener: ARN."""

    listener: str
    name: str
    type: str = "rule"

    @property
    def at_zero(self) -> str:
        return "the load balancer then answers with an error, 404 unless it was told otherwise"

    @property
    def spreads_at_zero(self) -> bool:
        return False

    @property
    def balancer(self) -> str:
        """The load balancer's name: it is in the listener's ARN, ``...:listener/app/NAME/ID/ID``."""
        return self.listener.partition(":listener/")[2].split("/")[1]

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Group:
    """A target group that wants a share of a domain, as its tags say. stack: full name, "" without one."""

    arn: str
    stack: str
    logical_id: str
    domain: RuleDomain


@dataclass(frozen=True)
class Rule:
    """actions: exactly as AWS gave them, for they are replaced as a whole."""

    listed: ListenerRule
    actions: Sequence[Mapping[str, Any]] = field(compare=False, repr=False)

    @property
    def arn(self) -> str:
        return self.listed.arn

    @property
    def priority(self) -> int:
        return self.listed.priority

    @property
    def hosts(self) -> tuple[str, ...]:
        """In lower case; () where the rule has any other condition."""
        return self.listed.hosts if self.listed.only_hosts else ()

    @property
    def forward(self) -> Mapping[str, Any] | None:
        return next((action for action in self.actions if action["Type"] == "forward"), None)

    @property
    def weights(self) -> dict[str, int]:
        """By ARN of the target groups, those of weight 0 included; AWS means 1 where it says none."""
        action = self.forward or {}
        groups = (action.get("ForwardConfig") or {}).get("TargetGroups")
        if not groups:
            return {action["TargetGroupArn"]: 1} if action.get("TargetGroupArn") else {}
        return {group["TargetGroupArn"]: int(group.get("Weight", 1)) for group in groups}


Rules = Mapping[str, Sequence[Rule]]
"""By ARN of the listener, in the order in which it looks at them."""


@dataclass(frozen=True)
class Target:
    """A target group at a domain. identifier: full name of its stack, or its own name where it belongs to none.

    weight and identifier are None at a host that leads to this target group alone. group: its ARN. rules: those of the
    domain as they were read, of which only the first has an effect. stack: full name, "" where it belongs to none.
    elsewhere: whether its tags say that it wants a share of another domain. overtaken: the rule that takes all requests
    for the domain before its own one can, if any. narrowed: where the domain has no rule, one of this host that has
    further conditions, and leads to those that want a share.
    """

    domain: RuleDomain
    identifier: str | None
    weight: int | None
    group: str
    rules: Sequence[Rule] = field(default=(), compare=False, repr=False)
    stack: str = field(default="", compare=False)
    elsewhere: bool = field(default=False, compare=False)
    overtaken: Rule | None = field(default=None, compare=False, repr=False)
    narrowed: Rule | None = field(default=None, compare=False, repr=False)

    @property
    def name(self) -> str:
        return self.domain.name

    @property
    def type(self) -> str:
        return self.domain.type

    @property
    def rule(self) -> Rule | None:
        return self.rules[0] if self.rules else None

    @property
    def waiting(self) -> Rule | None:
        """The rule that gives it traffic as soon as the first one is gone, which answers by itself, for maintenance."""
        if self.rule is None or self.rule.forward:
            return None
        return next((rule for rule in self.rules[1:] if rule.weights.get(self.group)), None)

    @property
    def value(self) -> str:
        return group_name(self.group)


def group_name(arn: str) -> str:
    """``...:targetgroup/NAME/ID``."""
    return arn.partition(":targetgroup/")[2].split("/")[0]


def rules_of(aws: Aws, listener: str) -> list[Rule]:
    """The rules in the order in which the listener looks at them, without its default; none where it is gone."""
    pages = aws.pages("elbv2", "describe_rules", "Rules", ListenerArn=listener, PaginationConfig={"PageSize": PAGE})
    try:
        found = [Rule(parsed(item), item.get("Actions") or ()) for item in pages if item["Priority"].isdigit()]
    except AwsError as error:
        if error.code not in ("ListenerNotFound", "LoadBalancerNotFound"):
            raise
        return []
    return sorted(found, key=lambda rule: rule.priority)


def read_rules(aws: Aws, listeners: Iterable[str]) -> Rules:
    return aws.parallel({listener: partial(rules_of, aws, listener) for listener in dict.fromkeys(listeners)})


def rules_at(rules: Sequence[Rule], host: str) -> list[Rule]:
    """The rules for this very host, and maybe further ones; only the first one has an effect."""
    return [rule for rule in rules if host in rule.hosts]


def group_of(arn: str, tags: Mapping[str, str]) -> Group | None:
    """None where the tags do not say that it wants a share of a domain."""
    listener, name = tags.get(LISTENER_TAG, ""), normal(tags.get(DOMAIN_TAG, ""))
    if ":listener/app/" not in listener or not name:
        return None
    return Group(arn, tags.get(STACK_TAG, ""), tags.get(LOGICAL_ID_TAG, ""), RuleDomain(listener, name))


def groups_by_tag(aws: Aws) -> dict[str, Group]:
    """All target groups of the region that share a domain, by ARN; none where nobody may ask for tags."""
    found = tagged(aws, "elasticloadbalancing:targetgroup", DOMAIN_TAG)
    return {arn: group for arn, tags in found.items() if (group := group_of(arn, tags))}


class Balancing:
    """Reads target groups and rules with few calls: one for each 100 groups, and one for each listener."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self._groups: dict[str, Group] | None = None
        self._rules: dict[str, Sequence[Rule]] = {}
        self._described: set[str] = set()

    def groups(self, known: Iterable[str] = ()) -> dict[str, Group]:
        """By ARN. known: ARNs of groups of our stacks, which the tagging API may not know yet."""
        known = tuple(known)
        if self._groups is None:
            self._groups = groups_by_tag(self._aws)
        missing = [arn for arn in dict.fromkeys(known) if arn not in self._groups and arn not in self._described]
        self._described.update(missing)
        for arn, tags in look_up_tags(self._aws, missing).items():
            if group := group_of(arn, tags):
                self._groups[arn] = group
        self._forget_former(known)
        return self._groups

    def _forget_former(self, known: Collection[str]) -> None:
        """Those of a stack of the same name that was deleted, which the tagging API still knows for a while."""
        groups = self._groups or {}
        called = {(groups[arn].stack, groups[arn].logical_id) for arn in known if arn in groups}
        for arn, group in list(groups.items()):
            if arn not in known and group.stack and (group.stack, group.logical_id) in called:
                del groups[arn]

    def rules(self, listeners: Iterable[str]) -> Rules:
        wanted = list(dict.fromkeys(listeners))
        self._rules |= read_rules(self._aws, [listener for listener in wanted if listener not in self._rules])
        return {listener: self._rules[listener] for listener in wanted}

    def targets(self, domains: Iterable[RuleDomain], known: Iterable[str] = ()) -> list[Target]:
        """Everybody at these domains: versions with and without traffic, and what others put into the rules."""
        wanted = list(dict.fromkeys(domains))
        rules = self.rules(domain.listener for domain in wanted)
        groups = self.groups(known)
        named = [arn for domain in wanted for arn in weights_at(rules, domain)]
        owners = {arn: group.stack for arn, group in groups.items()}
        strange = [arn for arn in dict.fromkeys(named) if arn not in owners]
        owners |= {arn: tags.get(STACK_TAG, "") for arn, tags in look_up_tags(self._aws, strange).items()}
        return [target for domain in wanted for target in targets_at(domain, rules, groups, owners)]


def weights_at(rules: Rules, domain: RuleDomain) -> dict[str, int]:
    found = rules_at(rules[domain.listener], domain.name)
    return found[0].weights if found else {}


def targets_at(
    domain: RuleDomain, rules: Rules, groups: Mapping[str, Group], owners: Mapping[str, str]
) -> list[Target]:
    """Pure. owners: full name of the stack by ARN of each group that is known, "" for those of none.

    Of several groups of one stack the one with the most weight has its name; others only count where the rule names
    them, under their own.
    """
    found = rules_at(rules[domain.listener], domain.name)
    weights = weights_at(rules, domain)
    before = [rule for rule in rules[domain.listener] if found and rule.priority < found[0].priority]
    overtaken = next((rule for rule in before if rule.listed.takes(domain.name)), None)
    wanting = [arn for arn, group in groups.items() if group.domain == domain]
    narrow = (rule for rule in rules[domain.listener] if not rule.hosts and domain.name in rule.listed.hosts)
    narrowed = next((rule for rule in narrow if not found and rule.weights.keys() & set(wanting)), None)
    arns = sorted(
        dict.fromkeys([*wanting, *weights]),
        key=lambda arn: (not owners.get(arn), -weights.get(arn, 0), arn not in wanting, arn),
    )
    targets: dict[str, Target] = {}
    for arn in arns:
        names = [name for name in (owners.get(arn, ""), group_name(arn), group_id(arn)) if name]
        free = next(name for name in names if name not in targets)
        if arn in weights or free == owners.get(arn):
            other = arn in groups and arn not in wanting
            owner = owners.get(arn, "")
            weight = weights.get(arn, 0)
            targets[free] = Target(domain, free, weight, arn, found, owner, other, overtaken, narrowed)
    return list(targets.values())


def group_id(arn: str) -> str:
    """``NAME/ID``, which no other target group of the region has."""
    return arn.partition(":targetgroup/")[2]
