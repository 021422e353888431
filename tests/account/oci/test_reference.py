"""References are read as Docker reads them."""

from __future__ import annotations

import pytest

from senza.account.oci import EcrHost, ImageReference

DIGEST = "sha256:" + "0a" * 32


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("redis", ("", "redis", "", "")),
        ("app:1", ("", "app", "1", "")),
        ("stups/hello-world:0.2", ("", "stups/hello-world", "0.2", "")),
        ("registry.example.org/team/app:1.0", ("registry.example.org", "team/app", "1.0", "")),
        ("registry.example.org:5000/team/app", ("registry.example.org:5000", "team/app", "", "")),
        ("localhost/app:2", ("localhost", "app", "2", "")),
        (f"ghcr.io/a/b/c@{DIGEST}", ("ghcr.io", "a/b/c", "", DIGEST)),
        (f"ghcr.io/a/b:3@{DIGEST}", ("ghcr.io", "a/b", "3", DIGEST)),
    ],
)
def test_parts(image: str, expected: tuple[str, str, str, str]) -> None:
    parsed = ImageReference.parse(image)
    assert (parsed.host, parsed.repository, parsed.tag, parsed.digest) == expected
    assert str(parsed) == image
    assert parsed.problem() == ""


def test_what_is_pulled() -> None:
    assert [ImageReference.parse(image).version for image in ("redis", "redis:7", f"redis:7@{DIGEST}")] == [
        "latest",
        "7",
        DIGEST,
    ]


@pytest.mark.parametrize(
    ("image", "located"),
    [
        ("redis:7", "docker.io/library/redis:7"),
        ("stups/hello:1", "docker.io/stups/hello:1"),
        ("index.docker.io/stups/hello:1", "docker.io/stups/hello:1"),
        ("ghcr.io/a/b:1", "ghcr.io/a/b:1"),
    ],
)
def test_without_a_registry_it_is_docker_hub(image: str, located: str) -> None:
    assert str(ImageReference.parse(image).located()) == located


def test_ecr() -> None:
    assert EcrHost.of("123456789012.dkr.ecr.eu-central-1.amazonaws.com") == EcrHost("123456789012", "eu-central-1")
    assert EcrHost.of("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn") == EcrHost("123456789012", "cn-north-1")
    assert EcrHost.of("123456789012.dkr.ecr.eu-central-1.amazonaws.com.example.org") is None
    assert EcrHost.of("public.ecr.aws") is None
