"""``senza print --offline``: what a definition becomes, for who has no account."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from senza.aws import Aws
from senza.cli.context import Context
from senza.cli.main import cli
from senza.sandbox.embedded import EmbeddedSandbox

OLD = """\
SenzaInfo:
  StackName: kio
  Parameters:
    - ImageVersion: {Description: v}
SenzaComponents:
  - Configuration: {Type: Senza::StupsAutoConfiguration}
  - AppServer:
      Type: Senza::TaupageAutoScalingGroup
      InstanceType: t2.micro
      SecurityGroups: [app-of-nobody]
      IamRoles: [app-of-nobody]
      ElasticLoadBalancer: AppLoadBalancer
      TaupageConfig: {runtime: Docker, source: "pierone.example.org/kio:{{Arguments.ImageVersion}}"}
  - AppLoadBalancer:
      Type: Senza::WeightedDnsElasticLoadBalancer
      HTTPPort: 8080
      SecurityGroups: [app-of-nobody-lb]
      SSLCertificateId: certificate-of-nobody
"""


def offline(path: Path, *words: str) -> Result:
    return CliRunner().invoke(cli, ["print", str(path), *words, "--offline"], obj=Context(environ={}))


def test_an_old_definition_is_printed_and_nobody_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sandbox: EmbeddedSandbox
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", sandbox.endpoint.url)
    path = tmp_path / "kio.yaml"
    path.write_text(OLD)
    printed = offline(path, "1", "1.0", "--region", "eu-west-1")
    assert printed.exit_code == 0, printed.output
    assert printed.stderr == "Offline: what only the account knows is made up.\n"
    template = json.loads(printed.stdout)
    assert list(template["Mappings"]["Images"]) == ["eu-west-1"]
    assert template["Resources"]["AppLoadBalancerMainDomain"]["Properties"]["Name"] == "kio.example.org."
    assert offline(path, "1", "1.0", "--region", "eu-west-1").stdout == printed.stdout
    assert sandbox.log == []


def test_it_differs_from_the_real_one_in_facts_only(aws: Aws) -> None:
    path = Path(__file__).parents[2] / "definitions" / "hello-world.yaml"
    real = CliRunner().invoke(cli, ["print", str(path), "1", "0.1"], obj=Context(aws, environ={}))
    theirs, ours = json.loads(real.stdout)["Resources"], json.loads(offline(path, "1", "0.1").stdout)["Resources"]
    assert {name: one["Type"] for name, one in ours.items()} == {name: one["Type"] for name, one in theirs.items()}


def test_nobody_is_asked_whether_images_may_run(tmp_path: Path) -> None:
    said = offline(tmp_path / "kio.yaml", "1", "1.0", "--verify", "policy.yaml")
    assert (said.exit_code, "--verify asks registries" in said.stderr) == (2, True)


def test_a_mistake_is_the_same_message_as_ever(tmp_path: Path) -> None:
    path = tmp_path / "kio.yaml"
    path.write_text(OLD.replace("HTTPPort", "HTTPort"))
    said = offline(path, "1", "1.0")
    assert said.exit_code == 2
    assert f"{path}:16: SenzaComponents[2].AppLoadBalancer.HTTPort" in said.stderr
