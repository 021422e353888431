"""What each version gets of all requests for a name, where Route 53 and a load balancer share them out in turn. Pure.

On an app's way behind a shared load balancer, and back, some weighted records of its name lead to that balancer, and
some to balancers of single versions. What the rule gives to a version is then a share of what those records lead there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from senza.traffic.balancers import name_in_alias
from senza.traffic.rules import RuleDomain
from senza.traffic.weighted import Place, Weighted, answers, weighted_domains

Planned = Mapping[Place, Mapping[str, int]]
"""Weights that some domains are going to have, by identifier."""


@dataclass(frozen=True)
class Requests:
    """In percent of the requests for a name.

    shares: by name and identifier. led: by name and load balancer (in lower case, "" for whatever is none), what
    weighted records lead there. answered: by name and identifier, as the records alone say it.
    """

    shares: Mapping[str, Mapping[str, float]]
    led: Mapping[str, Mapping[str, float]]
    answered: Mapping[str, Mapping[str, float]]


def requests(records: Sequence[Weighted], planned: Planned | None = None) -> Requests:
    """records: everybody at these names. AAAA records go with the A records of the name."""
    domains = weighted_domains(records)
    weights: dict[Place, dict[str, int]] = {}
    for domain, siblings in domains.items():
        weights[domain] = {name: one.weight or 0 for name, one in siblings.items()} | dict(
            (planned or {}).get(domain, {})
        )
    rules = [domain for domain in domains if isinstance(domain, RuleDomain)]
    ruled = {(rule.name, rule.balancer.lower()) for rule in rules}
    places: dict[str, Place] = {}
    at_name: dict[str, dict[str, int]] = {}
    ways: dict[str, dict[str, str]] = {}
    for domain in sorted((one for one in domains if one not in rules), key=lambda one: one.type):
        name = places.setdefault(domain.name, domain).name
        at_name[name] = weights[domain] | at_name.get(name, {})
        to = {identifier: name_in_alias(one.value) for identifier, one in domains[domain].items()}
        ways[name] = to | ways.get(name, {})
    answered = {name: answers(places[name], told) for name, told in at_name.items()}
    led: dict[str, dict[str, float]] = {name: {} for name in places}
    shares: dict[str, dict[str, float]] = {}
    for name, told in answered.items():
        for identifier, percent in told.items():
            way = ways[name][identifier]
            led[name][way] = led[name].get(way, 0.0) + percent
            if (name, way) not in ruled:
                shares.setdefault(name, {})[identifier] = percent
    for rule in rules:
        comes = led[rule.name].get(rule.balancer.lower(), 0.0) if rule.name in led else 100.0
        mine = shares.setdefault(rule.name, {})
        for identifier, percent in answers(rule, weights[rule]).items():
            mine[identifier] = mine.get(identifier, 0.0) + percent * comes / 100
    return Requests(shares, led, answered)


def in_turn(records: Sequence[Weighted], planned: Planned | None = None) -> list[str]:
    """What to say of names whose records alone do not tell who gets how much, one sentence each."""
    found = requests(records, planned)
    ruled = {domain.name for domain in weighted_domains(records) if isinstance(domain, RuleDomain)}
    said = []
    for name in sorted(ruled & found.answered.keys()):
        shares, told = found.shares[name], found.answered[name]
        if any(abs(shares.get(one, 0.0) - told.get(one, 0.0)) >= 0.05 for one in {*shares, *told}):
            each = ", ".join(f"{identifier} {share:.3g} %" for identifier, share in shares.items() if share)
            said.append(
                f"{name}: the load balancer's rule shares out what Route 53 leads there. Of all requests, that gives "
                f"{each or 'nobody any'}"
            )
    return said
