"""Where the calls go: to AWS, or to the sandbox that an option or the environment means."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from senza.errors import UsageError

if TYPE_CHECKING:
    from senza.aws import Endpoint

SANDBOX_REGION = "eu-central-1"


def chosen(
    environ: Mapping[str, str], *, sandbox: bool, profile: str | None, say: Callable[[str], None]
) -> Endpoint | None:
    """The sandbox's, None for AWS or what AWS_ENDPOINT_URL says. sandbox, profile: the options. say: told what it is.

    Raises UsageError where a profile is given for the sandbox, or none is running.
    """
    url = environ.get("AWS_ENDPOINT_URL", "")
    in_environment = environ.get("SENZA_SANDBOX") == "1"
    if not sandbox and not in_environment:
        if url:
            say(f"Using the AWS endpoint {without_password(url)} (AWS_ENDPOINT_URL).")
        return None
    if profile:
        raise UsageError(
            "--profile cannot be combined with the sandbox",
            hint="The sandbox has credentials of its own. Leave out --profile, or --sandbox and SENZA_SANDBOX.",
        )
    endpoint = of_environment(environ, url) if url and in_environment and not sandbox else None
    if endpoint is None:
        from senza.sandbox.state import endpoint as sandbox_endpoint

        endpoint = sandbox_endpoint()
    say(f"This is the sandbox at {endpoint.url}, not AWS.")
    return endpoint


def of_environment(environ: Mapping[str, str], url: str) -> Endpoint:
    """What ``eval "$(senza sandbox env)"`` left in the environment. Raises UsageError where no sandbox can be."""
    from senza.aws import Endpoint
    from senza.aws.endpoint import on_this_machine

    if not on_this_machine(url):
        raise UsageError(
            f"SENZA_SANDBOX means the sandbox, and AWS_ENDPOINT_URL is {without_password(url)}, where none can be",
            hint='A sandbox is on this machine: eval "$(senza sandbox env)". For AWS, unset SENZA_SANDBOX.',
        )

    return Endpoint(
        url=url,
        region=environ.get("AWS_DEFAULT_REGION", SANDBOX_REGION),
        access_key_id=environ.get("AWS_ACCESS_KEY_ID", "sandbox"),
        secret_access_key=environ.get("AWS_SECRET_ACCESS_KEY", "sandbox"),
    )


def without_password(url: str) -> str:
    """The URL as it may be shown."""
    scheme, separator, rest = url.rpartition("://")
    authority, slash, path = rest.partition("/")
    return f"{scheme}{separator}{authority.rpartition('@')[2]}{slash}{path.partition('?')[0]}"
