"""What is secret is told to CloudFormation and to nobody else: no output, event, table, template or report has it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from senza.aws import Aws
from senza.sandbox.embedded import EmbeddedSandbox

if TYPE_CHECKING:
    from tests.cli.conftest import Senza

PASSWORD = "correct-horse-battery"
PLAINTEXT = "top secret"
DEFINITION = """\
SenzaInfo:
  StackName: vault
  DatabaseToken: "senza:kms:{ciphertext}"
  Parameters:
    - Password: {{NoEcho: true, Description: "Of the database."}}
    - Size: {{Default: "1"}}
SenzaComponents:
  - Configuration: {{Type: Senza::StupsAutoConfiguration}}
Resources:
  Settings:
    Type: AWS::SSM::Parameter
    Properties: {{Name: /vault/settings, Type: String, Value: {{"Fn::Sub": "${{Password}} ${{DatabaseToken}}"}}}}
"""
EVERYTHING = (
    *("list vault", "resources vault", "events vault", "list", "wait vault 1"),
    *("dump vault 1", "dump vault 1 -o yaml", "delete vault 1 --dry-run"),
)


@pytest.fixture
def vault(sandbox: EmbeddedSandbox, tmp_path: Path) -> str:
    file = tmp_path / "vault.yaml"
    file.write_text(DEFINITION.format(ciphertext=sandbox.values["kms_ciphertext"]))
    return str(file)


def no_secret_in(text: str) -> bool:
    return PASSWORD not in text and PLAINTEXT not in text


def test_secrets_reach_the_stack_and_nothing_else(senza: Senza, vault: str, aws: Aws, sandbox: EmbeddedSandbox) -> None:
    for command in ("print", "print -o yaml", "create --dry-run", "create --wait", "update --dry-run", "update --wait"):
        name, *options = command.split()
        senza(name, vault, "1", PASSWORD, *options)
    for command in EVERYTHING:
        for output in ("-o json", "-o tsv") if command.split()[0] in ("list", "resources", "events") else ("",):
            senza(f"{command} {output}")
    assert no_secret_in(senza.said)
    assert '"Description": "Vault (Password: ****, Size: 1)"' in senza.said

    value = aws.call("ssm", "get_parameter", Name="/vault/settings")["Parameter"]["Value"]
    assert value == f"{PASSWORD} {PLAINTEXT}", "CloudFormation was not told"
    stack = aws.call("cloudformation", "describe_stacks", StackName="vault-1")["Stacks"][0]
    assert no_secret_in(json.dumps(stack, default=str))
    assert no_secret_in(json.dumps(aws.call("cloudformation", "get_template", StackName="vault-1"), default=str))


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["1", PASSWORD, "2", "3"], 2),  # too many
        (["1", f"Pasword={PASSWORD}"], 2),  # misspelt
        (["1", f"{PASSWORD}=", "2"], 2),  # base64 padding
        (["1", f"Password={PASSWORD}", f"Password={PASSWORD}"], 2),  # twice
        (["1-2", PASSWORD], 2),  # a bad version
    ],
)
def test_no_error_message_repeats_a_secret(senza: Senza, vault: str, words: list[str], code: int) -> None:
    for command in ("print", "create", "update"):
        senza(command, vault, *words, exit_code=code)
    assert no_secret_in(senza.said)


def test_what_aws_refuses_is_told_without_the_secret(senza: Senza, vault: str, sandbox: EmbeddedSandbox) -> None:
    sandbox.faults.add("cloudformation:CreateStack", code="ValidationError", message="Template error: no such thing")
    senza("create", vault, "1", PASSWORD, exit_code=1)
    assert "Template error: no such thing" in senza.said
    assert no_secret_in(senza.said)


def test_a_parameter_file_keeps_its_secret(senza: Senza, vault: str, tmp_path: Path) -> None:
    file = tmp_path / "values.yaml"
    file.write_text(f"Password: {PASSWORD}\nSize: 3\n")
    senza("create", vault, "1", "--parameter-file", str(file))
    file.write_text(f"Password: {PASSWORD}\nSise: 3\n")
    senza("create", vault, "2", "--parameter-file", str(file), exit_code=2)
    file.write_text(f"Password: [{PASSWORD}\n")
    senza("create", vault, "2", "--parameter-file", str(file), exit_code=2)
    senza("dump vault 1")
    assert no_secret_in(senza.said)


def test_a_secret_written_into_the_template_is_warned_of_by_its_name(senza: Senza, vault: str, tmp_path: Path) -> None:
    file = tmp_path / "careless.yaml"
    file.write_text(Path(vault).read_text().replace("${Password}", "{{Arguments.Password}}"))
    result = senza("print", str(file), "1", PASSWORD)
    assert "{{Arguments.Password}} writes a NoEcho value in clear text into the template" in result.stderr
    assert no_secret_in(result.stderr)
    assert PASSWORD in result.stdout
