"""``docker run`` as the Taupage contract has it, key by key."""

from __future__ import annotations

from typing import Any

import pytest

from senza.userdata.bootstrap import check, docker_run, secrets_of
from senza.userdata.bootstrap.keys import FAMILIES, KEYS, Becomes, known
from tests.userdata.bootstrap.functions import is_function

BASE: dict[str, Any] = {"runtime": "Docker", "source": "example/app:1"}
IMAGE = "example/app@sha256:1234"

CASES: dict[str, list[tuple[Any, str]]] = {
    "runtime": [("Docker", "")],
    "source": [("example/other:2", "")],  # the image is given with its digest
    "application_id": [("shop", "")],
    "application_version": [("1.0", "")],
    "environment": [
        ({"A": 1, "B": "x y", "C": True, "D": None}, "-e A=1|-e B=x y|-e C=true|-e D="),
        ({"K": "aws:kms:abc="}, "-e K=aws:kms:abc="),
        ({"CREDENTIALS_DIR": "/elsewhere"}, "-e CREDENTIALS_DIR=/elsewhere|not -e CREDENTIALS_DIR=/meta/credentials"),
    ],
    "credentials": [({"db": "aws:secretsmanager:db"}, "")],
    "ports": [({8080: 80, "8125/udp": "8125"}, "-p 8080:80|-p 8125:8125/udp")],
    "root": [(False, ""), ("no", ""), (True, "not -u 999"), ("true", "not -u 999")],
    "privileged": [(True, "--privileged"), (False, "")],
    "read_only": [(True, "--read-only"), ("false", "")],
    "hostname": [("box", "--hostname=box")],
    "networking": [("host", "--net=host")],
    "shm_size": [("128m", "--shm-size=128m")],
    "capabilities_add": [(["NET_ADMIN", "SYS_TIME"], "--cap-add=NET_ADMIN|--cap-add=SYS_TIME"), ("X", "--cap-add=X")],
    "capabilities_drop": [(["ALL"], "--cap-drop=ALL")],
    "dockercfg": [("aws:secretsmanager:registry", "")],
    "docker_daemon_access": [(True, "-v /var/run/docker.sock:/var/run/docker.sock")],
    "mount_certs": [(True, "-v /etc/ssl/certs:/etc/ssl/certs:ro")],
    "mount_var_log": [(True, "-v /var/log:/var/log-host:ro")],
    "mount_custom_log": [(True, "-v /var/log-custom:/var/log:rw")],
    "volumes": [({"ebs": {"/dev/sdf": "data"}, "raid": {"/dev/md0": {"level": 0, "devices": ["/dev/sdf"]}}}, "")],
    "mounts": [
        (
            {"/data": {"partition": "/dev/sdf"}, "/x": {"partition": "/dev/md0", "erase_on_boot": True}},
            "-v /mounts/data:/data|-v /mounts/x:/x",
        )
    ],
    "health_check_path": [("/health", "")],
    "health_check_port": [(8081, "")],
    "health_check_timeout_seconds": [(120, "")],
    "healthcheck": [({"type": "elb", "loadbalancer_name": "app-1"}, "")],
    "notify_cfn": [({"stack": "app-1", "resource": "AppServer"}, "")],
    "shutdown": [("on-exit", "")],
    "sysctl": [({"net.core.somaxconn": 1024}, "")],
    "sysfs": [({"/sys/kernel/mm/transparent_hugepage/enabled": "never"}, "")],
    "nat_gateways": [({"subnet-1": "10.0.0.1"}, "")],
    "ssh_ports": [([22, 2222], "")],
    "ssh_gateway_ports": [("clientspecified", ""), (True, "")],
    "keep_instance_users": [(True, "")],
    "cloudwatch_logs": [({"/var/log/messages": "host"}, "")],
    "enhanced_cloudwatch_metrics": [(True, "")],
    "application_logrotate_size": [("50M", "--log-opt=max-size=50m|not --log-opt=max-size=10m")],
    "application_logrotate_filesize": [("1g", "--log-opt=max-size=1g|not --log-opt=max-size=10m")],
    "application_logrotate_rotate": [(9, "--log-opt=max-file=10|not --log-opt=max-file=6")],
    "application_logrotate_disable_compress": [(True, "--log-opt=compress=false")],
    "customlog_logrotate_size": [("10M", "")],
    "customlog_logrotate_interval": [("daily", "")],
    "customlog_logrotate_rotate": [(3, "")],
    "customlog_logrotate_disable_copytruncate": [(True, "")],
    "customlog_logrotate_disable_delaycompress": [(True, "")],
    "customlog_logrotate_disable_compress": [(True, "")],
    "application_logrotate_interval": [("daily", "")],
    "application_logrotate_period": [("daily", "")],
    "application_logrotate_disable_copytruncate": [(True, "")],
    "application_logrotate_disable_delaycompress": [(True, "")],
}
"""Values of each key, and what they change in the arguments."""

TAUPAGE = [
    "application_id",
    "application_version",
    "runtime",
    "source",
    "environment",
    "ports",
    "root",
    "privileged",
    "read_only",
    "hostname",
    "networking",
    "shm_size",
    "capabilities_add",
    "capabilities_drop",
    "dockercfg",
    "docker_daemon_access",
    "mount_certs",
    "mount_var_log",
    "mount_custom_log",
    "volumes",
    "mounts",
    "health_check_path",
    "health_check_port",
    "health_check_timeout_seconds",
    "healthcheck",
    "notify_cfn",
    "shutdown",
    "sysctl",
    "sysfs",
    "nat_gateways",
    "ssh_ports",
    "ssh_gateway_ports",
    "keep_instance_users",
    "cloudwatch_logs",
    "enhanced_cloudwatch_metrics",
    "application_logrotate_size",
    "application_logrotate_interval",
    "application_logrotate_rotate",
    "application_logrotate_disable_copytruncate",
    "application_logrotate_disable_delaycompress",
    "application_logrotate_disable_compress",
    "customlog_logrotate_size",
    "customlog_logrotate_interval",
    "customlog_logrotate_rotate",
    "customlog_logrotate_disable_copytruncate",
    "customlog_logrotate_disable_delaycompress",
    "customlog_logrotate_disable_compress",
    "application_logrotate_filesize",
    "application_logrotate_period",
    "rsyslog_max_message_size",
    "rsyslog_aws_metadata",
    "rsyslog_application_log_format",
    "logging",
    "scalyr_account_key",
    "scalyr_region",
    "logentries_account_key",
    "instance_logs_url",
    "logsink_username",
    "logsink_password",
    "mint_bucket",
    "tokeninfo_url",
    "local_planb_tokeninfo",
    "token_service_url",
    "etcd_discovery_domain",
    "opa_enabled",
    "xray_enabled",
    "newrelic_account_key",
    "appdynamics_application",
    "nodejs_disable_snapshots",
    "hystrix",
    "domain",
    "kms_private_ssh_key",
]
"""The keys of the original."""


def run(config: dict[str, Any], **more: Any) -> list[str]:
    return docker_run(config, image=IMAGE, application_id="shop", application_version="1.0", **more)


def flags(arguments: list[str]) -> list[str]:
    """Each flag with its value in one text, without ``docker run`` and the image."""
    found: list[str] = []
    for argument in arguments[2:-1]:
        if found and found[-1] in ("-e", "-v", "-p", "-u"):
            found[-1] += f" {argument}"
        else:
            found.append(argument)
    return found


def test_what_every_container_gets() -> None:
    assert run(BASE) == [
        *("docker", "run", "-d"),
        *("--log-driver=local", "--log-opt=max-size=10m", "--log-opt=max-file=6"),
        *("--name=taupageapp", "--restart=on-failure:10"),
        *("-e", "CREDENTIALS_DIR=/meta/credentials", "-e", "APPLICATION_ID=shop", "-e", "APPLICATION_VERSION=1.0"),
        *("-v", "/meta:/meta:ro"),
        *("-u", "999"),
        IMAGE,
    ]


@pytest.mark.parametrize(
    ("key", "value", "expected"), [(key, value, flags) for key, cases in CASES.items() for value, flags in cases]
)
def test_key(key: str, value: Any, expected: str) -> None:
    config = {**BASE, key: value}
    problems = check({**config, "ports": config.get("ports", {80: 80})}, os="AmazonLinux2023", is_function=is_function)
    assert [problem for problem in problems if problem.fatal] == []
    before, after = flags(run(BASE)), flags(run(config))
    changes = [flag for flag in after if flag not in before] + [f"not {flag}" for flag in before if flag not in after]
    assert changes == [flag for flag in expected.split("|") if flag]


def test_every_key_of_the_original_is_known_and_every_allowed_one_is_tested() -> None:
    assert [name for name in TAUPAGE if known(name) is None] == []
    allowed = {name for name, key in KEYS.items() if key.becomes is not Becomes.REFUSED}
    assert set(CASES) == allowed
    for name in set(TAUPAGE) - allowed:
        key = known(name)
        assert key is not None
        assert key.instead, name
    assert set(FAMILIES) == {"scalyr_", "appdynamics_", "opa_"}


def test_logs_go_to_cloudwatch_where_a_group_is_named() -> None:
    assert flags(run({**BASE, "application_logrotate_size": "1m"}, log_group="shop"))[1:5] == [
        "--log-driver=awslogs",
        "--log-opt=awslogs-group=shop",
        "--log-opt=mode=non-blocking",
        "--log-opt=max-buffer-size=4m",
    ]


def test_docker_refuses_to_compress_where_nothing_is_kept() -> None:
    assert "--log-opt=compress=false" in run({**BASE, "application_logrotate_rotate": 0})


def test_secrets_are_taken_out_of_the_arguments() -> None:
    arguments = run({**BASE, "environment": {"A": "b", "K": "aws:kms:x=", "S": "aws:secretsmanager:db#p", "N": "aws:"}})
    left, secrets = secrets_of(arguments)
    assert secrets == {"K": "aws:kms:x=", "S": "aws:secretsmanager:db#p"}
    assert [one for one in flags(left) if one.startswith("-e")][3:] == ["-e A=b", "-e K", "-e S", "-e N=aws:"]
