"""The gate that container images must pass, as the user's options, settings and logins make it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from senza.cli.context import Context
from senza.cli.settings import POLICY_FILE, read_settings
from senza.discretion import secrets_in_url

if TYPE_CHECKING:
    from senza.account.oci import Registries
    from senza.provenance import Gate


def gate_for(context: Context, policy: str | None, *, force: bool, pins: Mapping[str, str] | None = None) -> Gate:
    """policy: path or URL instead of the configured one. pins: see Gate. Raises UsageError for an unreadable policy."""
    from functools import partial

    from senza.provenance import NO_POLICY, Gate, read_policy
    from senza.provenance.cosign import run_program, verify

    location = policy or read_settings(context.environ).get(POLICY_FILE)
    context.discretion.keep(secrets_in_url(location or ""))
    aws = context.aws()
    return Gate(
        registries_for(context),
        read_policy(location) if location else NO_POLICY,
        account=lambda: context.account().identity,
        force=force,
        tolerant=aws.local,
        signature=partial(verify, run=partial(run_program, environ=aws.surroundings(context.environ))),
        pins=pins,
    )


def registries_for(context: Context) -> Registries:
    """Registries with the logins of the user: Docker's and podman's, and those that AWS gives to ECR.

    A local AWS gives no logins that are good for anything; its ECR is asked by its API.
    """
    from senza.account.oci import EcrHost, EcrLogins, EcrStore, FileLogins, Registries

    aws = context.aws()
    files = FileLogins(context.environ)
    if not aws.local:
        return Registries(EcrLogins(aws.in_region, files))

    def special(host: str) -> EcrStore | None:
        ecr = EcrHost.of(host)
        return EcrStore(aws.in_region(ecr.region), ecr.account) if ecr else None

    return Registries(files, special=special)
