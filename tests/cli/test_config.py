"""``senza config``, and the one setting that there is at work."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from senza.cli.context import Context
from senza.cli.main import cli
from senza.cli.settings import read_settings, settings_file


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"XDG_CONFIG_HOME": str(tmp_path / "config")}


def config(environ: dict[str, str], *words: str) -> Result:
    return CliRunner().invoke(cli, ["config", *words], obj=Context(environ=environ))


def test_a_value_is_kept_for_the_user_only(environ: dict[str, str]) -> None:
    done = config(environ, "region", "eu-west-1")
    path = settings_file(environ)
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", f"region is eu-west-1 ({path}).\n")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert config(environ, "region").stdout == "eu-west-1\n"
    assert [file.name for file in path.parent.iterdir()] == ["config.yaml"]


def test_all_settings_are_listed_with_what_they_do(environ: dict[str, str]) -> None:
    rows = json.loads(config(environ, "-o", "json").stdout)
    assert [(row["key"], row["value"]) for row in rows] == [("region", None), ("policy.file", None)]
    config(environ, "region", "eu-west-1")
    assert config(environ, "-o", "tsv", "-f", "key", "-f", "value").stdout == (
        "key\tvalue\nregion\teu-west-1\npolicy.file\t\n"
    )


def test_a_value_is_forgotten(environ: dict[str, str]) -> None:
    config(environ, "region", "eu-west-1")
    assert config(environ, "region", "--unset").stderr == "region is forgotten.\n"
    assert config(environ, "region", "--unset").stderr == "region was not set.\n"
    missing = config(environ, "region")
    assert missing.exit_code == 1
    assert missing.stderr == "Error: region is not set\nSet it: senza config region VALUE\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["regoin", "x"], "there is no setting regoin\nDid you mean region?"),
        (["regoin"], "Did you mean region?"),
        (["colour"], "There is region, policy.file."),
        (["region", "Frankfurt"], "region cannot be 'Frankfurt': it is a region such as eu-central-1"),
        (["--unset"], "--unset needs the KEY to forget"),
        (["region", "eu-west-1", "--unset"], "--unset takes no VALUE"),
    ],
)
def test_what_cannot_be_set_is_said(environ: dict[str, str], words: list[str], said: str) -> None:
    failed = config(environ, *words)
    assert failed.exit_code == 2
    assert said in failed.stderr
    assert not settings_file(environ).exists()


@pytest.mark.parametrize("content", ["- a", "region: {a: b}", "a: [", "\udcff"])
def test_a_file_of_somebody_else_is_not_overwritten(environ: dict[str, str], content: str) -> None:
    path = settings_file(environ)
    path.parent.mkdir(parents=True)
    path.write_text(content, errors="surrogateescape")
    failed = config(environ, "region", "eu-west-1")
    assert failed.exit_code == 2
    assert f"your settings {path}" in failed.stderr
    assert "Correct or remove the file." in failed.stderr
    assert path.read_text(errors="surrogateescape") == content


def test_what_a_newer_senza_has_set_stays(environ: dict[str, str]) -> None:
    path = settings_file(environ)
    path.parent.mkdir(parents=True)
    path.write_text("future: x\n")
    config(environ, "region", "eu-west-1")
    assert read_settings(environ) == {"future": "x", "region": "eu-west-1"}
    listed = json.loads(config(environ, "-o", "json").stdout)
    assert listed[2] == {"key": "future", "value": "x", "description": "Unknown to this version of senza."}


def test_a_directory_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    failed = config({"XDG_CONFIG_HOME": str(tmp_path / "file")}, "region", "eu-west-1")
    assert failed.exit_code == 2
    assert "cannot be read" in failed.stderr


def test_the_region_is_used_where_nothing_else_names_one(environ: dict[str, str]) -> None:
    config(environ, "region", "eu-west-1")
    assert Context(environ=environ).aws().region == "eu-west-1"
    given = Context(environ=environ)
    given.choose("region", "us-east-1")
    assert given.aws().region == "us-east-1"


@pytest.mark.parametrize("name", ["AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"])
def test_the_environment_goes_before_the_setting(environ: dict[str, str], name: str) -> None:
    config(environ, "region", "eu-west-1")
    assert "eu-west-1" in Context(environ=environ).account_key()
    assert "eu-west-1" not in Context(environ={**environ, name: "x"}).account_key()


def test_aws_region_counts_before_the_other_variable_and_a_profile(environ: dict[str, str]) -> None:
    """botocore itself does not know it; the AWS command line and other SDKs do."""
    both = {**environ, "AWS_REGION": "eu-north-1", "AWS_DEFAULT_REGION": "us-east-1", "AWS_PROFILE": "any"}
    assert Context(environ=both).aws().region == "eu-north-1"
    given = Context(environ=both)
    given.choose("region", "us-west-2")
    assert given.aws().region == "us-west-2"


def test_a_policy_is_read_before_it_is_kept(
    environ: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("policy.yaml").write_text("registries: [ghcr.io/acme]")
    assert config(environ, "policy.file", "policy.yaml").exit_code == 0
    assert config(environ, "policy.file").stdout == f"{tmp_path}/policy.yaml\n"
    Path("policy.yaml").write_text("registry: [ghcr.io/acme]")
    failed = config(environ, "policy.file", "policy.yaml")
    assert failed.exit_code == 2
    assert "Did you mean registries?" in failed.stderr
    assert config(environ, "policy.file", "http://example.org/policy.yaml").exit_code == 2
