"""The steps of a rollout, as data that a journal can hold: strings and numbers only.

What each does lies in the module named with it; this one is all that planning, dry run and ``rollout status`` need.
Weights are half percents out of 200; times are seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from senza.plan import Step
from senza.traffic.weights import percent


@dataclass(frozen=True)
class RolloutStep(Step):
    """A step about one stack. stack: its full name."""

    stack: str

    @property
    def if_interrupted(self) -> str:
        return "Traffic stays where it is: senza rollout resume goes on, senza rollout abort takes it back."


# -- versions.py ----
@dataclass(frozen=True)
class CreateVersion(RolloutStep):
    @property
    def says(self) -> str:
        return f"Create stack {self.stack}"

    @property
    def undone_by(self) -> str:
        return "senza delete"


@dataclass(frozen=True)
class AwaitVersion(RolloutStep):
    """updated: whether an update is waited for, not a creation."""

    updated: bool = False

    @property
    def says(self) -> str:
        return f"Wait for {self.stack}"


@dataclass(frozen=True)
class UpdateVersion(RolloutStep):
    @property
    def says(self) -> str:
        return f"Update stack {self.stack}"


@dataclass(frozen=True)
class RestoreVersion(RolloutStep):
    @property
    def says(self) -> str:
        return f"Update stack {self.stack} back to the template that it had"


@dataclass(frozen=True)
class RefreshVersion(RolloutStep):
    @property
    def says(self) -> str:
        return f"Replace the instances of {self.stack}, a few at a time"


# -- capacity.py ----
@dataclass(frozen=True)
class RememberSizes(RolloutStep):
    @property
    def says(self) -> str:
        return f"Note the sizes of {self.stack}"


@dataclass(frozen=True)
class Prescale(RolloutStep):
    """weight: what the version is to carry."""

    weight: int

    @property
    def says(self) -> str:
        return f"Scale {self.stack} to what {percent(self.weight)} % of the traffic needs"


@dataclass(frozen=True)
class AwaitHealthy(RolloutStep):
    timeout: float = 15 * 60.0

    @property
    def says(self) -> str:
        return f"Wait until the load balancers find {self.stack} healthy"


@dataclass(frozen=True)
class RestoreSizes(RolloutStep):
    """after: seconds since the last increase of traffic."""

    after: float = 0.0

    @property
    def says(self) -> str:
        when = f" {self.after / 60:g} minutes after the last increase" if self.after else ""
        return f"Give {self.stack} its own minimum back{when}"


@dataclass(frozen=True)
class StopVersion(RolloutStep):
    @property
    def says(self) -> str:
        return f"Stop all instances of {self.stack}"


@dataclass(frozen=True)
class StartVersion(RolloutStep):
    @property
    def says(self) -> str:
        return f"Start the instances of {self.stack} as before"


# -- shifting.py ----
@dataclass(frozen=True)
class Shift(RolloutStep):
    weight: int

    @property
    def says(self) -> str:
        return f"Give {self.stack} {percent(self.weight)} % of the traffic"


@dataclass(frozen=True)
class ShiftBack(RolloutStep):
    """stack: the version that leaves."""

    @property
    def says(self) -> str:
        return f"Give the traffic of {self.stack} back to who had it before"


# -- baking.py ----
@dataclass(frozen=True)
class Bake(RolloutStep):
    """weight: the traffic that is watched. seconds: for how long at least."""

    weight: int
    seconds: float

    @property
    def says(self) -> str:
        return f"Watch {self.stack} at {percent(self.weight)} % for {lasting(self.seconds)}"


@dataclass(frozen=True)
class CallHook(RolloutStep):
    """number: its place in the definition's Hooks. what: how it is shown; a URL only by its host."""

    number: int
    what: str
    weight: int = 0

    @property
    def says(self) -> str:
        return f"Ask {self.what}"


# -- leaving.py ----
@dataclass(frozen=True)
class ScaleDown(RolloutStep):
    """after: seconds without traffic."""

    after: float = 5 * 60.0

    @property
    def says(self) -> str:
        return f"Scale {self.stack} down after {lasting(self.after)} without traffic"


@dataclass(frozen=True)
class DeleteOld(RolloutStep):
    """stack: the version that stays. versions, seconds: what of the others is kept."""

    versions: int
    seconds: float

    @property
    def says(self) -> str:
        return f"Delete old versions but {self.versions}, if without traffic for {lasting(self.seconds)}"


STEPS: Mapping[str, type[RolloutStep]] = {
    kind.__name__: kind
    for kind in (
        *(CreateVersion, AwaitVersion, UpdateVersion, RestoreVersion, RefreshVersion),
        *(RememberSizes, Prescale, AwaitHealthy, RestoreSizes, StopVersion, StartVersion),
        *(Shift, ShiftBack, Bake, CallHook, ScaleDown, DeleteOld),
    )
}


def to_json(step: RolloutStep) -> dict[str, Any]:
    return {"do": type(step).__name__, **asdict(step)}


def from_json(data: Mapping[str, Any]) -> RolloutStep:
    """Raises KeyError for a step that this senza does not know: a newer one wrote it."""
    rest = dict(data)
    return STEPS[rest.pop("do")](**rest)


def lasting(seconds: float) -> str:
    """``90 s``, ``10 min``, ``24 h``."""
    if seconds % 3600 == 0 and seconds:
        return f"{seconds / 3600:g} h"
    if seconds % 60 == 0 and seconds:
        return f"{seconds / 60:g} min"
    return f"{seconds:g} s"
