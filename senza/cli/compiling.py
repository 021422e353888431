"""What the commands that take a definition share: their arguments, and the way from a file to a template."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

from senza.cli.context import Context
from senza.cli.options import the_context
from senza.cli.types import complete_files, tag

if TYPE_CHECKING:
    from senza.account import Account
    from senza.components import Compiled
    from senza.definition import Bound, Definition

F = TypeVar("F", bound=Callable[..., Any])
MOST_WARNINGS = 5
"""Findings of rules that are told one by one before something is sent."""


@dataclass(frozen=True)
class Request:
    """A definition as named on the command line, with everything that goes into it."""

    definition: str
    version: str
    parameters: tuple[str, ...]
    parameter_file: str | None
    force: bool
    tags: tuple[tuple[str, str], ...] = ()
    verify: str | None = None
    """The policy that container images must pass, instead of the configured one."""

    def bind(self, context: Context, account: Account | None = None) -> Bound:
        """Load and bind; account: another one than the context's. Raises DefinitionError and UsageError."""
        from senza.cli.entering import defaults_for, place_of
        from senza.definition import bind, load, load_parameter_file

        definition = load(self.definition, lenient=self.force)
        values = load_parameter_file(self.parameter_file) if self.parameter_file else None
        defaults = defaults_for(context, definition)
        name = f"{definition.tree['SenzaInfo']['StackName']}-{self.version}"
        context.discretion.keep(given_secrets(definition, self.parameters, values or {}, defaults), [name])
        bound = bind(
            definition,
            self.version,
            self.parameters,
            region=lambda: account.region if account else context.aws().region,
            account_info=(account or context.account()).info,
            parameter_values=values,
            defaults=defaults,
            defaults_of=place_of(context.environment),
        )
        context.discretion.keep(secrets_of(bound), [f"{bound.stack_name}-{bound.version}"])
        return bound

    def compile(self, context: Context, bound: Bound | None = None) -> Compiled:
        """Compile, after binding where that was not done before; warnings go to stderr.

        Raises DefinitionError, UsageError and what look-ups raise.
        """
        from senza.cli.gate import gate_for
        from senza.components import compile

        bound = bound or self.bind(context)
        if context.environment is not None:
            context.aws().arrive()  # another account is not the fault of the component that first asks about it
        gate = gate_for(context, self.verify, force=self.force)
        compiled = compile(bound, context.account(), force=self.force, extra_tags=dict(self.tags), images=gate)
        context.discretion.keep(secrets_of(bound, compiled), [compiled.full_name])
        tell_about(context, compiled)
        return compiled

    def compile_offline(self, context: Context) -> Compiled:
        """Compile with facts that are made up, and without a question to anybody; as :meth:`compile` otherwise."""
        from senza.checks.gather import certificates_in
        from senza.checks.standin import REGION, StandIn
        from senza.components import compile
        from senza.definition import load

        named = certificates_in(load(self.definition, lenient=self.force).tree)
        account = StandIn(region_of(context) or REGION, named)
        bound = self.bind(context, account)
        compiled = compile(bound, account, force=self.force, extra_tags=dict(self.tags))
        context.discretion.keep(secrets_of(bound, compiled), [compiled.full_name])
        context.say("Offline: what only the account knows is made up.")
        tell_about(context, compiled)
        return compiled


def region_of(context: Context) -> str:
    """The region as far as that is known without reading AWS's own files, which takes longer than all checks."""
    names = ("AWS_REGION", "AWS_DEFAULT_REGION")
    if context.environment and context.environment.region:
        return context.environment.region
    return context.region or next((context.environ[name] for name in names if context.environ.get(name)), "")


def given_secrets(definition: Definition, arguments: Sequence[str], *sources: Mapping[str, object]) -> Iterator[str]:
    """The values of NoEcho parameters as far as they can be made out before it is known whether all is right.

    arguments: of the command line. sources: values by name.
    """
    hidden = {parameter.name for parameter in definition.parameters if parameter.no_echo}
    for source in sources:
        yield from (str(value) for name, value in source.items() if name in hidden)
    for position, argument in enumerate(arguments):
        name, sign, value = argument.partition("=")
        if sign and name in hidden:
            yield value
        if position < len(definition.parameters) and definition.parameters[position].name in hidden:
            yield argument


def secrets_of(bound: Bound, compiled: Compiled | None = None) -> set[str]:
    """The values that must not be shown: those of NoEcho parameters, as given and decrypted, and tokens."""
    from senza.components.senza_info import SECRET_KEYS
    from senza.stacks.differences import no_echo

    found = {bound.arguments[one.name] for one in bound.parameters if one.no_echo}
    found |= {str(bound.info.get(key) or "") for key in SECRET_KEYS}
    if compiled:
        found |= {compiled.parameters.get(name, "") for name in no_echo(compiled.template)}
    return found - {""}


def tell_about(context: Context, compiled: Compiled) -> None:
    """Where its images come from, and what was noticed while it was compiled."""
    for image in compiled.images:
        if image.note:
            context.say(f"{image.note}.")
    for warning in compiled.warnings:
        context.warn(warning)


def check_before_sending(context: Context, request: Request, compiled: Compiled) -> None:
    """What CloudFormation would refuse, said before anything is changed. Raises DefinitionError; --force warns."""
    from senza.components import check_limits, dangling
    from senza.errors import DefinitionError, Where
    from senza.stacks.triggers import wanted_by

    check_limits(compiled)
    wanted_by(compiled)
    for path, problem, hint in dangling(compiled.template, lambda: context.aws().region):
        error = DefinitionError(problem, hint=hint, where=Where(request.definition, path))
        if not request.force:
            raise error
        context.warn(str(error))
    if compiled.bound is not None:
        _check_by_rules(context, request, compiled, compiled.bound)


def _check_by_rules(context: Context, request: Request, compiled: Compiled, bound: Bound) -> None:
    """Our own rules of ``senza check``, which take a millisecond. Raises DefinitionError; --force warns."""
    from senza.checks.examine import before_sending, known_zones, lines
    from senza.errors import DefinitionError

    zones = known_zones(context.account(), bound)
    found = before_sending(bound, compiled, context.aws().region, zones).findings
    errors = [finding for finding in found if finding.severity == "error"]
    told = found if request.force else [finding for finding in found if finding not in errors]
    for line in lines(told, MOST_WARNINGS):
        context.warn(line)
    if errors and not request.force:
        first = errors[0]
        also = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        how = f"senza check {request.definition} shows all; --force sends it all the same."
        raise DefinitionError(
            f"{first.message} ({first.rule}){also}", hint="\n".join(filter(None, [first.hint, how])), where=first.where
        )


def definition_arguments(*, tags: bool = False) -> Callable[[F], F]:
    """``DEFINITION VERSION [PARAMETER]...`` with their options; the command gets one ``request: Request``."""

    def decorate(function: F) -> F:
        from functools import wraps

        @wraps(function)
        def command(*args: Any, **rest: Any) -> Any:
            the_context(click.get_current_context()).definition = rest["definition"]
            names = ("definition", "version", "parameters", "parameter_file", "force", "verify")
            given = {name: rest.pop(name) for name in names}
            if tags:
                given["tags"] = rest.pop("tags")
            return function(*args, request=Request(**given), **rest)

        options = [
            click.argument("definition", shell_complete=complete_files),
            click.argument("version"),
            click.argument("parameters", metavar="[PARAMETER]...", nargs=-1),
            click.option("--parameter-file", metavar="FILE", help="YAML mapping of parameter values."),
            click.option("-f", "--force", is_flag=True, help="Turn failing checks into warnings."),
            click.option(
                "--verify",
                metavar="POLICY",
                help="Policy (path or URL) that container images must pass; else 'senza config policy.file'.",
            ),
        ]
        if tags:
            options.append(
                click.option(
                    "-t",
                    "--tag",
                    "tags",
                    multiple=True,
                    type=tag,
                    metavar="KEY=VALUE",
                    help="Tag of the stack; may be repeated.",
                )
            )
        decorated: Any = command
        for option in reversed(options):
            decorated = option(decorated)
        result: F = decorated
        return result

    return decorate
