"""Signatures, by the program ``cosign`` (https://docs.sigstore.dev/cosign/verifying/verify/) where it is installed."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from senza.provenance.model import SignatureRule

SECONDS = 60
"""It asks the registry and, without a key, the transparency log."""

Run = Callable[[Sequence[str]], tuple[int, str] | None]
"""A command -> its exit code and stderr; None where there is no such program."""


@dataclass(frozen=True)
class Signature:
    good: bool
    problem: str = ""
    hint: str = ""


def verify(rule: SignatureRule, pinned: str, run: Run | None = None) -> Signature:
    """Whether the image (by digest) has a signature as the rule wants it."""
    done = (run or run_program)(command(rule, pinned))
    if done is None:
        return Signature(
            False,
            "its signature cannot be checked, because cosign is not installed",
            "Install it: https://docs.sigstore.dev/cosign/system_config/installation/.",
        )
    code, said = done
    if code == 0:
        return Signature(True)
    last = next((line.strip() for line in reversed(said.splitlines()) if line.strip()), f"exit code {code}")
    reason = re.sub(r"^(?:Error: |main\.go:\d+: )+", "", last)[:300]
    return Signature(False, f"cosign does not accept its signature: {reason}", "Sign it in the build: cosign sign.")


def command(rule: SignatureRule, pinned: str) -> list[str]:
    if rule.key:
        who = ["--key", rule.key]
    else:
        who = ["--certificate-identity-regexp", rule.identity, "--certificate-oidc-issuer", rule.issuer]
    return ["cosign", "verify", *who, pinned]


def run_program(command: Sequence[str], environ: Mapping[str, str] | None = None) -> tuple[int, str] | None:
    """The user's own login to the registry is used, as cosign reads Docker's files itself.

    environ: for it; where None, that of this process. A key may be one of KMS, which it asks itself.
    """
    path = shutil.which(command[0])
    if path is None:
        return None
    try:
        done = subprocess.run(  # noqa: S603 - no shell, and a program of the user's own PATH
            [path, *command[1:]],
            env=None if environ is None else dict(environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return 1, f"no answer within {SECONDS} seconds"
    except OSError as error:
        return 1, str(error.strerror)
    return done.returncode, done.stderr
