"""Facts against policies."""

from __future__ import annotations

from typing import Any

import pytest

from senza.account.oci import ImageReference, Origin
from senza.provenance import NO_POLICY, Policy, Signature, SignatureRule
from senza.provenance.judging import Facts, judge

DIGEST = "sha256:" + "0a" * 32
ORIGIN = Origin("https://github.com/acme/app", "3f2a", "jane", "2026-01-31", True, "scm-source.json")
RULE = SignatureRule("cosign.pub")


def objections(image: str, policy: Policy, digest: str = DIGEST, **facts: Any) -> list[str]:
    return [
        item.rule for item in judge(Facts(ImageReference.parse(image), digest, **{"origin": None, **facts}), policy)
    ]


@pytest.mark.parametrize(
    ("image", "allowed", "fine"),
    [
        ("ghcr.io/acme/app:1", "ghcr.io/acme", True),
        ("ghcr.io/acme/app:1", "ghcr.io/acme/", True),
        ("ghcr.io/acme/deep/app:1", "ghcr.io/acme", True),
        ("ghcr.io/acme-evil/app:1", "ghcr.io/acme", False),
        ("ghcr.io/acme/app", "ghcr.io/acme/app", True),
        ("redis:7", "docker.io/library", True),
        ("redis:7", "ghcr.io", False),
        ("evil.io/ghcr.io/acme/app", "ghcr.io/acme", False),
        ("1.dkr.ecr.eu-west-1.amazonaws.com/app:1", "*.dkr.ecr.eu-west-1.amazonaws.com", True),
        ("evil.io/1.dkr.ecr.eu-west-1.amazonaws.com/app:1", "*.dkr.ecr.eu-west-1.amazonaws.com", False),
        ("ghcr.io/acme/app:1", "ghcr.io/acme/app/more", False),
        ("ghcr.io/acme/app:1", "*/acme", True),
    ],
)
def test_registries(image: str, allowed: str, fine: bool) -> None:
    assert objections(image, Policy(registries=("quay.io", allowed))) == ([] if fine else ["registries"])


@pytest.mark.parametrize(
    ("image", "rule", "digest", "fine"),
    [
        ("app:1", "any", "", True),
        ("app:1", "resolved", DIGEST, True),
        ("app:1", "resolved", "", False),
        (f"app@{DIGEST}", "resolved", "", True),
        ("app:1", "written", DIGEST, False),
        (f"app:1@{DIGEST}", "written", DIGEST, True),
    ],
)
def test_digests(image: str, rule: str, digest: str, fine: bool) -> None:
    assert objections(image, Policy(digest=rule), digest) == ([] if fine else ["digest"])


@pytest.mark.parametrize(
    ("image", "fine"),
    [
        ("app", False),
        ("app:latest", False),
        ("app:1.0-SNAPSHOT", False),
        ("app:1.0-snapshot-7", False),
        ("app:latest-1", True),
        (f"app@{DIGEST}", True),
        (f"app:latest@{DIGEST}", False),
    ],
)
def test_tags(image: str, fine: bool) -> None:
    assert objections(image, Policy(refuse_tags=("latest", "*SNAPSHOT*"))) == ([] if fine else ["tags.refuse"])


def test_without_a_policy_only_latest_is_worth_a_word() -> None:
    assert objections("app:latest", NO_POLICY, "") == ["tags.refuse"]
    assert objections("app:1-SNAPSHOT", NO_POLICY, "") == []


@pytest.mark.parametrize(
    ("origin", "required", "count"),
    [
        (ORIGIN, ("repository", "revision", "author", "created", "clean"), 0),
        (None, ("repository", "revision"), 1),
        (Origin("https://github.com/acme/app", ""), ("repository", "revision", "author"), 2),
        (Origin("a", "b", clean=None), ("clean",), 1),
        (Origin("a", "b", clean=False), ("clean",), 1),
        (None, (), 0),
    ],
)
def test_origins(origin: Origin | None, required: tuple[str, ...], count: int) -> None:
    assert objections("app:1", Policy(origin=required), origin=origin) == ["provenance.required"] * count


def test_repositories() -> None:
    policy = Policy(repositories=("https://github.com/acme/*",))
    assert objections("app:1", policy, origin=ORIGIN) == []
    assert objections("app:1", policy, origin=Origin("https://github.com/evil/app")) == ["provenance.repositories"]
    assert objections("app:1", policy) == ["provenance.repositories"]


@pytest.mark.parametrize(
    ("signature", "fine"), [(Signature(True), True), (Signature(False, "is bad"), False), (None, False)]
)
def test_signatures(signature: Signature | None, fine: bool) -> None:
    assert objections("app:1", Policy(signature=RULE), signature=signature) == ([] if fine else ["signature"])
    assert objections("app:1", Policy(), signature=None) == []
