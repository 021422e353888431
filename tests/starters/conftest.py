"""``senza init`` as a user has it, in the sandbox."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from senza.aws import Aws
from senza.cli.context import Context
from senza.cli.main import cli
from senza.clock import Clock
from senza.sandbox.embedded import EmbeddedSandbox

ANSWERS: dict[str, dict[str, str]] = {
    "webapp": {"application_id": "shop", "docker_image": "acme/shop"},
    "bgapp": {"application_id": "shop", "docker_image": "acme/shop"},
    "postgresapp": {"application_id": "shop-db", "etcd_discovery_domain": "etcd.example.org"},
    "rediscluster": {"application_id": "shop", "client_security_group": "app-kio"},
    "redisnode": {"application_id": "shop"},
}
"""The answers that have no default, by starter."""
ARGUMENTS = {"webapp": ["0.1"], "bgapp": ["0.1"], "postgresapp": ["Image=acme/spilo:1"]}
"""Arguments for a stack of the definition, with images of no registry, which nobody has to ask for them."""
READING = ("Describe", "List", "Get", "Head", "HEAD")


@dataclass
class Init:
    folder: Path
    aws: Aws
    clock: Clock
    sandbox: EmbeddedSandbox
    environ: dict[str, str] = field(default_factory=dict)

    @property
    def file(self) -> Path:
        return self.folder / "app.yaml"

    def senza(self, *words: str, aws: Aws | None = None, stdin: str | None = None) -> Result:
        """Any command; a terminal is there where something is typed."""
        context = Context(aws or self.aws, clock=self.clock, environ=self.environ, interactive=stdin is not None)
        return CliRunner().invoke(cli, words, obj=context, input=stdin)

    def __call__(
        self, starter: str, *options: str, aws: Aws | None = None, stdin: str | None = None, **answers: str
    ) -> Result:
        """``senza init app.yaml -t starter`` with the answers that have no default, and those given."""
        given = {**ANSWERS[starter], **answers}
        words = [word for key, value in given.items() for word in ("-v", f"{key}={value}")]
        return self.senza("init", str(self.file), "-t", starter, *words, *options, aws=aws, stdin=stdin)

    def changes(self) -> list[str]:
        """The calls so far that change something, or that only changes need."""
        return [str(call) for call in self.sandbox.log if not call.operation.startswith(READING)]

    def group(self, name: str) -> dict[str, Any]:
        filters = [{"Name": "group-name", "Values": [name]}]
        (found,) = self.aws.pages("ec2", "describe_security_groups", "SecurityGroups", Filters=filters)
        described: dict[str, Any] = found
        return described

    def rules(self, name: str) -> list[tuple[int, int, Sequence[str]]]:
        """First port, last port and sources of what a group lets in."""
        return sorted(
            (
                rule["FromPort"],
                rule["ToPort"],
                [
                    *(item["CidrIp"] for item in rule.get("IpRanges", ())),
                    *(item["CidrIpv6"] for item in rule.get("Ipv6Ranges", ())),
                    *(item["GroupId"] for item in rule.get("UserIdGroupPairs", ())),
                ],
            )
            for rule in self.group(name)["IpPermissions"]
        )


@pytest.fixture
def init(tmp_path: Path, aws: Aws, clock: Clock, sandbox: EmbeddedSandbox) -> Init:
    return Init(tmp_path, aws, clock, sandbox)
