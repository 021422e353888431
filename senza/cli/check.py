"""``senza check``"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from senza.cli.context import Context
from senza.cli.options import common_options, pass_context
from senza.cli.types import complete_files
from senza.discretion import harmless, visible_json
from senza.errors import SenzaError

if TYPE_CHECKING:
    from senza.checks.examine import Report
    from senza.checks.gather import Gathered
    from senza.checks.model import Finding
    from senza.components import Compiled
    from senza.definition.model import Bound

FORMATS = ("text", "json", "sarif", "github")


@click.command("check")
@click.argument("definition", shell_complete=complete_files)
@click.argument("version", required=False, default="")
@click.argument("parameters", metavar="[PARAMETER]...", nargs=-1)
@click.option("--parameter-file", metavar="FILE", help="YAML mapping of parameter values.")
@click.option("--aws", "online", is_flag=True, help="Ask the account, too: quotas, permissions, names that are taken, "
              "instance types, certificates, roles.")  # fmt: skip
@click.option(
    "--lint/--no-lint", default=True, help="Run cfn-lint on the template, where it is installed; the default."
)
@click.option("--strict", is_flag=True, help="Warnings, too, end with exit code 1.")
@click.option("-o", "--format", "output", type=click.Choice(FORMATS), default="text", help="Format of the findings.")
@common_options
@pass_context
def command(
    context: Context,
    definition: str,
    version: str,
    parameters: tuple[str, ...],
    parameter_file: str | None,
    online: bool,
    lint: bool,
    strict: bool,
    output: str,
) -> None:
    """Check a definition: what is wrong with it, what is unwise, and where.

    Without --aws nothing is asked of AWS, and no credentials are needed: facts about the account, a version and
    parameters that are not given are made up. Exit code 1 where something is an error (with --strict: or a warning).

    \b
    Examples:
      senza check definitions/hello-world.yaml
      senza check definitions/hello-world.yaml 1 ImageVersion=0.1 --aws
      senza check definitions/hello-world.yaml --strict --format github
    """
    from senza._version import __version__
    from senza.checks.examine import report
    from senza.checks.formats import FORMATS

    if "=" in version:  # a parameter, where no version is given
        version, parameters = "", (version, *parameters)
    gathered = gathered_by(context, definition, version, parameters, parameter_file, online)
    found, looked_for = look_at(context, gathered, bool(version), online, lint)
    name = gathered.bound.full_name if gathered.bound else ""
    context.discretion.keep(secrets_given(gathered), [name])
    told = [discreet(context, finding) for finding in (*gathered.findings, *found)]
    made = report(told, gathered.bound, looked_for)
    if text := FORMATS[output](made, __version__):
        click.echo(visible_json(text) if output in ("json", "sarif") else harmless(text))
    conclude(context, made, definition, strict)


def gathered_by(
    context: Context,
    definition: str,
    version: str,
    parameters: tuple[str, ...],
    parameter_file: str | None,
    online: bool,
) -> Gathered:
    from senza.checks.gather import gather
    from senza.cli.compiling import region_of
    from senza.definition import check_version, load_parameter_file

    if version:
        check_version(version)
    values = load_parameter_file(parameter_file) if parameter_file else None
    context.definition = definition
    defaults = context.environment.parameters if context.environment else None
    if not online:
        return gather(definition, version, parameters, values, defaults=defaults, region=region_of(context))
    from senza.cli.gate import gate_for

    gate = gate_for(context, None, force=False)
    return gather(definition, version, parameters, values, defaults=defaults, account=context.account(), images=gate)


def secrets_given(gathered: Gathered) -> Iterator[str]:
    """Values of NoEcho parameters, but for those that were made up."""
    from senza.checks.placeholders import placeholder
    from senza.cli.compiling import secrets_of

    if gathered.bound is not None:
        made_up = {placeholder(one) for one in gathered.bound.parameters if one.no_echo}
        yield from secrets_of(gathered.bound, gathered.compiled) - made_up


def discreet(context: Context, finding: Finding) -> Finding:
    """cfn-lint repeats the values that it finds wrong. To be done before a format quotes them once more."""
    from dataclasses import replace

    hidden = context.discretion
    where = replace(finding.where, file=hidden(finding.where.file))
    return replace(finding, message=hidden(finding.message), hint=hidden(finding.hint), where=where)


def look_at(
    context: Context, gathered: Gathered, version_given: bool, online: bool, wants_lint: bool
) -> tuple[list[Finding], set[str]]:
    """What rules, cfn-lint and the account find, and the ids of what was asked besides our rules."""
    if gathered.bound is None or gathered.compiled is None:
        return [], set()
    from senza.checks import lint
    from senza.checks.examine import by_rules
    from senza.checks.kinds import UNREAD, WARNED
    from senza.checks.model import Subject
    from senza.cli.linted import Linted

    read_sections(gathered, gathered.bound, gathered.compiled)
    subject = Subject(gathered.bound, gathered.compiled, gathered.region, gathered.zones)
    found, asked = by_rules(subject), {WARNED.id, UNREAD.id}
    if wants_lint and lint.installed():
        found += lint.lint(subject, Linted(context), gathered.broken())
        asked |= {"E", "W"}
    elif wants_lint:
        context.say(lint.GET_IT)
    if online:
        from senza.checks.online.ask import ask
        from senza.checks.online.kinds import ONLINE
        from senza.doctor.facts import Facts

        aws, account = context.aws(), context.account()
        facts = Facts(aws, account, context.clock)

        def decisions(actions: tuple[str, ...]) -> dict[str, str]:
            return {} if facts.caller().is_root else facts.decisions(actions)  # nothing is denied to root

        found += ask(subject, aws, account, context.clock, version_given=version_given, decisions=decisions)
        asked |= {kind.id for kind in ONLINE}
    return found, asked


def read_sections(gathered: Gathered, bound: Bound, compiled: Compiled) -> None:
    """Note what ``deploy`` and ``create`` would say of the sections that only they read."""
    from senza.errors import DefinitionError

    try:
        if "Rollout" in bound.info:
            from senza.rollout.settings import rollout_of

            rollout_of(bound)
    except DefinitionError as error:
        gathered.wrong(error, bound.source.file)
    try:
        if "RollbackTriggers" in bound.info:
            from senza.stacks.triggers import wanted_by

            wanted_by(compiled)
    except DefinitionError as error:
        gathered.wrong(error, bound.source.file)


def conclude(context: Context, made: Report, definition: str, strict: bool) -> None:
    """Say how many there are, on stderr. Raises SenzaError where there are too many."""
    errors, warnings = made.count("error"), made.count("warning")
    ignored = f", {len(made.ignored)} ignored" if made.ignored else ""
    summary = f"{counted(errors, 'error')} and {counted(warnings, 'warning')} in {definition}{ignored}"
    if errors or (strict and warnings):
        raise SenzaError(summary)
    context.say(summary if warnings or ignored else f"Nothing is wrong in {definition}.")


def counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
