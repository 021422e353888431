"""Where versions can be reached, as far as Route 53's and the load balancers' own data say so."""

from __future__ import annotations

from senza.traffic.survey import Survey
from senza.traffic.weighted import answers, weighted_domains

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
    """By stack, whether any of its weighted domains answers with it; a stack that has none is missing."""
    records = [item.record for item in found.owned] + list(found.foreign)
    answering = {
        (domain, identifier): percent > 0
        for domain, siblings in weighted_domains(records).items()
        for identifier, percent in answers(domain, {name: one.weight or 0 for name, one in siblings.items()}).items()
    }
    stacks: dict[str, bool] = {}
    for item in found.owned:
        main = answering.get((item.record.domain, item.record.identifier or ""))
        if main is not None:
            stacks[item.stack.full_name] = stacks.get(item.stack.full_name, False) or main
    return stacks
