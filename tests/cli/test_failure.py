"""What a user sees when a command cannot go on."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest

from senza.aws import Aws
from senza.cli.failure import BUG, CLOSED_PIPE, INTERRUPTED
from senza.cli.progress import LineReporter
from senza.clock import SystemClock
from senza.errors import DefinitionError, NotFound, UsageError, Where
from senza.plan import Interrupted, Outcome, Step, World, execute, perform
from senza.stacks.changes import AwaitStacks
from senza.stacks.summaries import Stack
from senza.stacks.watch import READY

if TYPE_CHECKING:
    from tests.cli.conftest import Invoke


def raising(error: BaseException) -> click.Command:
    @click.command("fail")
    def command() -> None:
        raise error

    return command


def test_an_error_says_what_where_and_what_to_do(invoke: Invoke) -> None:
    place = Where("hello.yaml", ("SenzaComponents", 1, "AppServer"), 12)
    result = invoke(raising(DefinitionError("no InstanceType", hint="Add one, e.g. t3.micro.", where=place)))
    assert result.stderr == (
        "Error: hello.yaml:12: SenzaComponents[1].AppServer: no InstanceType\nAdd one, e.g. t3.micro.\n"
    )
    assert result.stdout == ""
    assert result.exit_code == 2


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (NotFound("no stack"), 1),
        (UsageError("bad"), 2),
        (click.UsageError("bad"), 2),
        (click.BadParameter("bad"), 2),
        (click.ClickException("failed"), 1),
        (KeyboardInterrupt(), INTERRUPTED),
        (click.Abort(), INTERRUPTED),
        (BrokenPipeError(), CLOSED_PIPE),
        (click.exceptions.Exit(7), 7),
    ],
)
def test_the_exit_code_tells_what_kind_of_error_it_was(invoke: Invoke, error: BaseException, code: int) -> None:
    result = invoke(raising(error))
    assert result.exit_code == code
    assert "Traceback" not in result.output


def test_ctrl_c_says_one_line(invoke: Invoke) -> None:
    assert invoke(raising(KeyboardInterrupt())).stderr.strip() == "Interrupted."


def test_what_a_command_returns_is_not_an_exit_code(invoke: Invoke) -> None:
    @click.command("answer")
    def command() -> str:
        return "42"

    assert invoke(command).exit_code == 0


def test_errors_are_red_on_a_terminal_unless_the_user_wants_no_colour(invoke: Invoke) -> None:
    command = raising(NotFound("no stack"))
    assert "\x1b[31m" in invoke(command, color=True).stderr
    assert "\x1b[" not in invoke(command, color=False, env={"NO_COLOR": "1"}).stderr
    assert "\x1b[" not in invoke(command).stderr


def test_a_bug_is_one_message_and_a_private_file_with_the_traceback(invoke: Invoke, tmp_path: Path) -> None:
    result = invoke(raising(KeyError("hunter2")), env={"XDG_STATE_HOME": str(tmp_path), "SENZA_DEBUG": None})
    assert result.exit_code == BUG
    assert "senza has a bug (KeyError)" in result.stderr
    assert "hunter2" not in result.output
    assert "Traceback" not in result.output
    (report,) = (tmp_path / "senza").iterdir()
    assert str(report) in result.stderr
    assert stat.S_IMODE(report.stat().st_mode) == 0o600
    assert stat.S_IMODE(report.parent.stat().st_mode) == 0o700
    assert re.search(r"Traceback.*KeyError: 'hunter2'", report.read_text(), re.DOTALL)


def test_a_bug_that_cannot_be_written_down_is_still_one_message(invoke: Invoke, tmp_path: Path) -> None:
    occupied = tmp_path / "file"
    occupied.write_text("")
    result = invoke(raising(KeyError("hunter2")), env={"XDG_STATE_HOME": str(occupied), "SENZA_DEBUG": None})
    assert result.exit_code == BUG
    assert "could not be written down" in result.stderr


def test_debugging_lets_the_traceback_through(invoke: Invoke) -> None:
    error = KeyError("hunter2")
    assert invoke(raising(error), env={"SENZA_DEBUG": "1"}).exception is error


def test_a_reader_that_went_away_is_no_failure() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "senza", "--help"], stdout=writing, stderr=subprocess.PIPE, check=False
        )
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (CLOSED_PIPE, b"")


def test_an_interrupted_step_says_how_to_go_on(invoke: Invoke) -> None:
    stack = Stack("shop-1", "arn:1", "CREATE_IN_PROGRESS", datetime(2026, 6, 1, tzinfo=UTC))
    result = invoke(raising(Interrupted(AwaitStacks((stack,), READY))))
    assert result.stderr == (
        "\nInterrupted.\n"
        "In hand was: Wait for shop-1. CloudFormation goes on by itself; to wait again: senza wait shop 1\n"
    )
    assert result.exit_code == INTERRUPTED


@dataclass(frozen=True)
class Stuck(Step):
    @property
    def says(self) -> str:
        return "Get stuck"


@perform.register
def stuck(step: Stuck, world: World) -> Outcome:
    raise KeyboardInterrupt


def test_a_step_that_is_interrupted_is_named() -> None:
    with pytest.raises(Interrupted) as caught:
        execute([Stuck()], Aws("eu-west-1"), SystemClock(), LineReporter(lambda text: None, SystemClock()))
    assert caught.value.step == Stuck()
    assert caught.value.step.if_interrupted == "Run the command again: what is done already is not done twice."


@pytest.mark.parametrize(
    ("error", "said", "code"),
    [
        (OSError(28, "No space left on device"), "Error: [Errno 28] No space left on device\n", 1),
        (UnicodeEncodeError("utf-8", "x", 0, 1, "no"), "Error: an argument holds bytes that are no UTF-8\n", 2),
    ],
)
def test_trouble_of_the_environment_is_not_called_a_bug(invoke: Invoke, error: Exception, said: str, code: int) -> None:
    result = invoke(raising(error))
    assert (result.stderr, result.exit_code) == (said, code)


def test_a_closed_stdout_is_no_bug() -> None:
    done = subprocess.run(
        f"{sys.executable} -m senza --version >&-", shell=True, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_closed_stdin_is_nobody_to_ask(tmp_path: Path) -> None:
    done = subprocess.run(
        f"{sys.executable} -m senza init x.yaml <&-",
        shell=True,
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert done.returncode == 2
    assert "bug" not in done.stderr
