"""The container of a definition on the developer's machine: with the flags that it has on an instance.

What only an instance has is left out: the log driver, restarts, running in the background. Directories of the instance
become directories of the developer's.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from senza.errors import UsageError
from senza.userdata.bootstrap import docker_run, secrets_of

PROGRAMS = ("docker", "podman")
DROPPED = ("-d", "--log-driver=", "--log-opt=", "--restart=", "--name=")
NOT_USED_HERE = ("environment", "notify_cfn", "cloudwatch_logs", "credentials", "dockercfg", "nat_gateways")
OWN_DIRECTORIES = ("/meta", "/mounts/", "/var/log-custom")
"""Of the instance, which the developer's machine has not got: they are made below a directory of ours."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_MEANT_FOR_THE_CLIENT = re.compile(
    r"PATH|HOME|TMPDIR|LD_.*|DOCKER_.*|CONTAINERS_.*|CONTAINER_.*|.*_proxy|.*_PROXY|XDG_.*"
)


@dataclass(frozen=True)
class LocalRun:
    """arguments: with the program. variables: NAME -> ``aws:…``, whose values it must find in its environment.

    directories: below ``directory``, to be made before. credentials: file name -> ``aws:…``, for
    ``<meta>/credentials``. description: the text of ``<meta>/taupage.yaml``.
    """

    arguments: tuple[str, ...]
    variables: Mapping[str, str]
    directory: str
    directories: tuple[str, ...]
    meta: str
    credentials: Mapping[str, str]
    description: str

    def __str__(self) -> str:
        """For a shell; secrets are taken from its environment."""
        return shlex.join(self.arguments)


def local_run(
    config: Mapping[str, Any],
    *,
    program: str,
    image: str,
    name: str,
    directory: str,
    meta: str,
    given: Mapping[str, str],
    is_function: Any,
) -> LocalRun:
    """config: complete TaupageConfig. name: of the container. directory, meta: where its files are on this machine.

    given: variables of the command line, which win. Raises UsageError for what is known to CloudFormation only.
    """
    environment = {**(config.get("environment") or {}), **given}
    for key, value in environment.items():
        if is_function(value):
            raise UsageError(
                f"environment.{key} becomes known to CloudFormation only", hint=f"Give a value: --env {key}=VALUE."
            )
    for key, value in config.items():
        if key not in ("environment", "notify_cfn", "cloudwatch_logs", "credentials") and has_function(
            value, is_function
        ):
            raise UsageError(f"{key} becomes known to CloudFormation only", hint="Use a parameter of the definition.")
    arguments = docker_run(
        {**config, "environment": environment},
        image=image,
        application_id=str(config.get("application_id", "")),
        application_version=str(config.get("application_version", "")),
    )
    left, variables = secrets_of(arguments)
    for variable in variables:
        if not _NAME.fullmatch(variable) or _MEANT_FOR_THE_CLIENT.fullmatch(variable):
            raise UsageError(
                f"the secret {variable} cannot be handed over in the environment, where its name means something to "
                f"{program}",
                hint=f"Give it another name, or a value: --env {variable}=VALUE.",
            )
    kept = [argument for argument in left[2:] if not argument.startswith(DROPPED)]
    moved, directories = with_own_directories(kept, directory, meta)
    found = config.get("credentials") or {}
    return LocalRun(
        (program, "run", "--rm", f"--name={name}", *moved),
        variables,
        directory,
        tuple(directories),
        meta,
        {str(key): value for key, value in found.items() if isinstance(value, str)},
        json.dumps({key: value for key, value in config.items() if key != "dockercfg"}, indent=1, default=str) + "\n",
    )


def with_own_directories(arguments: Sequence[str], directory: str, meta: str) -> tuple[list[str], list[str]]:
    """The arguments with volumes that are here, and the directories to make for them."""
    moved: list[str] = []
    directories: list[str] = []
    for before, argument in zip(["", *arguments], arguments, strict=False):
        source, colon, rest = argument.partition(":")
        if before == "-v" and source == "/meta":
            moved.append(f"{meta}:{rest}")
        elif before == "-v" and source.startswith(OWN_DIRECTORIES):
            directories.append(f"{directory}{source}")
            moved.append(f"{directory}{source}{colon}{rest}")
        else:
            moved.append(argument)
    return moved, directories


def has_function(value: Any, is_function: Any) -> bool:
    if is_function(value):
        return True
    if isinstance(value, Mapping):
        return any(has_function(item, is_function) for item in value.values())
    return isinstance(value, list) and any(has_function(item, is_function) for item in value)
