"""What is wrong with a ``TaupageConfig`` that is to run on a stock image."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from senza.userdata.bootstrap.keys import AGENT_ONLY, KEYS, Becomes, known
from senza.userdata.bootstrap.model import OSES, IsFunction, Problem
from senza.userdata.bootstrap.shapes import boolean, did_you_mean, is_boolean, misfits, port_number

APPLICATION_LOG = "/var/log/application.log"
NOT_FOR_US = {
    "Bottlerocket": "Bottlerocket runs the containers of ECS and Kubernetes; an instance that runs one by itself would "
    "need a bootstrap container of your own, privileged, with none of Docker's options for users, ports and logs",
}


def os_problem(os: str) -> Problem | None:
    """Why there is no bootstrap for that image."""
    if os in OSES:
        return None
    choices = f"Choose one of {', '.join(OSES)}."
    if os in NOT_FOR_US:
        return Problem((), f"there is no bootstrap for {os}: {NOT_FOR_US[os]}", choices)
    return Problem((), f"there is no bootstrap for the image {os!r}", did_you_mean(os, OSES) or choices)


def check(config: Mapping[str, Any], *, os: str, is_function: IsFunction) -> list[Problem]:
    """All that is wrong, in the order of the configuration; empty where user data can be made of it without loss."""
    wrong = os_problem(os)
    found = [wrong] if wrong else []
    for name, value in config.items():
        found += key_problems(str(name), value, os, is_function)
    if not any(problem.fatal for problem in found):
        found += together(config, os)
    return found


def key_problems(name: str, value: Any, os: str, is_function: IsFunction) -> Iterator[Problem]:
    key = known(name)
    if key is None:
        yield Problem((name,), "is not known", did_you_mean(name, KEYS))
    elif value is None:
        return  # as good as absent, which is how templating leaves things out
    elif key.becomes is Becomes.REFUSED:
        yield Problem((name,), f"does not exist on stock images ({key.meaning})", f"Instead: {key.instead}.")
    elif key.becomes is Becomes.NEEDLESS:
        yield Problem((name,), f"has no effect on stock images: {key.meaning}", fatal=False)
    elif os in key.not_on and not (is_boolean(value) and not boolean(value)):
        yield Problem((name,), f"cannot be had on {os}: {key.not_on[os]}", "Use Image: AmazonLinux2023.")
    else:
        yield from misfits(value, key.shape, (name,), is_function)


def together(config: Mapping[str, Any], os: str) -> Iterator[Problem]:
    """What is wrong with keys that are right one by one."""
    if not config.get("source"):
        yield Problem(("source",), "is missing", "Name the image, e.g. source: ghcr.io/example/app:1.0.")
    if config.get("health_check_path") and health_port(config) is None:
        yield Problem(("health_check_path",), "there is no TCP port to ask", "Give ports or health_check_port.")
    others = [file for file in config.get("cloudwatch_logs") or {} if file != APPLICATION_LOG]
    if others and os in AGENT_ONLY:
        hint = f"Use Image: AmazonLinux2023, or name {APPLICATION_LOG} alone, which is the container's log."
        yield Problem(("cloudwatch_logs", others[0]), f"cannot be had on {os}: {AGENT_ONLY[os]}", hint)
    yield from dockercfg_problems(config.get("dockercfg"))


def dockercfg_problems(value: Any) -> Iterator[Problem]:
    if value is None or (isinstance(value, str) and value.startswith(("aws:kms:", "aws:ssm:", "aws:secretsmanager:"))):
        return
    if isinstance(value, Mapping) or (isinstance(value, str) and value.lstrip().startswith("{")):
        hint = "Put it into Secrets Manager, and write dockercfg: aws:secretsmanager:NAME."
        yield Problem(("dockercfg",), "is readable for everybody who may read the stack's template", hint, fatal=False)
    else:
        yield Problem(("dockercfg",), "must be credentials in Docker's format or a reference to a secret")


def health_port(config: Mapping[str, Any]) -> int | None:
    """The port of the host to ask: the one given, else the lowest TCP port."""
    if config.get("health_check_port") is not None:
        return int(config["health_check_port"])
    every = [str(port) for port in config.get("ports") or {}]
    ports = [port_number(port) for port in every if not port.endswith(("/udp", "/sctp"))]
    return min(ports, default=None)
