"""Completion of an app that may run nowhere yet, from the definition files at hand: no YAML is parsed, and nobody is
asked, for ``promote`` names its environments last."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from senza.cli.options import the_context

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

SENZA_INFO = re.compile(r"[\"']?SenzaInfo[\"']?:\s*(?:#.*)?")
STACK_NAME = re.compile(r"\s+[\"']?StackName[\"']?:\s+[\"']?([A-Za-z][A-Za-z0-9-]*)[\"']?\s*(?:#.*)?")
MOST_FILES, MOST_LETTERS = 200, 100_000
"""Of one directory, and of one file: the Tab key may not take long."""


def complete_app(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem[Any]]:
    """The apps of the definitions here, in definitions/ and beside senza.yaml; else files."""
    from click.shell_completion import CompletionItem

    file = the_context(ctx).environments_file()
    near = [Path(), Path("definitions"), *([file.parent, file.parent / "definitions"] if file else [])]
    names = sorted({name for directory in near for name in apps_in(directory)})
    found = [CompletionItem(name) for name in names if name.startswith(incomplete)]
    return found or [CompletionItem(incomplete, type="file")]


def apps_in(directory: Path) -> Iterator[str]:
    """The StackName of each definition in that directory."""
    for path in islice(sorted(path for glob in ("*.yaml", "*.yml") for path in directory.glob(glob)), MOST_FILES):
        try:
            if path.is_file() and (name := app_in(path)):
                yield name
        except OSError:
            continue


def app_in(path: Path) -> str | None:
    with path.open(encoding="utf-8", errors="replace") as file:
        return app_of(file.read(MOST_LETTERS))


def app_of(text: str) -> str | None:
    """The StackName in SenzaInfo as people write that: a block of lines. None where it depends on arguments. Pure."""
    inside = False
    for line in text.splitlines():
        if inside and (found := STACK_NAME.fullmatch(line)):
            return found[1]
        if line[:1].strip(" \t#"):  # neither blank, indented nor a comment
            inside = SENZA_INFO.fullmatch(line) is not None
    return None
