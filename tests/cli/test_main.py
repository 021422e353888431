"""The group: what it knows without importing, which command a word means, and what every command promises."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from senza._version import __version__
from senza.cli.context import Context
from senza.cli.main import COMMANDS, LazyGroup, cli

SLOW = {"boto3", "botocore", "troposphere", "yaml", "rich", "clickclick", "pystache", "moto", "importlib.metadata"}

COMMAND_MODULE = '''
import click

@click.command("{name}")
def command():
    """{name} it."""
    click.echo("this was {name}")
'''


@pytest.fixture
def group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LazyGroup:
    """A group on a package of its own: list, dump, domains and respawn-instances work, broken cannot be imported."""
    package = f"commands_of_{tmp_path.name}"
    (tmp_path / package).mkdir()
    names = ["list", "dump", "domains", "respawn-instances"]
    for name in names:
        (tmp_path / package / f"{name.replace('-', '_')}.py").write_text(COMMAND_MODULE.format(name=name))
    (tmp_path / package / "broken.py").write_text("raise ImportError('imported although nobody asked for it')")
    monkeypatch.syspath_prepend(str(tmp_path))
    return LazyGroup(table={name: f"The line of {name}." for name in [*names, "broken"]}, package=package, name="senza")


def test_the_help_of_the_group_comes_from_the_table_and_imports_no_command(group: LazyGroup) -> None:
    result = CliRunner().invoke(group, ["--help"])
    assert result.exit_code == 0, result.output
    assert re.findall(r"^  (\S+) +(The line of .*)$", result.stdout, re.MULTILINE) == list(group.table.items())


@pytest.mark.parametrize(
    ("word", "command"),
    [
        ("list", "list"),
        ("l", "list"),
        ("du", "dump"),
        ("respawn-inst", "respawn-instances"),
        ("r", "respawn-instances"),
    ],
)
def test_a_command_may_be_abbreviated(group: LazyGroup, word: str, command: str) -> None:
    result = CliRunner().invoke(group, [word])
    assert (result.exit_code, result.stdout) == (0, f"this was {command}\n")


def test_an_exact_name_wins_over_the_longer_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = f"exact_{tmp_path.name}"
    (tmp_path / package).mkdir()
    (tmp_path / package / "list.py").write_text(COMMAND_MODULE.format(name="list"))
    monkeypatch.syspath_prepend(str(tmp_path))
    group = LazyGroup(table={"list-all": "All.", "list": "Some."}, package=package)
    assert CliRunner().invoke(group, ["list"]).stdout == "this was list\n"


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("d", "Command 'd' is ambiguous: dump, domains."),
        ("lsit", "No such command 'lsit'. Did you mean 'list'?"),
        ("xyzzy", "No such command 'xyzzy'."),
        ("", "No such command ''."),
    ],
)
def test_a_word_that_is_no_command_is_a_usage_error_that_helps(group: LazyGroup, word: str, said: str) -> None:
    result = CliRunner().invoke(group, [word])
    assert result.exit_code == 2
    assert result.stderr.splitlines()[-1] == f"Error: {said}"


@pytest.mark.parametrize("words", [["--help"], ["-h"], ["--version"], ["no-such-command"]])
def test_what_needs_no_command_imports_nothing_slow(words: list[str]) -> None:
    assert slow_modules_of(words, {}) == set()


@pytest.mark.parametrize("typed", ["senza ", "senza l", "senza --", *(f"senza {name} --" for name in COMMANDS)])
def test_completion_imports_nothing_slow(typed: str) -> None:
    words = typed.split(" ")
    completing = {"_SENZA_COMPLETE": "bash_complete", "COMP_WORDS": typed, "COMP_CWORD": str(len(words) - 1)}
    assert slow_modules_of([], completing) == set()


def test_completion_offers_commands_with_their_help_and_options(group: LazyGroup) -> None:
    context = click.Context(group)
    assert [(item.value, item.help) for item in group.shell_complete(context, "do")] == [
        ("domains", "The line of domains.")
    ]
    assert [item.value for item in cli.shell_complete(click.Context(cli), "--re")] == ["--region"]


def slow_modules_of(words: list[str], environ: dict[str, str]) -> set[str]:
    """Which of the slow modules a fresh ``senza <words>`` has imported by the time it exits."""
    program = (
        "import sys\n"
        f"sys.argv = ['senza', *{words!r}]\n"
        "from senza.cli.main import run\n"
        "try:\n    run()\n"
        "except SystemExit:\n    pass\n"
        f"print('MODULES', *(set(sys.modules) & set({sorted(SLOW)!r})))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], env={**os.environ, **environ}, capture_output=True, text=True, check=True
    )
    *_, last = [line for line in done.stdout.splitlines() if line.startswith("MODULES")]
    return set(last.split()[1:])


def test_the_version_is_the_one_of_the_package() -> None:
    result = CliRunner().invoke(cli, ["--version"], prog_name="senza")
    assert (result.exit_code, result.stdout) == (0, f"senza {__version__}\n")


def walk(command: click.Command, context: click.Context) -> Iterator[tuple[str, click.Command, click.Context]]:
    """Every command below this one, and itself, with the words that invoke it."""
    yield context.command_path, command, context
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            assert child is not None, f"{context.command_path} lists {name} and does not have it"
            yield from walk(child, click.Context(child, parent=context, info_name=name))


ALL = list(walk(cli, click.Context(cli, info_name="senza")))


@pytest.mark.parametrize(
    ("group", "word", "several"), [("rollout", "r", "resume, report"), ("sandbox", "st", "start, status, stop")]
)
def test_the_commands_of_a_group_are_listed_whole_and_may_be_abbreviated(group: str, word: str, several: str) -> None:
    def invoke(*words: str) -> Result:
        return CliRunner().invoke(cli, [group, *words], prog_name="senza")

    assert "..." not in invoke("--help").stdout.partition("Commands:")[2]
    assert invoke("stat", "--help").stdout.startswith(f"Usage: senza {group} status ")
    assert f"Command '{word}' is ambiguous: {several}." in invoke(word).stderr


def test_every_command_has_an_example_in_its_help() -> None:
    assert [path for path, command, context in ALL if "Example" not in command.get_help(context)] == []


EXAMPLES = sorted(
    {
        line.strip()
        for _, command, _ in ALL
        for line in (command.help or "").splitlines()
        if re.match(" *senza ", line) and "|" not in line
    }
)


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_is_what_the_command_takes(example: str) -> None:
    _, *words = shlex.split(example)
    command: click.Command | None = cli
    context = click.Context(cli, info_name="senza", obj=Context(environ={}))
    while isinstance(command, click.Group):
        name, command, words = command.resolve_command(context, words)
        context = click.Context(command or cli, parent=context, info_name=name)
    assert command is not None
    command.make_context(str(command.name), words, parent=context.parent)


def test_every_command_takes_the_region_the_profile_and_the_sandbox() -> None:
    wanted = {"--region", "--profile", "--sandbox"}
    on_aws = [(path, command) for path, command, _ in ALL if not path.startswith("senza sandbox")]
    assert [
        path for path, command in on_aws if not wanted <= {word for param in command.params for word in param.opts}
    ] == []


def test_the_table_says_how_the_help_of_each_command_begins() -> None:
    context = click.Context(cli)
    commands = {name: cli.get_command(context, name) for name in COMMANDS}
    begins = {name: " ".join(((command and command.help) or "").split()) for name, command in commands.items()}
    assert [name for name, line in COMMANDS.items() if not begins[name].startswith(line)] == []
