"""What the rules of a shared listener leave to a version: its domains, a priority, and the name of its target group."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from senza.account import shared
from senza.account.shared import ListenerRule, SharedBalancer
from senza.components.model import Site
from senza.components.naming import unique_name
from senza.components.settings import Settings
from senza.errors import DefinitionError

STACK_TAG = "aws:cloudformation:stack-name"


def no_room(rules: Sequence[ListenerRule], main: str, room: tuple[int, int]) -> str:
    """Why a load balancer has no room for a new version, "" where it has. room: for rules, and for target groups."""
    most, most_groups = room
    wanted = 1 if any(rule.only_hosts and main in rule.hosts for rule in rules) else 2
    if len(rules) + wanted > most:
        if len(rules) < most:
            return (
                f"has {len(rules)} rules, a load balancer may have {most}, and there is none for the main domain yet, "
                "which needs one besides the version's"
            )
        return f"has {len(rules)} rules, and a load balancer may have {most}"
    groups = {group for rule in rules for group in rule.groups}
    if len(groups) >= most_groups:
        return f"forwards to {len(groups)} target groups, and a load balancer may have {most_groups}"
    return ""


@dataclass(frozen=True)
class Neighbours:
    """rules: all of the listener of the load balancer, by priority."""

    settings: Settings
    site: Site
    balancer: SharedBalancer
    rules: Sequence[ListenerRule]

    def check_main(self, main: str) -> None:
        """Raises DefinitionError where the main domain's requests go to somebody else."""
        app = self.site.bound.stack_name
        for rule in self.rules:
            if main in rule.hosts:
                found = list(self._tags_of(rule.groups).values())
                strange = [tags for tags in found if tags.get("StackName", app) != app]
                if strange and len(strange) == len(found):  # else it is our rule, and another has a part of it
                    raise self._foreign(main, rule, strange[0].get(STACK_TAG, strange[0]["StackName"]), "MainDomain")

    def priority(self, main: str, hosts: Sequence[str]) -> int:
        """That of this stack's rule for its hosts where it has one, else a free one. Raises DefinitionError.

        main: the main domain, whose rule must have room, too.
        """
        there = [rule for rule in self.rules if set(hosts) & set(rule.hosts)]
        own: list[ListenerRule] = []
        for rule in there:
            owners = {tags.get(STACK_TAG, "") for tags in self._tags_of(rule.groups).values()}
            if owners != {self.site.bound.full_name}:
                host = next(host for host in hosts if host in rule.hosts)
                raise self._foreign(host, rule, ", ".join(sorted(owners - {""})), "VersionDomain")
            own.append(rule)
        if own:
            return own[0].priority
        rules, stack = self.rules, self.balancer.stack
        if full := no_room(rules, main, (shared.MAX_RULES, shared.MAX_GROUPS)):
            full = no_room(rules, main, self.site.account.balancer_room())
        if full:
            raise self.settings.wrong(
                f"{stack} {full}",
                "SharedLoadBalancer",
                hint="Delete old versions, ask AWS for a higher quota, or make another shared load balancer.",
            )
        found = shared.free_priority(hosts, rules)
        if found is None:
            first, host = next((rule, host) for rule in rules for host in hosts if rule.takes(host))
            raise self.settings.wrong(
                f"the rule with priority {first.priority} of {stack} takes the requests for {host}, and there is no "
                "free priority before it",
                "SharedLoadBalancer",
                hint="Give that rule a higher number: aws elbv2 set-rule-priorities.",
            )
        return found

    def group_name(self, cut: str, suffix: str) -> str:
        """What the target group is called. cut: the name as load balancers have it, which two apps may have.

        A target group that this stack has by that name keeps it: with another one it would be replaced.
        """
        bound = self.site.bound
        unique = unique_name(bound.stack_name, bound.version, suffix)
        if unique == cut:
            return cut
        so_called = [arn for rule in self.rules for arn in rule.groups if f":targetgroup/{cut}/" in arn]
        owners = {tags.get(STACK_TAG) for tags in self._tags_of(so_called).values()}
        return cut if bound.full_name in owners else unique

    def _tags_of(self, groups: Iterable[str]) -> dict[str, dict[str, str]]:
        return self.site.account.target_group_tags(groups)

    def _foreign(self, host: str, rule: ListenerRule, owner: str, key: str) -> DefinitionError:
        whose = f"stack {owner}" if owner else "nobody that senza knows"
        return self.settings.wrong(
            f"{host} is taken at {self.balancer.stack} by a rule of {whose} (priority {rule.priority})",
            *([key] if key in self.settings else []),
            hint="Choose another name. Only if nobody needs that rule any more, delete it: "
            f"aws elbv2 delete-rule --rule-arn {rule.arn}",
        )
