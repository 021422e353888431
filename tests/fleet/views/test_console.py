"""``senza console``: what instances printed, and nothing that a terminal would obey."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from senza.aws import Aws
from senza.cli.context import Context
from senza.cli.main import cli
from senza.clock import Clock
from senza.fleet.console import harmless, names_instance
from tests.cli.conftest import StoppingClock
from tests.fleet.views.conftest import Fleet, Run, rows

LAST = "Enabling fast FPU save and restore... done."


@pytest.fixture
def address(fleet: Fleet, run: Run) -> Callable[[str], str]:
    def of(stack: str) -> str:
        return str(rows(run("instances", *stack.split("-"), "-o", "json"))[0]["private_ip"])

    return of


def test_an_instance_by_stack_id_or_address(fleet: Fleet, run: Run, address: Callable[[str], str]) -> None:
    fleet.create("shop-1", [])
    fleet.create("shop-2", [])
    (instance,) = fleet.ids("shop-1")
    for words in (["shop", "1"], [instance], [address("shop-1")], [instance, "shop", "1"]):
        result = run("console", *words, "-l", "1")
        assert result.exit_code == 0, result.output
        assert result.stdout == f"shop-1 {instance} ({address('shop-1')}), last line\n{LAST}\n"


def test_the_last_lines_of_each(fleet: Fleet, run: Run) -> None:
    fleet.create("shop-1", [], instances=2)
    lines = run("console", "shop", "-l", "2").stdout.splitlines()
    heads = [line for line in lines if line.startswith("shop-1 i-")]
    assert len(heads) == 2
    assert all(head.endswith(", last 2 lines") for head in heads)
    assert (len(lines), lines.count(LAST)) == (6, 2)
    assert 20 < len(run("console", "shop").stdout.splitlines()) <= 2 * 26


def test_nothing_named_is_every_stack(fleet: Fleet, run: Run) -> None:
    fleet.create("shop-1", [])
    fleet.create("blog-1", [])
    lonely = fleet.run_instance()
    shown = run("console", "-l", "1").stdout
    assert "shop-1 i-" in shown
    assert "blog-1 i-" in shown
    assert lonely not in shown
    assert run("console", lonely, "-l", "1").stdout.startswith(f"{lonely} (")


def test_an_output_is_one_call_for_each_instance(fleet: Fleet, run: Run) -> None:
    fleet.create("shop-1", [], instances=3)
    made = fleet.counted(lambda: run("console", "shop"))
    assert made == ["ec2:DescribeInstances", *["ec2:GetConsoleOutput"] * 3]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["i-0123456789abcdef0"], "there is no instance i-0123456789abcdef0"),
        (["10.9.8.7"], "there is no instance 10.9.8.7"),
        (["shop", "3"], "there is no stack shop 3"),
    ],
)
def test_what_does_not_exist_is_an_error(fleet: Fleet, run: Run, words: list[str], said: str) -> None:
    fleet.create("shop-1", [])
    result = run("console", *words)
    assert (result.exit_code, result.stdout) == (1, "")
    assert said in result.stderr


def test_a_stack_without_instances_says_so(fleet: Fleet, run: Run) -> None:
    fleet.create_stack("shop-1", {"Jobs": {"Type": "AWS::SQS::Queue"}})
    result = run("console", "shop")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "There are no instances.\n")


def test_watching_repeats_until_it_is_interrupted(fleet: Fleet, aws: Aws) -> None:
    fleet.create("shop-1", [])
    clock: Clock = StoppingClock(3)
    result = CliRunner().invoke(cli, ["console", "shop", "-w", "7", "-l", "1"], obj=Context(aws, clock=clock))
    assert result.exit_code == 130
    assert result.stdout.count(LAST) == 3
    assert isinstance(clock, StoppingClock)
    assert clock.slept == [7, 7, 7]


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("[\x1b[32m  OK  \x1b[0m] Started \x1b[1mDocker\x1b[0m.", "[  OK  ] Started Docker."),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]52;c;ZXZpbA==\x1b\\text", "text"),
        ("\x1bPq evil", ""),
        ("\x1bcreset", "reset"),
        ("10%\r50%\r100%\r", "100%"),
        ("a\tb", "a       b"),
        ("bell\x07 back\x08 csi\x9b31m nul\x00", "bell� back� csi�31m nul�"),
        ("grüße – 日本", "grüße – 日本"),
    ],
)
def test_control_characters_are_made_harmless(line: str, shown: str) -> None:
    assert harmless(line) == shown


@given(st.text())
def test_no_line_can_do_anything_to_a_terminal(line: str) -> None:
    assert harmless(line).isprintable()


@pytest.mark.parametrize(
    ("word", "means"),
    [("i-0123456789abcdef0", True), ("i-7c3a3de5", True), ("172.31.4.7", True), ("i-shop", False), ("1.2", False)],
)
def test_what_names_an_instance(word: str, means: bool) -> None:
    assert names_instance(word) is means
