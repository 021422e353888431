"""What carries traffic, whatever the backend: a weighted record in Route 53, or a target group in a listener rule.

Both have a share ``weight / sum of weights`` of the domain that they are at. Where all weights are 0 they differ:
Route 53 answers with every record then, a load balancer with nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from senza.traffic.weights import effective, percent

Key = tuple[str, str, str]
"""Name, type and identifier of something weighted."""


class Place(Protocol):
    """A name at which versions share the traffic: of one zone and type in Route 53, or of one listener."""

    @property
    def name(self) -> str: ...

    @property
    def type(self) -> str:
        """Of the records, ``A``, ``AAAA``..., or ``rule``."""

    @property
    def at_zero(self) -> str:
        """What becomes of requests where nobody has a weight, for people: "Route 53 then ..."."""

    @property
    def spreads_at_zero(self) -> bool:
        """Whether everybody has an equal share where nobody has a weight, rather than nobody any."""

    def __hash__(self) -> int: ...


class Weighted(Protocol):
    """One version's part of a domain. weight (of 200, or of any sum) and identifier are None where it has no weight."""

    @property
    def name(self) -> str: ...

    @property
    def type(self) -> str: ...

    @property
    def identifier(self) -> str | None:
        """Of a version the full name of its stack."""

    @property
    def weight(self) -> int | None: ...

    @property
    def value(self) -> str:
        """Where it leads, for people."""

    @property
    def domain(self) -> Place: ...


W = TypeVar("W", bound=Weighted)
W_co = TypeVar("W_co", bound=Weighted, covariant=True)


@dataclass(frozen=True)
class WeightChange(Generic[W_co]):
    record: W_co
    weight: int

    def __str__(self) -> str:
        return f"{self.record.identifier} {percent(self.record.weight or 0)} -> {percent(self.weight)} %"


@dataclass(frozen=True)
class DomainPlan:
    """What happens to one domain: weights by set identifier before and after; equal where nothing changes."""

    domain: Place
    before: Mapping[str, int]
    after: Mapping[str, int]
    because: str | None = None


RULE = " (rule)"
"""Ends the key of a rule's domain, where versions have weights in Route 53 at the very same name, too."""


def place_at(wanted: Mapping[str, Mapping[str, int]], domain: Place) -> Mapping[str, int]:
    """The weights of a domain. wanted: by name, or the name with :data:`RULE` for a rule at a name that has both."""
    if domain.type == "rule" and domain.name + RULE in wanted:
        return wanted[domain.name + RULE]
    return wanted.get(domain.name, {})


def weighted_domains(records: Sequence[W]) -> dict[Place, dict[str, W]]:
    """Those that have a weight, by domain and identifier."""
    domains: dict[Place, dict[str, W]] = {}
    for record in records:
        if record.identifier is not None and record.weight is not None:
            domains.setdefault(record.domain, {})[record.identifier] = record
    return domains


def answers(domain: Place, weights: Mapping[str, int]) -> dict[str, float]:
    """The share of requests in percent that each identifier gets."""
    if not domain.spreads_at_zero and not any(weights.values()):
        return dict.fromkeys(weights, 0.0)
    return effective(weights)


def key_of(record: Weighted) -> Key:
    return record.name, record.type, record.identifier or ""


def described(weights: Iterable[tuple[str, int]]) -> str:
    """Pairs of identifier and weight, as people read them; "" where there are none."""
    return ", ".join(f"{identifier} {percent(weight)} %" for identifier, weight in weights)
