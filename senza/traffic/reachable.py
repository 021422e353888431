"""Where versions can be reached, as far as Route 53's and the load balancers' own data say so."""

from __future__ import annotations

from senza.traffic.balancers import name_in_alias
from senza.traffic.requests import requests
from senza.traffic.rules import RuleDomain
from senza.traffic.survey import Survey
from senza.traffic.weighted import Place, answers, weighted_domains

ADDRESSES = frozenset({"A", "AAAA", "CNAME", "rule"})


def version_domains(found: Survey) -> dict[str, str]:
    """By stack, the first domain that leads to this version alone and that a browser could ask for."""
    domains: dict[str, str] = {}
    for item in found.owned:
        record = item.record
        if record.identifier is None and record.type in ADDRESSES and "*" not in record.name:
            domains.setdefault(item.stack.full_name, record.name)
    return domains


def in_main_dns(found: Survey) -> dict[str, bool]:
    """By stack, whether any of its weighted domains answers with it; a stack that has none is missing.

    A record that leads to a shared load balancer answers with whom its rule names, and a rule to which no record leads
    with nobody.
    """
    records = [item.record for item in found.owned] + list(found.foreign)
    domains = weighted_domains(records)
    led = requests(records).led
    ruled = {(domain.name, domain.balancer.lower()) for domain in domains if isinstance(domain, RuleDomain)}
    answering: dict[tuple[Place, str], bool] = {}
    for domain, siblings in domains.items():
        for identifier, percent in answers(domain, {name: one.weight or 0 for name, one in siblings.items()}).items():
            if isinstance(domain, RuleDomain):
                reached = domain.name not in led or led[domain.name].get(domain.balancer.lower(), 0.0) > 0
            else:
                reached = (domain.name, name_in_alias(siblings[identifier].value)) not in ruled
            answering[domain, identifier] = percent > 0 and reached
    stacks: dict[str, bool] = {}
    for item in found.owned:
        main = answering.get((item.record.domain, item.record.identifier or ""))
        if main is not None:
            stacks[item.stack.full_name] = stacks.get(item.stack.full_name, False) or main
    return stacks
