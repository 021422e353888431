"""What the commands share that change auto scaling groups."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from senza.cli.context import Context

if TYPE_CHECKING:
    from senza.plan import Step

F = TypeVar("F", bound=Callable[..., Any])


def group_option(function: F) -> F:
    """``--group LOGICAL_ID``; arrives as ``group``."""
    described = "Only the auto scaling group of this name in the definition; else all of the stack."
    return click.option("--group", metavar="NAME", help=described)(function)


def ask_once(context: Context, steps: Sequence[Step]) -> None:
    """Let the user confirm more than one step. Raises Refused."""
    if len(steps) > 1:
        for step in steps:
            context.say(step.says)
        context.confirm(f"Change these {len(steps)} groups?")
