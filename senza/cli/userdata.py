"""``senza userdata``"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from senza.cli.compiling import Request, definition_arguments
from senza.cli.context import Context
from senza.cli.failure import state_dir
from senza.cli.options import common_options, pass_context
from senza.cli.types import tag
from senza.discretion import harmless, visible_json
from senza.errors import NotFound, OperationFailed, UsageError

if TYPE_CHECKING:
    from senza.components import Compiled
    from senza.components.model import Container
    from senza.userdata.locally import LocalRun

PROGRAMS = ("docker", "podman")


@click.command("userdata")
@definition_arguments()
@click.option("--component", metavar="NAME", help="Of this group; needed where there are several.")
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", help="Format of the user data.")
@click.option("--run-locally", is_flag=True, help="Run the container here, with the flags that it has on an instance.")
@click.option("--print-command", is_flag=True, help="With --run-locally: print the command, and run nothing.")
@click.option("--with", "program", type=click.Choice(PROGRAMS), help="With --run-locally; else what is installed.")
@click.option("--env", "variables", multiple=True, type=tag, metavar="NAME=VALUE",
              help="With --run-locally: a variable instead of the definition's; may be repeated.")  # fmt: skip
@common_options
@pass_context
def command(
    context: Context,
    request: Request,
    component: str | None,
    output: str,
    run_locally: bool,
    print_command: bool,
    program: str | None,
    variables: tuple[tuple[str, str], ...],
) -> None:
    """Print what instances are told at boot, or run their container here.

    What CloudFormation will fill in stands there as ${Resource.Attribute}; secrets are not decrypted. With
    --run-locally they are, by your own permissions, and handed to the container in its environment.

    \b
    Examples:
      senza userdata definitions/docker.yaml 1 0.1
      senza userdata definitions/docker.yaml 1 0.1 --run-locally --print-command
      senza userdata definitions/docker.yaml 1 0.1 --run-locally --env LOG_LEVEL=debug
    """
    if not run_locally and (print_command or program or variables):
        raise UsageError("--print-command, --with and --env belong to --run-locally", hint="Add --run-locally.")
    compiled = request.compile(context)
    if run_locally:
        run = planned(context, compiled, component, program or installed(print_command), dict(variables))
        if print_command:
            tell(context, run)
        else:
            click.get_current_context().exit(start(context, run))
        return
    name, text = chosen(user_data(compiled), component)
    if output == "json":
        import json

        click.echo(visible_json(json.dumps(text, indent=4, ensure_ascii=False)))
    else:
        from senza.userdata.readable import readable

        context.say(f"What {name} is told:")
        click.echo(harmless(readable(text).rstrip("\n")))


def user_data(compiled: Compiled) -> dict[str, Any]:
    """Component, or logical id of a plain resource -> its user data, as it is before CloudFormation encodes it."""
    from senza.components.capabilities import resources_of
    from senza.components.compiled import user_data_of

    found = {}
    for logical_id, _, properties in resources_of(compiled.template):
        value = user_data_of(properties)
        if value is not None:
            only = value.get("Fn::Base64", value) if isinstance(value, Mapping) else value
            found[compiled.made_by.get(logical_id, logical_id)] = only
    return found


def chosen(found: Mapping[str, Any], name: str | None) -> tuple[str, Any]:
    """The one of that name, or the only one. Raises NotFound and UsageError."""
    there = ", ".join(found)
    if name is not None and name not in found:
        from senza.definition.suggest import did_you_mean

        hint = did_you_mean(name, found) or (f"There is {there}." if there else "")
        raise NotFound(f"{name} has no user data, or is not there", hint=hint)
    if not found:
        raise NotFound("nothing in this definition has user data")
    if name is None and len(found) > 1:
        raise UsageError(f"several groups have user data: {there}", hint="Say which one: --component NAME.")
    return next((key, value) for key, value in found.items() if name in (None, key))


def installed(print_only: bool) -> str:
    """The program that runs containers here. Raises NotFound."""
    for program in PROGRAMS:
        if shutil.which(program):
            return program
    if print_only:
        return PROGRAMS[0]
    raise NotFound(
        "neither docker nor podman is installed", hint="Install one of them, or use --print-command to see the command."
    )


def planned(
    context: Context, compiled: Compiled, component: str | None, program: str, given: Mapping[str, str]
) -> LocalRun:
    from senza.components.functions import is_function
    from senza.userdata.locally import local_run

    containers: dict[str, Container] = {one.component: one for one in compiled.containers}
    name, container = chosen(containers, component)
    if is_function(container.image):
        raise UsageError("the image becomes known to CloudFormation only", hint="Use a parameter of the definition.")
    files = state_dir(context.environ) / "run" / f"{compiled.full_name}-{name}"
    memory = context.environ.get("XDG_RUNTIME_DIR")
    meta = (Path(memory) / "senza" / f"{compiled.full_name}-{name}" if memory else files) / "meta"
    return local_run(
        container.config,
        program=program,
        image=str(container.image),
        name=f"{compiled.full_name}-{name}".lower(),
        directory=str(files),
        meta=str(meta),
        given=given,
        is_function=is_function,
    )


def tell(context: Context, run: LocalRun) -> None:
    """The command on stdout; what it needs on stderr."""
    for name, reference in run.variables.items():
        context.say(f"{name} has to be in the environment: the value of {without_ciphertext(reference)}.")
    for name, reference in run.credentials.items():
        context.say(f"{run.meta}/credentials/{name} has to be the value of {without_ciphertext(reference)}.")
    click.echo(str(run))


def without_ciphertext(reference: str) -> str:
    return "aws:kms:..." if reference.startswith("aws:kms:") else reference


def start(context: Context, run: LocalRun) -> int:
    """Run the container in the foreground; returns its exit code. Raises NotFound, OperationFailed, AwsError."""
    from senza.account.secrets import resolve_all

    if shutil.which(run.arguments[0]) is None:
        raise NotFound(f"{run.arguments[0]} is not installed", hint="Install it, or leave out --with.")
    aws = context.aws()
    secrets = resolve_all(aws, run.variables)
    files = {f"credentials/{name}": value for name, value in resolve_all(aws, run.credentials).items()}
    try:
        prepare(run)
        with in_place(Path(run.meta), {"taupage.yaml": run.description, **files}):
            sys.stdout.flush()
            # no shell; secrets are in the environment of the client, which hands them over by their names
            done = subprocess.run(run.arguments, env={**context.environ, **secrets}, check=False)  # noqa: S603
    except OSError as error:
        raise OperationFailed(f"{run.arguments[0]} cannot be run: {error}") from error
    return done.returncode if done.returncode >= 0 else 128 - done.returncode


def prepare(run: LocalRun) -> None:
    """Make the directories. The container is another user, so it may write into them; nobody else gets that far."""
    for outer in (Path(run.directory), Path(run.meta).parent):
        outer.mkdir(parents=True, exist_ok=True)
        outer.chmod(0o700)
    for place in run.directories:
        Path(place).mkdir(parents=True, exist_ok=True)
        Path(place).chmod(0o777)
    for inner in (Path(run.meta), Path(run.meta) / "credentials"):
        inner.mkdir(exist_ok=True)
        inner.chmod(0o755)


@contextmanager
def in_place(directory: Path, files: Mapping[str, str]) -> Iterator[None]:
    """Have these files there, for everybody to read who gets into the directory, and take them away again."""
    written: list[Path] = []
    try:
        for name, content in files.items():
            path = directory / name
            path.unlink(missing_ok=True)
            written.append(path)
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
                file.write(content)
            path.chmod(0o444)
        yield
    finally:
        for path in written:
            path.unlink(missing_ok=True)
