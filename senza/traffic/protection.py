"""Termination protection: on while a version has traffic, so that nobody deletes it past senza's own guard.

It follows the weights that senza sets: on before the first traffic of a version, off after its last. A version whose
stack cannot be protected (another region, no permission) still gets its traffic.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

from senza.aws.failures import DENIED
from senza.errors import AwsError, SenzaError
from senza.plan import World
from senza.stacks.changes import protect

STACK_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
"""What CloudFormation takes for one; others may call their records and target groups as they like."""

if TYPE_CHECKING:
    from senza.traffic.weighted import WeightChange, Weighted


def gaining(changes: Iterable[WeightChange[Weighted]]) -> list[str]:
    """The set identifiers, which are stack names, that have no weight before and some after."""
    return crossing(changes, up=True)


def losing(changes: Iterable[WeightChange[Weighted]]) -> list[str]:
    """Those that have some weight before and none after."""
    return crossing(changes, up=False)


def crossing(changes: Iterable[WeightChange[Weighted]], *, up: bool) -> list[str]:
    sums: dict[str, list[int]] = {}
    for change in changes:
        if change.record.identifier:
            each = sums.setdefault(change.record.identifier, [0, 0])
            each[0] += change.record.weight or 0
            each[1] += change.weight
    return sorted(
        name
        for name, (before, after) in sums.items()
        if STACK_NAME.fullmatch(name) and (not before and after if up else before and not after)
    )


def set_protection(world: World, stacks: list[str], *, on: bool) -> None:
    """Switch it for these stacks, at the same time. Failures are told and end nothing: traffic comes first."""
    failed = world.aws.parallel({stack: partial(tried, world, stack, on) for stack in stacks})
    for stack, why in failed.items():
        if why:
            world.say(f"the termination protection of {stack} could not be switched {'on' if on else 'off'}: {why}")


def tried(world: World, stack: str, on: bool) -> str:
    """Why it did not work; "" where it did, or where there is no such stack."""
    try:
        protect(world.aws, stack, on=on)
    except AwsError as error:
        if "does not exist" in error.message:
            return ""
        return "not allowed (cloudformation:UpdateTerminationProtection)" if error.code in DENIED else error.message
    except SenzaError as error:
        return error.message
    return ""
