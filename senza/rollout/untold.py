"""What the load balancers of a version will never tell, as its template says before anything is made. Pure.

A classic balancer whose listeners all pass on connections (TCP, SSL) counts these as requests and knows no answers: its
error ratio would be 0 whatever happens. A network balancer counts no requests at all. See "CloudWatch metrics for your
Classic/Network Load Balancer" in the ELB guides.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from senza.components.capabilities import resources_of
from senza.rollout.model import BuiltIn

CLASSIC = "AWS::ElasticLoadBalancing::LoadBalancer"
TARGETS = "AWS::ElasticLoadBalancingV2::TargetGroup"
GROUP = "AWS::AutoScaling::AutoScalingGroup"
PASSED_ON = frozenset({"TCP", "SSL", "TLS", "UDP", "TCP_UDP", "QUIC", "TCP_QUIC"})

ERRORS = (BuiltIn.ERRORS,)
REQUESTS = (BuiltIn.ERRORS, BuiltIn.P50, BuiltIn.P99)


def untold(template: Mapping[str, Any]) -> dict[str, str]:
    """Built-in gates that can never say anything about the version, and why; nothing where that is not known.

    Not known is what functions say, and what balancers are like that another stack made.
    """
    classic = [one for _, kind, one in resources_of(template) if kind == CLASSIC]
    groups = [one for _, kind, one in resources_of(template) if kind == TARGETS]
    if not (classic or groups) or elsewhere(template):
        return {}
    connections = [passed_on(listener.get("Protocol") for listener in listeners(one)) for one in classic]
    connections += [passed_on([one.get("Protocol")]) for one in groups]
    if not all(connections):
        return {}
    if classic:
        return dict.fromkeys(ERRORS, "its load balancer passes on connections, and sees no answers (TCP, SSL)")
    return dict.fromkeys(REQUESTS, "its load balancer sees connections and no requests")


def listeners(balancer: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    given = balancer.get("Listeners")
    return [one for one in given if isinstance(one, Mapping)] if isinstance(given, list) else []


def passed_on(protocols: Iterable[Any]) -> bool:
    """Whether these protocols are known, and none of them is HTTP."""
    found = [str(one).upper() for one in protocols]
    return bool(found) and all(one in PASSED_ON for one in found)


def elsewhere(template: Mapping[str, Any]) -> bool:
    """Whether a group gets requests through what is not in the template."""
    made = {logical_id for logical_id, kind, _ in resources_of(template) if kind in (CLASSIC, TARGETS)}
    for _, kind, group in resources_of(template):
        if kind != GROUP:
            continue
        for key in ("LoadBalancerNames", "TargetGroupARNs"):
            named = group.get(key) or []
            if not isinstance(named, list):
                return True
            if any(not isinstance(one, Mapping) or one.get("Ref") not in made for one in named):
                return True
    return False


def in_words(gates: Iterable[str], stack: str, because: str) -> str:
    """gates: their names."""
    return (
        f"{', '.join(gates)} cannot be told of {stack}, and judge nothing: {because}. What they are to see needs a "
        "gate of your own, or an alarm"
    )
