"""Policy files, right and wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from senza.errors import DefinitionError, UsageError
from senza.provenance import Policy, SignatureRule, read_policy

WHOLE = """\
name: acme
production:
  accounts: ["123456789012"]
registries: [ghcr.io/acme, "*.dkr.ecr.eu-central-1.amazonaws.com"]
digest: resolved
tags:
  refuse: [latest, "*SNAPSHOT*"]
provenance:
  required: [repository, revision, clean]
  repositories: https://github.com/acme/*
signature:
  key: keys/cosign.pub
force: refused
"""


def reading(text: str, location: str = "policy.yaml") -> Policy:
    return read_policy(location, lambda place: text)


def test_everything(tmp_path: Path) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text(WHOLE)
    policy = read_policy(str(file))
    assert policy == Policy(
        name="acme",
        fingerprint=policy.fingerprint,
        location=str(file),
        production=("123456789012",),
        registries=("ghcr.io/acme", "*.dkr.ecr.eu-central-1.amazonaws.com"),
        digest="resolved",
        refuse_tags=("latest", "*SNAPSHOT*"),
        origin=("repository", "revision", "clean"),
        repositories=("https://github.com/acme/*",),
        signature=SignatureRule(key=str(tmp_path / "keys" / "cosign.pub")),
        may_be_forced=False,
    )
    assert policy.title == f"acme {policy.fingerprint}"
    assert reading(WHOLE + "# changed\n").fingerprint != policy.fingerprint


def test_little() -> None:
    assert reading("registries: ghcr.io/acme").registries == ("ghcr.io/acme",)
    rule = reading(
        "signature: {identity: 'https://github.com/acme/.*', issuer: 'https://issuer.example.org'}"
    ).signature
    assert rule == SignatureRule("", "https://github.com/acme/.*", "https://issuer.example.org")
    assert reading("signature: {key: 'awskms:///alias/x'}", "https://example.org/p.yaml").signature == SignatureRule(
        "awskms:///alias/x"
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("registry: [ghcr.io]", "no registry\nDid you mean registries?"),
        ("tags: {refused: [latest]}", "no tags.refused\nDid you mean refuse?"),
        ("provenance: {required: [revison]}", "cannot be 'revison'\nDid you mean revision?"),
        ("digest: resolve", "digest cannot be 'resolve'\nDid you mean resolved?"),
        ("production: {accounts: [123456789012]}", "accounts takes texts\nPut it in quotes: '123456789012'."),
        ("production: {accounts: ['12']}", "'12' is not an account id"),
        ("production: yes", "production must be a mapping"),
        ("name: [a]", "name takes one text"),
        ("name: 'a(b)'", "is not letters, digits"),
        ("[]", "a policy is a mapping"),
        ("", "a policy is a mapping"),
        ("force: maybe", "Write one of allowed, refused."),
        ("signature: {}", "needs either a key, or an identity and its issuer"),
        ("signature: {identity: 'a'}", "needs either a key"),
        ("signature: {key: a, identity: b, issuer: c}", "needs either a key"),
        ("signature: {identity: '(', issuer: c}", "no regular expression"),
    ],
)
def test_mistakes_have_their_place(text: str, said: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        reading(text)
    assert said in str(caught.value)
    assert str(caught.value.where).startswith("policy.yaml")


def test_a_key_is_not_found_beside_a_web_page() -> None:
    with pytest.raises(DefinitionError, match="cannot name a key by a path"):
        reading("signature: {key: cosign.pub}", "https://example.org/policy.yaml")


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no policy"):
        read_policy(str(tmp_path / "missing.yaml"))
