"""An app in the sandbox with a version that has traffic and requests, and the command line beside it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from senza.aws import Aws, Call
from senza.cli.context import Context
from senza.cli.main import cli
from senza.clock import Clock
from senza.journal import Caller, Journal, Operation
from senza.rollout.progress import Progress, progress
from senza.sandbox.embedded import EmbeddedSandbox
from senza.sandbox.load.syntax import load_of

DEFINITIONS = Path(__file__).parents[2] / "definitions"
HELLO_WORLD = DEFINITIONS / "hello-world.yaml"
APP = "hello-world"
DOMAIN = "hello-world.hello.example.org"
STEPS = "[{Weight: 20, Bake: 3m}, {Weight: 100, Bake: 2m}]"


class Rollouts:
    """The app hello-world, whose definition gets a Rollout section, and what became of it."""

    def __init__(self, sandbox: EmbeddedSandbox, clock: Clock, directory: Path) -> None:
        self.sandbox = sandbox
        self.clock = clock
        self.directory = directory
        self.aws = Aws(endpoint=sandbox.endpoint)
        self.door = Aws(endpoint=sandbox.endpoint)
        self.journal = self._journal()
        self.definition = ""
        self.define(f"Steps: {STEPS}")

    def _journal(self) -> Journal:
        caller = Caller(self.aws)
        return Journal(self.aws, self.clock, account_id=caller.account_id, who=caller.who)

    def source(self) -> str:
        """The definition without a Rollout section."""
        return HELLO_WORLD.read_text()

    def define(self, *lines: str, **sizes: int) -> None:
        """Give the definition this Rollout section, and its group these sizes (minimum, maximum)."""
        section = "".join(f"    {line}\n" for line in lines)
        text = self.source().replace("  Parameters:\n", f"  Rollout:\n{section}  Parameters:\n")
        if sizes:
            scaling = f"      AutoScaling: {{Minimum: {sizes['minimum']}, Maximum: {sizes['maximum']}}}\n"
            text = text.replace("      ElasticLoadBalancer:", f"{scaling}      ElasticLoadBalancer:")
        path = self.directory / "definition.yaml"
        path.write_text(text)
        self.definition = str(path)

    def senza(
        self,
        command: str,
        *,
        exit_code: int | None = 0,
        observe: Callable[[Call], None] | None = None,
        clock: Clock | None = None,
        environ: dict[str, str] | None = None,
        fresh: bool = False,
    ) -> Result:
        """A command in a process of its own, as far as anything is kept in memory; ``DEF`` is the definition.

        fresh: with connections and a retry quota of its own, too, which takes longer.
        """
        words = [self.definition if word == "DEF" else word for word in command.split()]
        aws = Aws(endpoint=self.sandbox.endpoint) if fresh else self.door
        before, aws.observe = aws.observe, observe
        context = Context(aws, clock=clock or self.clock, environ=environ or {}, interactive=False)
        try:
            result = CliRunner().invoke(cli, words, obj=context)
        finally:
            aws.observe = before
        if exit_code is not None:
            assert result.exit_code == exit_code, f"{command}: {result.exit_code} {result.output}"
        return result

    def start(self, requests: str = "3000/m", *, lag: str = "0s", **given: str) -> None:
        """Version 1 with all traffic and this load, five minutes of which are over."""
        self.senza("create DEF 1 0.1")
        self.senza(f"traffic {APP} 1 100")
        self.load(requests, 1, lag, **given)
        self.sandbox.advance(300)

    def load(self, requests: str = "3000/m", seed: int = 1, lag: str = "0s", **given: str) -> None:
        """given: errors, latency, metrics: as on the command line of ``senza sandbox load``, separated by spaces."""
        texts = {name: given.get(name, "").split() for name in ("errors", "latency", "metrics")}
        self.sandbox.load(APP, load_of(requests, texts, lag, seed))

    def weights(self) -> dict[str, int]:
        """Version to weight on the main domain."""
        zone = self.sandbox.values["zone_ids"]["hello.example.org."]
        records = self.aws.pages("route53", "list_resource_record_sets", "ResourceRecordSets", HostedZoneId=zone)
        return {
            record["SetIdentifier"].rpartition("-")[2]: record["Weight"]
            for record in records
            if record["Name"] == f"{DOMAIN}." and "Weight" in record
        }

    def sizes(self) -> dict[str, tuple[int, int]]:
        """Version to minimum and desired capacity."""
        groups = self.aws.pages("autoscaling", "describe_auto_scaling_groups", "AutoScalingGroups")
        return {
            tags["StackVersion"]: (group["MinSize"], group["DesiredCapacity"])
            for group in groups
            for tags in [{tag["Key"]: tag["Value"] for tag in group["Tags"]}]
        }

    def stacks(self) -> dict[str, str]:
        """Version to status of the stack."""
        found = self.aws.pages("cloudformation", "describe_stacks", "Stacks")
        return {item["StackName"].rpartition("-")[2]: item["StackStatus"] for item in found}

    def operation(self) -> Operation:
        found = self.journal.newest(APP, "rollout")
        assert found is not None
        return found

    def progress(self) -> Progress:
        return progress(self.operation().entries)


@pytest.fixture
def rollouts(sandbox: EmbeddedSandbox, clock: Clock, tmp_path: Path) -> Rollouts:
    return Rollouts(sandbox, clock, tmp_path)
