"""How cosign is called, and what becomes of its answer."""

from __future__ import annotations

import stat
from collections.abc import Sequence
from pathlib import Path

import pytest

from senza.provenance import SignatureRule
from senza.provenance.cosign import Signature, run_program, verify

PINNED = "ghcr.io/acme/app@sha256:" + "0a" * 32


def test_by_key_and_by_identity() -> None:
    asked: list[list[str]] = []

    def run(command: Sequence[str]) -> tuple[int, str]:
        asked.append(list(command))
        return 0, ""

    assert verify(SignatureRule(key="awskms:///alias/x"), PINNED, run) == Signature(True)
    assert verify(SignatureRule(identity="https://github.com/acme/.*", issuer="https://i"), PINNED, run).good
    assert asked == [
        ["cosign", "verify", "--key", "awskms:///alias/x", PINNED],
        [
            *("cosign", "verify", "--certificate-identity-regexp", "https://github.com/acme/.*"),
            *("--certificate-oidc-issuer", "https://i", PINNED),
        ],
    ]


def test_a_signature_that_is_not_accepted() -> None:
    said = "Error: no matching signatures:\nmain.go:69: error during command execution: no matching signatures\n"
    found = verify(SignatureRule("k"), PINNED, lambda command: (10, said))
    assert not found.good
    assert found.problem.endswith("error during command execution: no matching signatures")


def test_the_program_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert run_program(["cosign", "verify"]) is None
    missing = verify(SignatureRule("k"), PINNED)
    assert "not installed" in missing.problem
    assert "https://docs.sigstore.dev" in missing.hint
    program = tmp_path / "cosign"
    program.write_text('#!/bin/sh\necho "got $*" >&2\nexit 3\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    assert run_program(["cosign", "verify", "$(x)"]) == (3, "got verify $(x)\n")
