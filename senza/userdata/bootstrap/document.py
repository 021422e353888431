"""What the bootstrap reads on the machine: ``config.json``, and the values of CloudFormation functions beside it.

A function cannot stand in the document itself: what it stands for could end a quoted text. So the document holds a mark
and a number in its place, and the values come in a file of their own, a line each, in base64 (``Fn::Base64``), whose
alphabet means nothing to YAML, JSON or a shell.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from senza.userdata.bootstrap.arguments import docker_run, environment
from senza.userdata.bootstrap.check import APPLICATION_LOG, health_port
from senza.userdata.bootstrap.model import IsFunction
from senza.userdata.bootstrap.shapes import boolean, text

USERS = {"AmazonLinux2023": "ec2-user", "Ubuntu": "ubuntu", "Flatcar": "core"}
FIRST_FUNCTION = 2
"""Lines of the values before those of functions: the stack and the resource to signal."""
HEALTH_TIMEOUT = 60
"""Seconds, as Taupage had it."""


@dataclass(frozen=True)
class Document:
    """config: text of config.json. values: lines of the values' file, texts or functions. routes: lines, may be empty.

    disks: whether there are any.
    """

    config: str
    values: tuple[Any, ...]
    routes: str
    disks: bool


def document(config: Mapping[str, Any], *, os: str, image: Any, log_group: Any, is_function: IsFunction) -> Document:
    """``config`` has passed ``check``."""
    present = {key: value for key, value in config.items() if value is not None}
    notify = present.get("notify_cfn") or {}
    mark = unused_word([present, image, log_group])
    values: list[Any] = [notify.get("stack", ""), notify.get("resource", "")]
    assert len(values) == FIRST_FUNCTION

    def marked(value: Any) -> Any:
        if is_function(value):
            values.append(value)
            return f"{mark}{len(values) - 1}x"
        if isinstance(value, Mapping):
            return {str(key): marked(item) for key, item in value.items()}
        if isinstance(value, list):
            return [marked(item) for item in value]
        return value if isinstance(value, str | int | float | bool | None) else str(value)

    plain = marked({key: value for key, value in present.items() if key != "nat_gateways"})
    tree = machine(plain, os, marked(image), marked(log_group))
    routes = "".join(f"{subnet} {gateway}\n" for subnet, gateway in (present.get("nat_gateways") or {}).items())
    return Document(
        config=json.dumps({"mark": mark, "config": tree}, indent=1) + "\n",
        values=tuple(encoded(value, is_function) for value in values),
        routes=routes,
        disks=bool(tree.get("mounts") or tree.get("ebs") or tree.get("raid")),
    )


def encoded(value: Any, is_function: IsFunction) -> Any:
    return {"Fn::Base64": value} if is_function(value) else base64.b64encode(text(value).encode()).decode()


def unused_word(tree: Any) -> str:
    """A word that occurs nowhere in the configuration."""
    found = repr(tree)
    word = "~fn"
    while word in found:
        word += "~"
    return word


def machine(config: Mapping[str, Any], os: str, image: str, log_group: str | None) -> dict[str, Any]:
    """The configuration as the bootstrap needs it: decided here what can be, so that little is decided there."""
    volumes = config.get("volumes") or {}
    found = {
        "user": USERS[os],
        "keep_user": boolean(config.get("keep_instance_users")),
        "root": boolean(config.get("root")),
        "sshd": sshd(config),
        "sysctl": texts(config.get("sysctl")),
        "sysfs": texts(config.get("sysfs")),
        "ebs": volumes.get("ebs"),
        "raid": volumes.get("raid"),
        "mounts": mounts(config),
        "image": image,
        "run": run(config, image, log_group),
        "environment": environment(config),
        "credentials": config.get("credentials"),
        "dockercfg": config.get("dockercfg"),
        "log_group": log_group,
        "custom_log": boolean(config.get("mount_custom_log")),
        "logrotate": logrotate(config),
        "agent": agent(config),
        "health": health(config),
        "balancer": (config.get("healthcheck") or {}).get("loadbalancer_name"),
        "shutdown": config.get("shutdown", "never"),
        "meta": {key: value for key, value in config.items() if key not in ("dockercfg", "environment")}
        | {"source": image},
    }
    return {key: value for key, value in found.items() if value not in (None, {}, [])} | {"sshd": found["sshd"]}


def run(config: Mapping[str, Any], image: str, log_group: str | None) -> list[str]:
    """The arguments but for the definition's variables, which the machine adds, and the image."""
    names = environment(config)
    bare = {key: value for key, value in config.items() if key != "environment"}
    arguments = docker_run(
        bare,
        image=image,
        application_id=text(config.get("application_id")),
        application_version=text(config.get("application_version")),
        log_group=log_group,
    )[2:-1]
    left: list[str] = []
    for argument in arguments:
        if left and left[-1] == "-e" and argument.partition("=")[0] in names:
            left.pop()
        else:
            left.append(argument)
    return left


def texts(mapping: Mapping[str, Any] | None) -> dict[str, str]:
    return {key: text(value) for key, value in (mapping or {}).items()}


def mounts(config: Mapping[str, Any]) -> list[dict[str, str]]:
    """erase: ``tag`` where the volume's tag decides (``Taupage:erase-on-boot``)."""
    return [
        {
            "path": path,
            "partition": mount["partition"],
            "filesystem": mount.get("filesystem") or "ext4",
            "erase": "tag" if mount.get("erase_on_boot") is None else text(boolean(mount["erase_on_boot"])),
            "options": text(mount.get("options")),
        }
        for path, mount in (config.get("mounts") or {}).items()
    ]


def sshd(config: Mapping[str, Any]) -> list[str]:
    """Lines for sshd_config(5)."""
    ports = config.get("ssh_ports")
    lines = [f"Port {port}" for port in (ports if isinstance(ports, list) else [] if ports is None else [ports])]
    gateway = config.get("ssh_gateway_ports")
    if gateway is not None:
        lines.append(f"GatewayPorts {gateway if gateway == 'clientspecified' else 'yes' if boolean(gateway) else 'no'}")
    return lines


def health(config: Mapping[str, Any]) -> dict[str, str] | None:
    if not config.get("health_check_path"):
        return None
    timeout = config.get("health_check_timeout_seconds")
    return {
        "path": text(config["health_check_path"]),
        "port": text(health_port(config)),
        "timeout": str(HEALTH_TIMEOUT if timeout is None else int(timeout)),
    }


def logrotate(config: Mapping[str, Any]) -> str | None:
    """Configuration of logrotate(8) for what the container writes into /var/log-custom."""
    if not boolean(config.get("mount_custom_log")):
        return None
    settings = {key.removeprefix("customlog_logrotate_"): value for key, value in config.items()}
    lines = ["missingok", "notifempty", f"size {settings['size']}" if "size" in settings else "size 10M"]
    if "interval" in settings:
        # both together: at least this often, and sooner where the file is that large
        lines[-1] = lines[-1].replace("size", "maxsize")
        lines.append(text(settings["interval"]))
    lines.append(f"rotate {settings.get('rotate', 5)}")
    lines += [] if boolean(settings.get("disable_copytruncate")) else ["copytruncate"]
    lines += [] if boolean(settings.get("disable_compress")) else ["compress"]
    lines += [] if boolean(settings.get("disable_delaycompress")) else ["delaycompress"]
    body = "".join(f"    {line}\n" for line in lines)
    return "/var/log-custom/*.log {\n" + body + "}"


def agent(config: Mapping[str, Any]) -> dict[str, Any] | None:
    """Configuration of the CloudWatch agent ("Manually create or edit the CloudWatch agent configuration file")."""
    files = {file: group for file, group in (config.get("cloudwatch_logs") or {}).items() if file != APPLICATION_LOG}
    found: dict[str, Any] = {}
    if files:
        collected = [
            {"file_path": file, "log_group_name": group, "log_stream_name": "{instance_id}"}
            for file, group in files.items()
        ]
        found["logs"] = {"logs_collected": {"files": {"collect_list": collected}}}
    if boolean(config.get("enhanced_cloudwatch_metrics")):
        places = ["/", *(f"/mounts{path}" for path in config.get("mounts") or {})]
        found["metrics"] = {
            "append_dimensions": {"AutoScalingGroupName": "${aws:AutoScalingGroupName}"},
            "metrics_collected": {
                "mem": {"measurement": ["mem_used_percent"]},
                "disk": {"measurement": ["used_percent"], "resources": places},
            },
        }
    return {"agent": {"run_as_user": "root"}, **found} if found else None
