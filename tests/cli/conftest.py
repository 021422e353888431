"""Commands made up for a test run through the same group, errors and exit codes as the real ones."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import click
import pytest
from click.testing import CliRunner, Result

from senza.aws import Aws
from senza.cli.context import Context
from senza.cli.main import LazyGroup, cli
from senza.cli.options import common_options
from senza.clock import Clock
from senza.sandbox.embedded import EmbeddedSandbox

HELLO_WORLD = str(Path(__file__).parents[2] / "definitions" / "hello-world.yaml")
READING = ("Describe", "List", "Get", "Decrypt")


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


class Senza:
    """The command line as a user has it, in the sandbox; ``DEF`` stands for the hello-world definition."""

    def __init__(self, aws: Aws, clock: Clock, sandbox: EmbeddedSandbox) -> None:
        self._aws = aws
        self._clock = clock
        self._sandbox = sandbox
        self.said = ""
        """Everything that was printed so far."""

    def __call__(self, command: str, *words: str, exit_code: int = 0, stdin: str = "") -> Result:
        """Give a command (words without spaces) and further words; fails unless it ends with that exit code."""
        arguments = [HELLO_WORLD if word == "DEF" else word for word in command.split()]
        context = Context(self._aws, clock=self._clock, environ={}, interactive=False)
        result = CliRunner().invoke(cli, [*arguments, *words], obj=context, input=stdin)
        self.said += result.output
        assert result.exit_code == exit_code, f"{command}: {result.output}"
        return result

    def changes(self, command: str, *words: str, **settings: Any) -> list[str]:
        """Give a command and return the calls it made that change something, as ``service:Operation``."""
        before = len(self._sandbox.log)
        self(command, *words, **settings)
        return [str(call) for call in self._sandbox.log[before:] if not call.operation.startswith(READING)]

    def told(self, command: str, *words: str, **settings: Any) -> list[str]:
        """Give a command and return the lines on stderr, without their times."""
        return [re.sub(r"^\d\d:\d\d:\d\d ", "", line) for line in self(command, *words, **settings).stderr.splitlines()]


@pytest.fixture
def senza(aws: Aws, clock: Clock, sandbox: EmbeddedSandbox) -> Senza:
    return Senza(aws, clock, sandbox)
