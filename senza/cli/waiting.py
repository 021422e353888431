"""``--wait``, and what it does."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from senza.cli.context import Context
from senza.errors import NotFound

if TYPE_CHECKING:
    from senza.stacks.summaries import Stack

F = TypeVar("F", bound=Callable[..., Any])


def wait_option(function: F) -> F:
    return click.option("--wait", is_flag=True, help="Wait until it is done, and show what happens.")(function)


def waited(context: Context, stack: Stack | str, wanted: frozenset[str], token: str) -> None:
    """Wait for the operation of that client request token on a stack, given by name where it is new."""
    from senza.stacks.changes import AwaitStacks
    from senza.stacks.summaries import describe_stack

    found = describe_stack(context.aws(), stack) if isinstance(stack, str) else stack
    if found is None:
        raise NotFound(f"stack {stack} has disappeared")
    context.carry_out([AwaitStacks((found,), wanted, token=token)])
