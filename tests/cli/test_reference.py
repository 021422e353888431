"""What is written about the commands agrees with the commands."""

from __future__ import annotations

import re
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

from senza.cli.failure import EXIT_CODES
from senza.cli.main import COMMANDS

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def reference() -> str:
    spec = spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    page: str = module.commands_page()
    return page


def test_the_reference_has_every_command_with_its_options(reference: str) -> None:
    sections = re.findall(r"^## senza (\S+)\n\n```text\nUsage: senza \1 ", reference, re.MULTILINE)
    assert sections == list(COMMANDS)
    assert reference.count("--region") >= len(COMMANDS) + 1


def test_the_reference_has_every_exit_code(reference: str) -> None:
    for code, when in EXIT_CODES.items():
        assert f"| {code} | {when} |" in reference


def test_the_readme_lists_the_commands_there_are() -> None:
    table = (ROOT / "README.md").read_text().partition("## Commands")[2].partition("\n\n`senza --help`")[0]
    listed = {name for row in table.splitlines() for name in re.findall(r"`(\S+?)`", row.partition(" | ")[0])}
    assert listed == set(COMMANDS)
