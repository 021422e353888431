"""Logins, where Docker and podman keep them, and those of ECR."""

from __future__ import annotations

import base64
import json
import stat
from pathlib import Path
from typing import Any

import pytest

from senza.account.oci import EcrLogins, EcrStore, FileLogins, ImageReference, Login
from senza.account.oci.credentials import run_helper
from senza.aws import Aws
from senza.errors import NotFound
from tests.account.oci.local import INDEX, digest_of


def auth(user: str, password: str) -> dict[str, str]:
    return {"auth": base64.b64encode(f"{user}:{password}".encode()).decode()}


def docker_config(folder: Path, content: object) -> dict[str, str]:
    (folder / ".docker").mkdir(exist_ok=True)
    (folder / ".docker" / "config.json").write_text(json.dumps(content))
    return {"HOME": str(folder)}


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("ghcr.io", Login("jane", "a:b")),
        ("docker.io", Login("hub", "x")),
        ("pierone.example.org", Login("oauth2", "token")),
        ("quay.io", Login("", "refresh", True)),
        ("elsewhere.io", None),
        ("broken.io", None),
    ],
)
def test_logins_of_docker(host: str, expected: Login | None, tmp_path: Path) -> None:
    environ = docker_config(
        tmp_path,
        {
            "auths": {
                "ghcr.io": auth("jane", "a:b"),
                "https://index.docker.io/v1/": auth("hub", "x"),
                "https://pierone.example.org/": auth("oauth2", "token"),
                "quay.io": {"identitytoken": "refresh"},
                "broken.io": {"auth": "!"},
            }
        },
    )
    assert FileLogins(environ)(host) == expected


def test_helpers_go_before_files_and_a_store_comes_last(tmp_path: Path) -> None:
    asked: list[tuple[str, str]] = []

    def run(program: str, server: str) -> str | None:
        asked.append((program, server))
        known: dict[str, dict[str, Any]] = {
            "gcr.io": {"Username": "_token", "Secret": "s"},
            "https://index.docker.io/v1/": {"Username": "<token>", "Secret": "refresh"},
        }
        return json.dumps(known[server]) if server in known else None

    content = {
        "auths": {"gcr.io": auth("old", "old"), "ghcr.io": auth("jane", "x")},
        "credHelpers": {"gcr.io": "gcloud", "bad.io": "../../bin/sh"},
        "credsStore": "desktop",
    }
    logins = FileLogins(docker_config(tmp_path, content), run)
    assert logins("gcr.io") == Login("_token", "s")
    assert logins("ghcr.io") == Login("jane", "x")
    assert logins("docker.io") == Login("", "refresh", True)
    assert logins("elsewhere.io") is None
    assert logins("bad.io") is None
    assert asked == [
        ("docker-credential-gcloud", "gcr.io"),
        ("docker-credential-desktop", "https://index.docker.io/v1/"),
        ("docker-credential-desktop", "elsewhere.io"),
    ]


def test_podman_and_the_old_file(tmp_path: Path) -> None:
    (tmp_path / "containers").mkdir()
    (tmp_path / "containers" / "auth.json").write_text(json.dumps({"auths": {"quay.io": auth("pod", "man")}}))
    (tmp_path / ".dockercfg").write_text(json.dumps({"https://pierone.example.org": auth("oauth2", "token")}))
    logins = FileLogins({"HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path)})
    assert logins("quay.io") == Login("pod", "man")
    assert logins("pierone.example.org") == Login("oauth2", "token")


@pytest.mark.parametrize("content", ["[]", "{", '{"auths": 1, "credHelpers": []}'])
def test_files_that_are_none(content: str, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(content)
    assert FileLogins({"DOCKER_CONFIG": str(tmp_path), "HOME": str(tmp_path)})("ghcr.io") is None


def test_a_helper_is_asked_on_stdin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "docker-credential-test"
    program.write_text('#!/bin/sh\nread server\n[ "$1 $server" = "get a.io" ] && echo "{}" || exit 1\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert run_helper("docker-credential-test", "a.io") == "{}\n"
    assert run_helper("docker-credential-test", "b.io") is None
    assert run_helper("docker-credential-missing", "a.io") is None


def test_a_login_shows_no_password() -> None:
    assert "geheim" not in repr(Login("jane", "geheim"))


def test_ecr_gives_a_login_to_its_own_hosts(aws: Aws) -> None:
    regions: list[str] = []

    def in_region(region: str) -> Aws:
        regions.append(region)
        return aws

    logins = EcrLogins(in_region, lambda host: Login("file", host))
    found = logins("123456789012.dkr.ecr.eu-central-1.amazonaws.com")
    assert found is not None
    assert found.username == "AWS"
    assert logins("ghcr.io") == Login("file", "ghcr.io")
    assert regions == ["eu-central-1"]
    assert [str(call) for call in aws.calls] == ["ecr:GetAuthorizationToken"]


def test_images_of_a_local_aws(aws: Aws) -> None:
    aws.call("ecr", "create_repository", repositoryName="team/app")
    manifest = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": []})
    aws.call("ecr", "put_image", repositoryName="team/app", imageManifest=manifest, imageTag="1")
    store = EcrStore(aws, "123456789012")
    host = "123456789012.dkr.ecr.eu-central-1.amazonaws.com"
    reference = ImageReference.parse(f"{host}/team/app:1")
    content, media_type = store.manifest(reference, "1")
    assert (digest_of(content), media_type) == (digest_of(manifest.encode()), INDEX)
    for image, version in (("team/app", "2"), ("team/other", "1")):
        with pytest.raises(NotFound, match="no container image"):
            store.manifest(ImageReference.parse(f"{host}/{image}:{version}"), version)
