"""mkdocs hook: write the pages that are made from the code itself, so that they cannot drift from it."""

from __future__ import annotations

from collections.abc import Iterator

import click
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from senza.cli.failure import EXIT_CODES
from senza.cli.main import cli

WIDTH = 96
INTRODUCTION = """# Commands

A command may be abbreviated as long as it is clear which one is meant: `senza l` is `senza list`.
`-e`, `--region`, `--profile` and `--sandbox` may stand before or after the command; `-e` names an
[environment](environments.md). Results go to stdout, everything else to stderr.

`STACK_REF` is a regular expression for the stack's name, which must match all of it, optionally followed by one for the
version; further versions of the same stack may follow when they start with `v` and a digit. A definition file stands
for its `StackName`.

On a terminal, tables fit its width and are coloured, unless `NO_COLOR` is set; in a pipe nothing is cut. `-o json` and
`-o tsv` have stable keys and native values; times are whole seconds since the epoch in JSON, and ISO 8601 UTC in TSV.
Characters that a terminal might obey are written as `\\u....` in both.

| exit code | when |
|---|---|
"""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """mkdocs calls this once it knows the files of ``docs/``."""
    files.append(File.generated(config, "commands.md", content=commands_page()))
    return files


def commands_page() -> str:
    """Markdown with the help of every command, in the order of ``senza --help``."""
    codes = "".join(f"| {code} | {when} |\n" for code, when in EXIT_CODES.items())
    sections = [
        f"## {path}\n\n```text\n{text}\n```\n"
        for path, text in helps(cli, click.Context(cli, info_name="senza", **cli.context_settings))
    ]
    return INTRODUCTION + codes + "\n" + "\n".join(sections)


def helps(command: click.Command, context: click.Context) -> Iterator[tuple[str, str]]:
    """The words of each command below this one, itself included, and its help."""
    context.terminal_width = context.max_content_width = WIDTH
    yield context.command_path, command.get_help(context)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            if child is not None:
                yield from helps(child, click.Context(child, parent=context, info_name=name))
