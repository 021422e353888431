"""``senza init``"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from senza.cli.context import Context
from senza.cli.options import common_options, pass_context
from senza.cli.types import key_value
from senza.errors import Refused, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from senza.plan import Outcome, Step
    from senza.starters.model import Finding
    from senza.starters.questions import Question


class InitCommand(click.Command):
    """Its help lists the starters and what they ask, which takes longer than other commands may for their options."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        from senza.starters.registry import starters

        for starter in starters():
            with formatter.section(f"-t {starter.name}"):
                formatter.write_text(starter.summary)
                formatter.write_dl([(f"-v {item.key}=", in_help(item)) for item in starter.questions])


def in_help(question: Question) -> str:
    if callable(question.default):
        return f"{question.text} (default: from the account)"
    if question.default is None:
        return f"{question.text} (needed)"
    return f"{question.text} (default: {question.default})" if question.default else question.text


def complete_starters(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    from senza.starters.registry import BUILT_IN

    return [name for name in BUILT_IN if name.startswith(incomplete)]


@click.command("init", cls=InitCommand)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("-t", "--template", metavar="NAME", shell_complete=complete_starters, help="The starter to begin with.")
@click.option("-v", "--answer", "answers", multiple=True, type=key_value, metavar="KEY=VALUE",
              help="An answer, instead of being asked; may be repeated.")  # fmt: skip
@click.option("--yes", is_flag=True, help="Do not ask before something is created in the account.")
@click.option("--force", is_flag=True, help="Replace FILE where it exists.")
@click.option("--dry-run", is_flag=True, help="Show what would be created, and change nothing.")
@common_options
@pass_context
def command(
    context: Context,
    file: Path,
    template: str | None,
    answers: tuple[tuple[str, str], ...],
    yes: bool,
    force: bool,
    dry_run: bool,
) -> None:
    """Write a first definition, and create what it needs in the account.

    Asks what it has to know. Security groups, roles, buckets and keys that do not exist are shown, and created after
    one question; those that exist are checked and kept. Nothing is opened to everybody unless you say so. Interrupted,
    it may be repeated.

    \b
    Examples:
      senza init shop.yaml
      senza init shop.yaml -t webapp -v application_id=shop -v docker_image=acme/shop --yes
    """
    from senza.starters.model import findings
    from senza.starters.questions import collect
    from senza.starters.registry import find_starter

    check_file(file, force)
    starter = find_starter(template or chosen_starter(context))
    account = context.account()
    given = collect(starter.questions, answers, account, asker(context) if context.interactive else None)
    found = findings(starter.wanted(given, account), context.aws())
    plan = [step for finding in found for step in finding.steps]
    tell(context, found)
    if dry_run:
        context.carry_out(plan, dry_run=True)
        click.echo(f"Would: Write {file}")
        return
    if plan and not yes:
        agree(context, plan)
    outcomes = context.carry_out(plan)
    text = starter.definition(given, account, secrets_of(plan, outcomes))
    check_file(file, force)
    save(file, text)
    context.say(f"Wrote {file}. It is yours to change; senza print {file} 1 ... shows what it becomes.")


def check_file(file: Path, force: bool) -> None:
    """Raise before anything is asked or made, where the file cannot be written in the end."""
    if file.exists() and not force:
        raise Refused(f"{file} exists", hint="Choose another name, or use --force to replace it.")
    if not file.parent.is_dir():
        raise UsageError(f"there is no directory {file.parent}", hint=f"Create it: mkdir -p {file.parent}")
    if not os.access(file.parent, os.W_OK):
        raise UsageError(f"you may not write into {file.parent}", hint="Choose another place.")


def chosen_starter(context: Context) -> str:
    """The starter that the user picks. Raises UsageError where nobody is there."""
    from senza.starters.registry import starters

    known = starters()
    names = [starter.name for starter in known]
    if not context.interactive:
        raise UsageError("which starter?", hint=f"Give one: -t {'|'.join(names)}")
    listed = "\n".join(f"  {starter.name:{max(map(len, names))}}  {starter.summary}" for starter in known)
    context.say(f"There are these starters:\n{listed}")
    return str(click.prompt("Starter", type=click.Choice(names), err=True, show_choices=False))


def asker(context: Context) -> Any:
    """Asks at the terminal until the answer is one."""

    def ask(question: Question, default: str | None) -> str:
        def read(answer: str) -> str:
            try:
                return question.read(answer)
            except ValueError as error:
                raise click.BadParameter(f"{error}.") from None

        return str(click.prompt(question.text, default=default, value_proc=read, err=True, show_default=bool(default)))

    return ask


def tell(context: Context, found: Sequence[Finding]) -> None:
    for finding in found:
        if finding.kept:
            context.say(f"Found {finding.kept}.")
        for warning in finding.warnings:
            context.warn(warning)


def agree(context: Context, plan: Sequence[Step]) -> None:
    """Show what would be created and ask once. Raises Refused."""
    context.say("In the account, this would be done:")
    for step in plan:
        context.say(f"  {step.says}")
    hint = "Say --yes, or run the command in a terminal."
    if not context.agrees("Do it?", hint):
        raise Refused("nothing was done, as you wished")


def secrets_of(plan: Sequence[Step], outcomes: Sequence[Outcome]) -> Mapping[str, str]:
    """Variable -> ciphertext of the passwords that were made."""
    from senza.starters.keys import EncryptPassword

    return {
        step.variable: str(outcome.facts["ciphertext"])
        for step, outcome in zip(plan, outcomes, strict=True)
        if isinstance(step, EncryptPassword)
    }


def save(file: Path, text: str) -> None:
    from senza.cli.files import ORDINARY, write_whole

    try:
        write_whole(file, text, ORDINARY)
    except OSError as error:
        raise UsageError(
            f"{file} cannot be written: {error.strerror}",
            hint="What was created in the account stays; repeat the command with a file that can be written.",
        ) from error
