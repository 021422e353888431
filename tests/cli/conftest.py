"""Commands made up for a test run through the same group, errors and exit codes as the real ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import click
import pytest
from click.testing import CliRunner, Result

from senza.cli.context import Context
from senza.cli.main import LazyGroup
from senza.cli.options import common_options


class Holder(LazyGroup):
    """A group whose one command is at hand instead of in a module."""

    held: click.Command

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command:
        return self.held


class Invoke(Protocol):
    def __call__(
        self,
        command: click.Command,
        *words: str,
        before: Sequence[str] = (),
        context: Context | None = None,
        **settings: Any,
    ) -> Result:
        """As ``senza <before> <command> <words>``; settings are those of ``CliRunner.invoke``."""


@pytest.fixture
def invoke() -> Invoke:
    def run(
        command: click.Command,
        *words: str,
        before: Sequence[str] = (),
        context: Context | None = None,
        **settings: Any,
    ) -> Result:
        @click.group(cls=Holder, table={str(command.name): "A test."}, package="none")
        @common_options
        def group() -> None: ...

        group.held = command
        arguments = [*before, str(command.name), *words]
        return CliRunner().invoke(group, arguments, obj=context or Context(environ={}), **settings)

    return run


class StoppingClock:
    """Sleeping moves it on; the n-th sleep is interrupted, as by Ctrl-C."""

    def __init__(self, stop_at: int) -> None:
        self.moment = 1_800_000_000.0
        self.slept: list[float] = []
        self._stop_at = stop_at

    def now(self) -> float:
        return self.moment

    def sleep(self, seconds: float) -> None:
        self.moment += seconds
        self.slept.append(seconds)
        if len(self.slept) == self._stop_at:
            raise KeyboardInterrupt


@pytest.fixture
def stopping_clock() -> Callable[[int], StoppingClock]:
    return StoppingClock
