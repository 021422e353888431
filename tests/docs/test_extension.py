"""The example extension of the documentation, installed by pip and used by the command line, without a network."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from senza.sandbox.embedded import EmbeddedSandbox

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "docs" / "examples" / "senza-example-extension"
SENZA = "from senza.cli.main import run; run()"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory into which pip has installed the package."""
    folder = tmp_path_factory.mktemp("extension")
    source = shutil.copytree(EXAMPLE, folder / "source")  # building leaves files behind
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check"]
    subprocess.run(
        [sys.executable, "-m", "pip", "install", *options, "--target", str(folder / "site"), str(source)], check=True
    )
    return folder / "site"


class Senza:
    def __init__(self, site: Path | None, sandbox: EmbeddedSandbox) -> None:
        endpoint = sandbox.endpoint
        self._environ = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(str(path) for path in (site, ROOT) if path),
            "SENZA_SANDBOX": "1",
            "AWS_ENDPOINT_URL": endpoint.url,
            "AWS_DEFAULT_REGION": endpoint.region,
            "AWS_ACCESS_KEY_ID": endpoint.access_key_id,
            "AWS_SECRET_ACCESS_KEY": endpoint.secret_access_key,
        }

    def __call__(self, *words: str, exit_code: int = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-c", SENZA, *words], env=self._environ, capture_output=True, text=True, check=False
        )
        assert done.returncode == exit_code, done.stderr
        return done


@pytest.fixture
def senza(site: Path, sandbox: EmbeddedSandbox) -> Senza:
    return Senza(site, sandbox)


def test_the_starter_makes_a_definition_and_the_component_compiles(senza: Senza, tmp_path: Path) -> None:
    file = str(tmp_path / "jobs.yaml")
    senza("init", file, "-t", "example-queue", "-v", "application_id=jobs", "-v", "visibility_timeout=900")
    assert "# Long jobs" in Path(file).read_text()
    resources = json.loads(senza("print", file, "1").stdout)["Resources"]
    assert resources["Jobs"]["Properties"] == {
        "SqsManagedSseEnabled": True,
        "VisibilityTimeout": 900,
        "RedrivePolicy": {"deadLetterTargetArn": {"Fn::GetAtt": ["JobsFailed", "Arn"]}, "maxReceiveCount": 5},
    }
    assert resources["JobsFailed"]["Type"] == "AWS::SQS::Queue"
    assert "Would: Create stack jobs-1" in senza("create", file, "1", "--dry-run").stdout


def test_the_page_includes_the_files_of_the_package() -> None:
    """A formatter once made an expression of the mark."""
    page = (ROOT / "docs" / "extending.md").read_text()
    included = [line.split('"')[1] for line in page.splitlines() if line.startswith("--8<-- ")]
    assert included == ["pyproject.toml", "senza_example.py"]
    assert all((EXAMPLE / name).is_file() for name in included)


def test_its_mistakes_are_told_as_those_of_ours(senza: Senza, tmp_path: Path) -> None:
    file = tmp_path / "jobs.yaml"
    file.write_text(
        "SenzaInfo: {StackName: jobs}\nSenzaComponents:\n  - Jobs:\n      Type: Example::Queue\n      MaxReceives: 3\n"
    )
    said = senza("print", str(file), "1", exit_code=2).stderr
    assert f"{file}:5: SenzaComponents[0].Jobs.MaxReceives: Queue has no property MaxReceives\nDid you mean" in said


def test_the_starter_is_in_the_help_and_its_questions_are_checked(senza: Senza, tmp_path: Path) -> None:
    assert "-t example-queue:" in senza("init", "--help").stdout
    words = ("init", str(tmp_path / "x.yaml"), "-t", "example-queue", "-v", "application_id=jobs")
    assert "a whole number from 0 to 43200" in senza(*words, "-v", "visibility_timeout=x", exit_code=2).stderr


def test_without_the_package_the_type_and_the_starter_are_unknown(sandbox: EmbeddedSandbox, tmp_path: Path) -> None:
    senza = Senza(None, sandbox)
    file = tmp_path / "jobs.yaml"
    file.write_text("SenzaInfo: {StackName: jobs}\nSenzaComponents: [{Jobs: {Type: Example::Queue}}]\n")
    assert "there is no component type Example::Queue" in senza("print", str(file), "1", exit_code=2).stderr
    words = ("init", str(tmp_path / "x.yaml"), "-t", "example-queue", "-v", "application_id=jobs")
    assert "there is no starter example-queue" in senza(*words, exit_code=2).stderr
