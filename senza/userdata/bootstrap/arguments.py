"""The arguments of ``docker run`` that a ``TaupageConfig`` stands for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from senza.userdata.bootstrap.check import APPLICATION_LOG
from senza.userdata.bootstrap.shapes import boolean, text

NAME = "taupageapp"
USER = "999"
SECRET_PREFIXES = ("aws:kms:", "aws:ssm:", "aws:secretsmanager:")
CREDENTIALS = "/meta/credentials"
MOUNTS = "/mounts"


def docker_run(
    config: Mapping[str, Any],
    *,
    image: str,
    application_id: str,
    application_version: str,
    log_group: str | None = None,
) -> list[str]:
    """``docker run …`` as a list, the image last; ``config`` has passed ``check``.

    Values that name secrets stand in it as they are in the configuration: ``secrets_of`` takes them out. log_group: of
    CloudWatch Logs, for the container's output; without one Docker keeps it on the instance, compressed and rotated.
    """
    return [
        "docker",
        "run",
        "-d",
        *logging(config, log_group),
        f"--name={NAME}",
        "--restart=on-failure:10",
        *variables(config, application_id, application_version),
        *volumes(config),
        *ports(config),
        *others(config),
        image,
    ]


def log_group_of(config: Mapping[str, Any]) -> Any:
    """The log group that the configuration names for the container's output; None where it names none."""
    return (config.get("cloudwatch_logs") or {}).get(APPLICATION_LOG)


def logging(config: Mapping[str, Any], log_group: str | None) -> Iterator[str]:
    if log_group is not None:
        yield "--log-driver=awslogs"
        yield f"--log-opt=awslogs-group={log_group}"
        # otherwise an application stands still while CloudWatch cannot be reached
        yield "--log-opt=mode=non-blocking"
        yield "--log-opt=max-buffer-size=4m"
        return
    size = config.get("application_logrotate_size") or config.get("application_logrotate_filesize") or "10m"
    rotate = config.get("application_logrotate_rotate")
    files = 5 if rotate is None else int(rotate)
    yield "--log-driver=local"
    yield f"--log-opt=max-size={text(size).lower()}"
    yield f"--log-opt=max-file={files + 1}"  # Docker counts the one that is written
    if files == 0 or boolean(config.get("application_logrotate_disable_compress")):
        yield "--log-opt=compress=false"  # Docker refuses to compress where nothing is kept


def environment(config: Mapping[str, Any]) -> dict[str, str]:
    """The definition's variables as text."""
    return {str(name): text(value) for name, value in (config.get("environment") or {}).items()}


def variables(config: Mapping[str, Any], application_id: str, application_version: str) -> Iterator[str]:
    ours = {
        "CREDENTIALS_DIR": CREDENTIALS,
        "APPLICATION_ID": application_id,
        "APPLICATION_VERSION": application_version,
    }
    for name, value in {**ours, **environment(config)}.items():
        yield "-e"
        yield f"{name}={value}"


def volumes(config: Mapping[str, Any]) -> Iterator[str]:
    mounted = ["/meta:/meta:ro"]
    if boolean(config.get("docker_daemon_access")):
        mounted.append("/var/run/docker.sock:/var/run/docker.sock")
    if boolean(config.get("mount_certs")):
        mounted.append("/etc/ssl/certs:/etc/ssl/certs:ro")
    if boolean(config.get("mount_var_log")):
        mounted.append("/var/log:/var/log-host:ro")
    if boolean(config.get("mount_custom_log")):
        mounted.append("/var/log-custom:/var/log:rw")
    mounted += [f"{MOUNTS}{path}:{path}" for path in config.get("mounts") or {}]
    for volume in mounted:
        yield "-v"
        yield volume


def ports(config: Mapping[str, Any]) -> Iterator[str]:
    for key, inside in (config.get("ports") or {}).items():
        host, _, protocol = str(key).partition("/")
        yield "-p"
        yield f"{host}:{text(inside).partition('/')[0]}" + (f"/{protocol}" if protocol else "")


def others(config: Mapping[str, Any]) -> Iterator[str]:
    if not boolean(config.get("root")):
        yield "-u"
        yield USER
    for key in ("privileged", "read_only"):
        if boolean(config.get(key)):
            yield f"--{key.replace('_', '-')}"
    for key, flag in (("hostname", "hostname"), ("networking", "net"), ("shm_size", "shm-size")):
        if config.get(key) is not None:
            yield f"--{flag}={text(config[key])}"
    for key, flag in (("capabilities_add", "cap-add"), ("capabilities_drop", "cap-drop")):
        value = config.get(key)
        items = value if isinstance(value, list) else [] if value is None else [value]
        for item in items:
            yield f"--{flag}={text(item)}"


def secrets_of(arguments: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """The arguments with ``-e NAME`` for each variable that names a secret, and what those name: ``{NAME: aws:…}``."""
    secrets: dict[str, str] = {}
    left: list[str] = []
    for before, argument in zip(["", *arguments], arguments, strict=False):
        name, _, value = argument.partition("=")
        if before == "-e" and value.startswith(SECRET_PREFIXES):
            secrets[name] = value
            left.append(name)
        else:
            left.append(argument)
    return left, secrets
