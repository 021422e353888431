"""What commands are given: which AWS, and how they talk to the user."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from io import StringIO
from typing import TYPE_CHECKING

import click
import pytest
from rich.console import Console

from senza.aws import Aws
from senza.cli.context import Context
from senza.cli.endpoints import without_password
from senza.cli.options import common_options, pass_context
from senza.cli.progress import LineReporter, LiveReporter
from senza.errors import OperationFailed
from senza.plan import Outcome, Step, World, execute, perform
from senza.sandbox import state

if TYPE_CHECKING:
    from senza.sandbox.embedded import EmbeddedSandbox
    from tests.cli.conftest import Invoke, StoppingClock

SANDBOX = {"SENZA_SANDBOX": "1", "AWS_ENDPOINT_URL": "http://127.0.0.1:4999", "AWS_DEFAULT_REGION": "eu-west-1"}


@click.command("where")
@common_options
@pass_context
def where(context: Context) -> None:
    click.echo(f"{context.aws().region} {context.profile}")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([], ["--region", "eu-west-3", "--profile", "p"]),
        (["--region", "eu-west-3", "--profile", "p"], []),
        (["--region", "us-east-1", "--profile", "p"], ["--region", "eu-west-3"]),
    ],
)
def test_options_may_stand_before_the_command_and_the_later_one_wins(
    invoke: Invoke, before: list[str], after: list[str]
) -> None:
    result = invoke(where, *after, before=before)
    assert (result.stdout, result.stderr) == ("eu-west-3 p\n", "")


def test_a_sandbox_in_the_environment_is_used_and_named(invoke: Invoke) -> None:
    result = invoke(where, context=Context(environ=SANDBOX))
    assert result.stdout == "eu-west-1 None\n"
    assert result.stderr == "This is the sandbox at http://127.0.0.1:4999, not AWS.\n"


@click.command("who")
@common_options
@pass_context
def who(context: Context) -> None:
    click.echo(context.aws().call("sts", "get_caller_identity")["Account"])
    click.echo(context.account().region)


def test_both_ways_into_the_sandbox_get_there(invoke: Invoke, sandbox: EmbeddedSandbox) -> None:
    endpoint = sandbox.endpoint
    environ = {
        "SENZA_SANDBOX": "1",
        "AWS_ENDPOINT_URL": endpoint.url,
        "AWS_DEFAULT_REGION": endpoint.region,
        "AWS_ACCESS_KEY_ID": endpoint.access_key_id,
        "AWS_SECRET_ACCESS_KEY": endpoint.secret_access_key,
    }
    by_environment = invoke(who, context=Context(environ=environ))
    port = int(endpoint.url.rpartition(":")[2])
    me = os.getpid()
    keys = (endpoint.access_key_id, endpoint.secret_access_key)
    state.write(state.State(endpoint.url, port, me, state.identity_of(me), endpoint.region, *keys, started=0.0))
    by_option = invoke(who, "--sandbox", context=Context(environ={}))
    by_variable = invoke(who, context=Context(environ={"SENZA_SANDBOX": "1"}))
    for result in (by_environment, by_option, by_variable):
        assert result.stdout == f"{sandbox.values['account_id']}\n{endpoint.region}\n"
        assert result.stderr == f"This is the sandbox at {endpoint.url}, not AWS.\n"


def test_without_a_running_sandbox_the_option_says_how_to_start_one(invoke: Invoke) -> None:
    result = invoke(who, "--sandbox", context=Context(environ={}))
    assert result.exit_code == 1
    assert "senza sandbox start" in result.stderr


def test_the_sandbox_has_no_profiles(invoke: Invoke) -> None:
    result = invoke(where, "--profile", "live", context=Context(environ=SANDBOX))
    assert result.exit_code == 2
    assert "--profile cannot be combined with the sandbox" in result.stderr


def test_another_endpoint_is_named_without_its_password(invoke: Invoke) -> None:
    environ = {"AWS_ENDPOINT_URL": "https://me:hunter2@localhost:4566/x?token=hunter2"}
    result = invoke(where, "--region", "eu-west-1", context=Context(environ=environ))
    assert result.stderr == "Using the AWS endpoint https://localhost:4566/x (AWS_ENDPOINT_URL).\n"


def test_what_looks_like_no_url_is_shown_without_a_password_too() -> None:
    assert without_password("me:secret@host") == "host"


def test_a_test_hands_over_its_own_aws(invoke: Invoke) -> None:
    aws = Aws("eu-north-1")
    context = Context(aws, environ=SANDBOX)
    assert context.aws() is aws
    assert invoke(where, context=context).stderr == ""


def test_news_and_warnings_go_to_stderr(invoke: Invoke) -> None:
    @click.command("speak")
    @pass_context
    def speak(context: Context) -> None:
        context.say("Looking.")
        context.warn("Thin ice.")
        click.echo("result")

    result = invoke(speak)
    assert (result.stdout, result.stderr) == ("result\n", "Looking.\nWarning: Thin ice.\n")


@click.command("ask")
@pass_context
def ask(context: Context) -> None:
    context.confirm("Delete all?")
    click.echo("deleted")


@pytest.mark.parametrize(
    ("answer", "code", "said"),
    [("y\n", 0, ""), ("n\n", 1, "nothing was done"), ("", 1, "nobody answered: Delete all?\nSay --force")],
)
def test_confirming(invoke: Invoke, answer: str, code: int, said: str) -> None:
    result = invoke(ask, input=answer, context=Context(environ={}, interactive=False))
    assert (result.exit_code, result.stdout == "deleted\n") == (code, code == 0)
    assert said in result.stderr


def test_a_person_who_leaves_the_question_open_interrupts(invoke: Invoke) -> None:
    result = invoke(ask, input="", context=Context(environ={}, interactive=True))
    assert (result.exit_code, result.stdout) == (130, "")


@dataclass(frozen=True)
class Knock(Step):
    """A step that needs no AWS, and fails on demand."""

    door: str
    broken: bool = False

    @property
    def says(self) -> str:
        return f"Knock at [{self.door}]"


@perform.register
def _(step: Knock, world: World) -> Outcome:
    world.say("knock knock")
    if step.broken:
        raise OperationFailed("nobody opens")
    return Outcome("opened")


PLAN = [Knock("front"), Knock("back")]


@click.command("knock")
@click.option("--dry-run", is_flag=True)
@pass_context
def knock(context: Context, dry_run: bool) -> None:
    context.carry_out(PLAN, dry_run=dry_run)


def test_a_dry_run_prints_the_plan_and_does_nothing(invoke: Invoke) -> None:
    result = invoke(knock, "--dry-run")
    assert (result.stdout, result.stderr) == ("Would: Knock at [front]\nWould: Knock at [back]\n", "")


def test_a_plan_reports_one_line_per_event_where_there_is_no_terminal(
    invoke: Invoke, stopping_clock: Callable[[int], StoppingClock]
) -> None:
    clock = stopping_clock(0)
    result = invoke(knock, context=Context(Aws("eu-west-1"), clock=clock))
    now = time.strftime("%H:%M:%S", time.localtime(clock.now()))
    assert result.stdout == ""
    assert result.stderr.splitlines() == [
        f"{now} Knock at [front] ...",
        f"{now} knock knock",
        f"{now} Knock at [front]: opened",
        f"{now} Knock at [back] ...",
        f"{now} knock knock",
        f"{now} Knock at [back]: opened",
    ]


def live(terminal: StringIO) -> LiveReporter:
    return LiveReporter(Console(file=terminal, force_terminal=True, width=80, highlight=False))


def test_on_a_terminal_finished_steps_scroll_by(stopping_clock: Callable[[int], StoppingClock]) -> None:
    terminal = StringIO()
    execute(PLAN, Aws("eu-west-1"), stopping_clock(0), live(terminal))
    shown = terminal.getvalue()
    assert "✔ Knock at [front]: opened" in shown
    assert "✔ Knock at [back]: opened" in shown
    assert "knock knock" in shown
    assert shown.rindex("\x1b[?25h") > shown.rindex("\x1b[?25l"), "the cursor is left hidden"


def test_on_a_terminal_a_failed_step_is_marked_and_the_terminal_given_back(
    stopping_clock: Callable[[int], StoppingClock],
) -> None:
    terminal = StringIO()
    reporter = live(terminal)
    with pytest.raises(OperationFailed):
        execute([Knock("front", broken=True)], Aws("eu-west-1"), stopping_clock(0), reporter)
    reporter.close()
    reporter.close()
    shown = terminal.getvalue()
    assert shown.count("✘ Knock at [front]") == 1
    assert shown.rindex("\x1b[?25h") > shown.rindex("\x1b[?25l"), "the cursor is left hidden"


def test_lines_carry_the_time_of_the_given_clock(stopping_clock: Callable[[int], StoppingClock]) -> None:
    lines: list[str] = []
    clock = stopping_clock(0)
    reporter = LineReporter(lines.append, clock)
    reporter.say("one")
    clock.sleep(60)
    reporter.say("two")
    first, second = (time.strftime("%H:%M:%S", time.localtime(clock.now() - ago)) for ago in (60, 0))
    assert lines == [f"{first} one", f"{second} two"]


def test_the_live_display_colours_the_states_of_resources() -> None:
    terminal = StringIO()
    console = Console(file=terminal, force_terminal=True, color_system="standard", width=80, highlight=False)
    LiveReporter(console).progress("App UPDATE_ROLLBACK_COMPLETE: [Lb] CREATE_FAILED")
    assert terminal.getvalue() == ("  App \x1b[31mUPDATE_ROLLBACK_COMPLETE\x1b[0m: [Lb] \x1b[31mCREATE_FAILED\x1b[0m\n")
