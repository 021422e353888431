"""Two accounts on the sandbox, staging and live, and the command line in a repository that says so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from senza.aws import Aws
from senza.cli.context import Context
from senza.cli.main import cli
from senza.clock import Clock
from senza.journal import Caller, Journal, Operation
from senza.sandbox.embedded import EmbeddedSandbox

DEFINITIONS = Path(__file__).parents[2] / "definitions"
STAGING, LIVE = "111111111111", "222222222222"
REGIONS = {"staging": "eu-central-1", "live": "eu-west-1"}
ACCOUNTS = {"staging": STAGING, "live": LIVE}
ROLLOUT = """  Rollout:
    Strategy: Canary
    Steps: [{Weight: 100, Bake: 1m}]
    Gates: [{ErrorRatio: off}, {Latency: off}, {HealthyHosts: off}]
"""


class Repository:
    """Definitions beside a senza.yaml; each command as in a process of its own."""

    def __init__(self, sandbox: EmbeddedSandbox, clock: Clock, directory: Path) -> None:
        self.sandbox = sandbox
        self.clock = clock
        self.directory = directory
        self._doors: dict[str, Aws] = {}
        self.environments()

    def environments(self, **parameters: str) -> None:
        """Write senza.yaml; by environment the lines of its parameters, ``"Size: 3"``, separated by ``;``."""
        lines = ["environments:"]
        for name, account in ACCOUNTS.items():
            lines += [f"  {name}:", f'    account: "{account}"', f"    region: {REGIONS[name]}"]
            lines += ["    parameters:"] if name in parameters else []
            lines += [f"      {line.strip()}" for line in parameters.get(name, "").split(";") if line]
        (self.directory / "senza.yaml").write_text("\n".join(lines) + "\n")

    def define(self, name: str, text: str = "", *changes: tuple[str, str]) -> None:
        """Write a definition: this text, or an example, with some texts in place of others."""
        text = text or (DEFINITIONS / f"{name}.yaml").read_text().replace(
            "  Parameters:\n", f"{ROLLOUT}  Parameters:\n"
        )
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new)
        (self.directory / f"{name}.yaml").write_text(text)

    def context(self, environment: str = "") -> Context:
        context = Context(Aws(endpoint=self.sandbox.endpoint), clock=self.clock, environ={}, interactive=False)
        return context.in_environment(environment) if environment else context

    def aws(self, environment: str) -> Aws:
        """Always the same one: making clients is what takes the time here."""
        if environment not in self._doors:
            self._doors[environment] = self.context(environment).aws()
        return self._doors[environment]

    def __call__(self, command: str, *words: str, exit_code: int = 0, **given: Any) -> Result:
        result = CliRunner().invoke(cli, [*command.split(), *words], obj=self.context(), **given)
        assert result.exit_code == exit_code, f"{command}: {result.exit_code} {result.output} {result.exception!r}"
        return result

    def template(self, environment: str, stack: str) -> dict[str, Any]:
        body: dict[str, Any] = self.aws(environment).call("cloudformation", "get_template", StackName=stack)
        return body["TemplateBody"]  # type: ignore[no-any-return]

    def stack(self, environment: str, stack: str) -> dict[str, Any]:
        found = self.aws(environment).call("cloudformation", "describe_stacks", StackName=stack)["Stacks"][0]
        tags = {tag["Key"]: tag["Value"] for tag in found.get("Tags", ())}
        values = {one["ParameterKey"]: one["ParameterValue"] for one in found.get("Parameters", ())}
        return {"status": found["StackStatus"], "id": found["StackId"], "tags": tags, "parameters": values}

    def rollout(self, environment: str, app: str) -> Operation:
        aws = self.aws(environment)
        caller = Caller(aws)
        journal = Journal(aws, self.clock, account_id=caller.account_id, who=caller.who)
        found = journal.newest(app, "rollout")
        assert found is not None
        return found


@pytest.fixture
def senza(sandbox: EmbeddedSandbox, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    monkeypatch.chdir(tmp_path)
    return Repository(sandbox, clock, tmp_path)
