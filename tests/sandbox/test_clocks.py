"""A sandbox whose time runs faster, and those who wait in it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from senza.aws import Aws
from senza.cli.context import Context
from senza.cli.sandbox import command
from senza.clock import SystemClock
from senza.errors import UsageError
from senza.sandbox import clocks, control, state
from senza.sandbox.clocks import ScaledClock

FAST = state.State("http://127.0.0.1:8", 8, 1, "x", "eu-central-1", "AKIASANDBOX1", "secret", 1000.5, 60.0)


@given(st.floats(0, 4e9), st.floats(1, 3600))
def test_the_environment_carries_a_clock_unharmed(start: float, speed: float) -> None:
    clock = ScaledClock(start, speed)
    assert clocks.clock_of({"SENZA_SANDBOX": "1", clocks.VARIABLE: str(clock)}) == clock


def test_time_runs_faster_from_the_start_on_and_not_before() -> None:
    before = time.time()
    began, begins = ScaledClock(before - 100, 60).now(), ScaledClock(before + 1e6, 60).now()
    after = time.time()
    assert before + 59 * 100 <= began <= after + 59 * (100 + after - before)
    assert before <= begins <= after


def test_a_variable_that_is_left_over_has_no_effect() -> None:
    assert clocks.clock_of({clocks.VARIABLE: "0 60"}) is None
    assert isinstance(Context(environ={clocks.VARIABLE: "0 60"}).clock, SystemClock)
    assert isinstance(Context(environ={"SENZA_SANDBOX": "1", "AWS_ENDPOINT_URL": "http://x"}).clock, SystemClock)


@pytest.mark.parametrize("text", ["fast", "1", "1 2 3", "1 0", "1 nan", "1 1e9"])
def test_a_variable_that_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        clocks.clock_of({"SENZA_SANDBOX": "1", clocks.VARIABLE: text})


def test_a_shell_gets_the_clock_with_the_endpoint_and_loses_it_with_it() -> None:
    assert f"export {clocks.VARIABLE}='1000.5 60.0';" in control.environment(FAST, {})
    assert f"unset {clocks.VARIABLE};" not in control.environment(FAST, {})
    slow = state.State(**{**vars(FAST), "speed": 1.0})
    assert f"unset {clocks.VARIABLE};" in control.environment(slow, {})
    assert f"unset {clocks.VARIABLE};" in control.leaving()


def test_commands_wait_by_the_clock_of_where_they_go() -> None:
    variables = control.variables(FAST)
    assert Context(environ=variables).clock == ScaledClock(1000.5, 60.0)
    given = SystemClock()
    assert Context(environ=variables, clock=given).clock is given


def test_clocks_are_known_without_what_is_slow() -> None:
    slow = "{'moto', 'boto3', 'botocore', 'werkzeug', 'subprocess'}"
    script = f"import sys, senza.sandbox.clocks; print({slow} & set(sys.modules))"
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert said.stdout == "set()\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("SENZA_SANDBOX_STATE", str(tmp_path / "state"))
    yield tmp_path / "state"
    control.stop()


def test_a_sandbox_sixty_times_as_fast(folder: Path) -> None:
    assert "its time 60 times as fast" in CliRunner().invoke(command, ["start", "--speed", "60"]).output
    facts = json.loads(CliRunner().invoke(command, ["status", "-o", "json"]).output)
    assert facts["speed"] == 60
    context = Context(environ={})
    context.choose("sandbox", True)
    clock = context.clock
    aws = Aws(endpoint=state.endpoint())
    template = json.dumps({"Resources": {"T": {"Type": "AWS::SNS::Topic"}}})
    started = control.required().started
    real, before = time.time(), clock.now()
    aws.call("cloudformation", "create_stack", StackName="a", TemplateBody=template)
    clock.sleep(3)
    made = aws.call("cloudformation", "describe_stacks", StackName="a")
    assert made["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE"
    created = made["Stacks"][0]["CreationTime"].timestamp()
    after, real_after = clock.now(), time.time()
    assert int(before) <= created <= after, "AWS tells whole seconds, or fractions"
    assert started + 60 * (real - started) <= before + 1e-3, "its time is ahead of the machine's since its start"
    assert after <= started + 60 * (real_after - started) + 1e-3
    assert_load_can_be_set_and_ended()


def assert_load_can_be_set_and_ended() -> None:
    def load(*options: str) -> tuple[str, BaseException | None]:
        result = CliRunner().invoke(command, ["load", "app", *options])
        return result.output, result.exception

    said, _ = load("--requests", "5000/m", "--errors", "2=5%", "--seed", "7")
    assert "app has no version with a weighted record yet" in said
    assert "--seed 7" in said
    assert load("--stop")[0] == "app gets no load any more.\n"
    assert load("--stop")[0] == "app had no load.\n"
    assert isinstance(load()[1], UsageError)
    with pytest.raises(UsageError, match="bad request"):
        control.control(control.required(), "POST", "load", {"app": "app"})
