"""What listener rules of shared application load balancers send to the target groups of a stack.

A target group tells by its tags whose requests it wants: ``senza:domain`` and ``senza:listener``. The rule is found as
a balancer finds it: of those of the listener that have nothing but the host as condition, the first by priority whose
pattern fits ("Listener rules for your Application Load Balancer"). Its weights take effect with the next request. No
rule, or weights that are all 0: nobody gets anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from senza.sandbox.load.here import here, hosts_in, physical
from senza.sandbox.load.metrics import Balancer, Hosts

GROUP = "AWS::ElasticLoadBalancingV2::TargetGroup"
DOMAIN_TAG, LISTENER_TAG = "senza:domain", "senza:listener"


@dataclass(frozen=True)
class Target:
    """A target group of a version. route: DNS name of the balancer, and domain. share: of what comes that way.

    behind: the balancer's name in CloudWatch.
    """

    route: tuple[str, str]
    behind: str
    hosts: Hosts
    share: float

    def balancer(self, arriving: Mapping[tuple[str, str], float]) -> Balancer:
        """The balancer as this version sees it. arriving: by route the part of the app's requests that comes there."""
        return Balancer("application", self.behind, True, (self.hosts,), self.share * arriving[self.route])


def targets_of(stack: Any) -> list[Target]:
    """The target groups of a stack that a shared balancer checks, as some rule of it forwards to them."""
    from moto.elbv2.models import elbv2_backends

    backend = here(elbv2_backends)
    return [found for arn in physical(stack, GROUP) for found in target_of(backend, arn)]


def target_of(backend: Any, arn: str) -> Iterator[Target]:
    group = backend.target_groups.get(arn)
    if group is None:
        return
    tags = {one["Key"]: one["Value"] for one in backend.tagging_service.list_tags_for_resource(arn)["Tags"]}
    domain, wanted = tags.get(DOMAIN_TAG, ""), tags.get(LISTENER_TAG, "")
    for balancer in backend.load_balancers.values():
        listener = balancer.listeners.get(wanted)
        if domain and listener is not None and balancer.arn in group.load_balancer_arns:
            given = weights(listener.rules.values(), domain)
            total = sum(given.values())
            name = balancer.arn.partition(":loadbalancer/")[2]
            share = given.get(arn, 0) / total if total else 0.0
            yield Target((balancer.dns_name.lower(), domain.lower()), name, hosts_in(backend, arn), share)


def weights(rules: Iterator[Any] | Sequence[Any], domain: str) -> Mapping[str, int]:
    """The weights by target group that requests for the domain are forwarded with; empty where they are not."""
    fitting = [rule for rule in rules if not rule.is_default and fits(rule.conditions, domain)]
    if not fitting:
        return {}
    first = min(fitting, key=lambda rule: int(rule.priority))
    found: dict[str, int] = {}
    for action in first.actions:
        data = action.data
        if data.get("Type") == "forward":
            config = data.get("ForwardConfig") or {}
            for one in config.get("TargetGroups") or [{"TargetGroupArn": data.get("TargetGroupArn")}]:
                found[one["TargetGroupArn"]] = int(one.get("Weight", 1))
    return found


def fits(conditions: Sequence[Mapping[str, Any]], domain: str) -> bool:
    """Whether the rule is for all requests to this host; patterns are compared without regard to case."""
    if len(conditions) != 1 or conditions[0].get("Field") != "host-header":
        return False
    values = (conditions[0].get("HostHeaderConfig") or {}).get("Values") or conditions[0].get("Values") or ()
    return any(fnmatchcase(domain.lower(), str(value).lower().replace("[", "[[]")) for value in values)
