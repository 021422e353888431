"""Every key of ``TaupageConfig``: its type, what it means on a stock image, and what stands in for what is gone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from senza.userdata.bootstrap import shapes
from senza.userdata.bootstrap.model import AnyShape, Listing, Record, Shape, Table
from senza.userdata.bootstrap.shapes import (
    ABSOLUTE,
    ADDRESS,
    BOOLEAN,
    CONTAINER_PORT,
    COUNT,
    DEVICE,
    DEVICE_NAME,
    FILE_NAME,
    KERNEL_SETTING,
    LINE,
    PORT_NUMBER,
    SECRET_REFERENCE,
    SHM_SIZE,
    SIZE_TEXT,
    TEXT,
    VALUE,
    VARIABLE,
)


class Becomes(Enum):
    SUPPORTED = "supported"
    NEEDLESS = "needless"
    """Accepted: it asks for nothing that the bootstrap could do or leave undone."""
    REFUSED = "refused"


@dataclass(frozen=True)
class Key:
    """meaning: what it does, or what it did. instead: what to write in the place of a refused one.

    not_on: images on which it cannot be had, and why.
    """

    name: str
    shape: AnyShape
    meaning: str
    becomes: Becomes = Becomes.SUPPORTED
    instead: str = ""
    not_on: Mapping[str, str] = field(default_factory=dict)


ANYTHING = Shape("anything", lambda value: True)
AGENT_ONLY = {
    "Ubuntu": "its package repositories have no amazon-cloudwatch-agent",
    "Flatcar": "it has no package manager that could install the amazon-cloudwatch-agent",
}
SOCKET_SSH = {"Flatcar": "systemd listens for its SSH server"}
NO_LOGROTATE = {"Flatcar": "it has no package manager that could install logrotate"}
SECRETS = "values such as aws:secretsmanager:NAME in environment, or credentials for files in /meta/credentials"
VENDOR = "a sidecar of your log vendor, or its subscription to the CloudWatch log group"
PORT_WORDS = "port of the host, e.g. 8080 or 8125/udp"
MOUNT = Record(
    {"partition": DEVICE_NAME, "filesystem": shapes.choice("ext4", "ext3", "xfs"), "erase_on_boot": BOOLEAN}
    | {"options": LINE},
    frozenset({"partition"}),
)
RAID = Record(
    {"level": shapes.choice("0", "1", "4", "5", "6", "10"), "devices": Listing(DEVICE_NAME, single=False)},
    frozenset({"level", "devices"}),
)


def table(key: str, value: Shape | Listing | Record, pattern: re.Pattern[str]) -> Table:
    return Table(key, value, lambda name: pattern.fullmatch(name) is not None)


SUPPORTED = (
    Key("runtime", shapes.choice("Docker"), "How to run it: Docker."),
    Key("source", LINE, "The image; its digest is looked up when the stack is created."),
    Key("application_id", LINE, "APPLICATION_ID in the container."),
    Key("application_version", LINE, "APPLICATION_VERSION in the container."),
    Key(
        "environment",
        table("variable name", VALUE, VARIABLE),
        "Environment of the container: -e NAME=VALUE. Values that begin with aws:kms:, aws:ssm: or "
        "aws:secretsmanager: are resolved on the instance.",
    ),
    Key(
        "credentials",
        table("file name", SECRET_REFERENCE, FILE_NAME),
        "Secrets that the container reads as files /meta/credentials/NAME (not in Taupage).",
    ),
    Key(
        "ports",
        Table(PORT_WORDS, CONTAINER_PORT, shapes.is_port),
        "Ports of the host and those of the container behind them: -p HOST:CONTAINER.",
    ),
    Key("root", BOOLEAN, "Run as root and not as user 999 (-u 999)."),
    Key("privileged", BOOLEAN, "--privileged"),
    Key("read_only", BOOLEAN, "A read-only root file system: --read-only."),
    Key("hostname", LINE, "--hostname="),
    Key("networking", LINE, "--net=, e.g. host."),
    Key("shm_size", SHM_SIZE, "Size of /dev/shm: --shm-size=."),
    Key("capabilities_add", Listing(LINE), "--cap-add= each."),
    Key("capabilities_drop", Listing(LINE), "--cap-drop= each."),
    Key(
        "dockercfg",
        ANYTHING,
        "Credentials for the registry in Docker's format, better as aws:secretsmanager:NAME. ECR needs none: the "
        "instance's role is used.",
    ),
    Key("docker_daemon_access", BOOLEAN, "Mount the Docker socket: who has it, has the instance."),
    Key("mount_certs", BOOLEAN, "-v /etc/ssl/certs:/etc/ssl/certs:ro"),
    Key("mount_var_log", BOOLEAN, "-v /var/log:/var/log-host:ro"),
    Key("mount_custom_log", BOOLEAN, "-v /var/log-custom:/var/log:rw"),
    Key(
        "volumes",
        Record({"ebs": table("device", LINE, DEVICE), "raid": table("device", RAID, DEVICE)}),
        "ebs: volumes of this zone to attach, each by its Name tag. raid: arrays to put together with mdadm.",
    ),
    Key(
        "mounts",
        table("absolute path", MOUNT, ABSOLUTE),
        "Partitions to format where they are empty (or erase_on_boot says so), check, grow and mount: "
        "-v /mountsPATH:PATH.",
    ),
    Key("health_check_path", LINE, "Path that must answer 200 before success is signalled."),
    Key("health_check_port", PORT_NUMBER, "Port of the host for that; else the lowest TCP port in ports."),
    Key("health_check_timeout_seconds", COUNT, "How long to wait for it, 60 unless given."),
    Key(
        "healthcheck",
        Record({"type": shapes.choice("elb"), "loadbalancer_name": LINE}, frozenset({"type", "loadbalancer_name"})),
        "Also wait, at most 300 s, until this classic load balancer has the instance in service.",
    ),
    Key("notify_cfn", Record({"stack": LINE, "resource": LINE}, frozenset({"stack", "resource"})), "Where to signal."),
    Key(
        "shutdown",
        shapes.choice("never", "on-exit", "on-success"),
        "Shut the instance down when the container has ended, for batch jobs.",
    ),
    Key("sysctl", table("kernel setting", TEXT, KERNEL_SETTING), "Kernel settings, e.g. net.core.somaxconn: 4096."),
    Key("sysfs", table("path below /sys", TEXT, KERNEL_SETTING), "What to write into files below /sys."),
    Key("nat_gateways", Table("subnet", ADDRESS), "Address of the default route, by subnet."),
    Key("ssh_ports", Listing(PORT_NUMBER), "Ports of the SSH server.", not_on=SOCKET_SSH),
    Key(
        "ssh_gateway_ports",
        Shape(
            "boolean, or clientspecified", lambda value: shapes.is_boolean(value) or value == "clientspecified", False
        ),
        "GatewayPorts of sshd.",
        not_on=SOCKET_SSH,
    ),
    Key("keep_instance_users", BOOLEAN, "Leave the image's user (ec2-user, ubuntu, core) able to log in."),
    Key(
        "cloudwatch_logs",
        table("absolute path", LINE, ABSOLUTE),
        "Log groups of files of the host; that of /var/log/application.log is the container's (awslogs).",
    ),
    Key(
        "enhanced_cloudwatch_metrics",
        BOOLEAN,
        "Memory and disk of the host in CloudWatch (namespace CWAgent).",
        not_on=AGENT_ONLY,
    ),
    Key("application_logrotate_size", SIZE_TEXT, "Size at which the container's log on the instance is rotated (10m)."),
    Key("application_logrotate_filesize", SIZE_TEXT, "Old name of application_logrotate_size."),
    Key("application_logrotate_rotate", COUNT, "Rotated files of it that are kept, 5 unless given."),
    Key("application_logrotate_disable_compress", BOOLEAN, "Do not compress them."),
    Key(
        "customlog_logrotate_size",
        SIZE_TEXT,
        "Size at which /var/log-custom/*.log are rotated.",
        not_on=NO_LOGROTATE,
    ),
    Key(
        "customlog_logrotate_interval",
        shapes.choice("hourly", "daily", "weekly", "monthly", "yearly"),
        "How often they are rotated.",
        not_on=NO_LOGROTATE,
    ),
    Key("customlog_logrotate_rotate", COUNT, "How many rotated ones are kept.", not_on=NO_LOGROTATE),
    Key(
        "customlog_logrotate_disable_copytruncate",
        BOOLEAN,
        "Move the file, do not copy and truncate it.",
        not_on=NO_LOGROTATE,
    ),
    Key("customlog_logrotate_disable_delaycompress", BOOLEAN, "Compress it at once.", not_on=NO_LOGROTATE),
    Key("customlog_logrotate_disable_compress", BOOLEAN, "Do not compress it.", not_on=NO_LOGROTATE),
)

NEEDLESS = tuple(
    Key(name, ANYTHING, meaning, Becomes.NEEDLESS)
    for name, meaning in {
        "application_logrotate_interval": "Docker rotates the container's log by size alone.",
        "application_logrotate_period": "Docker rotates the container's log by size alone.",
        "application_logrotate_disable_copytruncate": "Docker writes the container's log and rotates it itself.",
        "application_logrotate_disable_delaycompress": "Docker writes the container's log and rotates it itself.",
    }.items()
)

LOGS_INSTEAD = f"cloudwatch_logs, or {VENDOR}"
GONE = {
    "scalyr_account_key": ("shipped the logs to Scalyr", LOGS_INSTEAD),
    "logentries_account_key": ("shipped the logs to Logentries", LOGS_INSTEAD),
    "instance_logs_url": ("shipped the audit logs of the instance to a service of Taupage", LOGS_INSTEAD),
    "logsink_username": ("user of instance_logs_url", LOGS_INSTEAD),
    "logsink_password": ("password of instance_logs_url", LOGS_INSTEAD),
    "logging": ("shipped the logs by fluentd to S3, Scalyr or rsyslog", LOGS_INSTEAD),
    "rsyslog_max_message_size": ("limit of rsyslog", "cloudwatch_logs (a line may have 256 KB there)"),
    "rsyslog_aws_metadata": ("added the instance to each line", "cloudwatch_logs (its streams bear the instance id)"),
    "rsyslog_application_log_format": ("format of /var/log/application.log", "the format that your application writes"),
    "mint_bucket": ("OAuth credentials fetched into /meta/credentials", SECRETS),
    "tokeninfo_url": ("address of the token info service", "environment: {TOKENINFO_URL: …}"),
    "local_planb_tokeninfo": ("token info service on the instance", "a sidecar, or environment: {TOKENINFO_URL: …}"),
    "token_service_url": ("where OAuth tokens are made", "environment: {OAUTH2_ACCESS_TOKEN_URL: …}"),
    "etcd_discovery_domain": ("an etcd proxy on the instance", "environment with the etcd endpoints"),
    "xray_enabled": ("the X-Ray daemon", "the AWS Distro for OpenTelemetry in your image or as a sidecar"),
    "newrelic_account_key": ("the New Relic agent of the host", "the New Relic agent in your image"),
    "nodejs_disable_snapshots": ("a switch of the AppDynamics agent", "the agent's own settings in environment"),
    "hystrix": (
        "told dashboards where the Hystrix stream is",
        "metrics that your application publishes",
    ),
    "domain": ("the domain of the instance's host name", "hostname: NAME.DOMAIN"),
    "kms_private_ssh_key": ("an SSH key for the application, decrypted by KMS", "credentials: {ssh-key: aws:kms:…}"),
}
FAMILIES = {
    "scalyr_": ("settings of the Scalyr agent", LOGS_INSTEAD),
    "appdynamics_": ("the AppDynamics agent", "the agent in your image, with its settings in environment"),
    "opa_": ("an Open Policy Agent on the instance", "a sidecar, or OPA inside of your image"),
}
"""Prefixes of keys that had one meaning together."""

KEYS: dict[str, Key] = {
    key.name: key
    for key in (
        *SUPPORTED,
        *NEEDLESS,
        *(Key(name, ANYTHING, was, Becomes.REFUSED, instead) for name, (was, instead) in GONE.items()),
    )
}


def known(name: str) -> Key | None:
    """What is known of a key, by its name or by its family's."""
    if name in KEYS:
        return KEYS[name]
    for prefix, (was, instead) in FAMILIES.items():
        if name.startswith(prefix):
            return Key(name, ANYTHING, was, Becomes.REFUSED, instead)
    return None
