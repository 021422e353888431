"""Where a local AWS listens, and how programs that senza runs get there and nowhere else."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from senza.errors import Refused

MARK = "x-senza-sandbox"
"""The header by which a sandbox says, in each answer, that it is one."""
LOOPBACK = ("127.0.0.1", "localhost", "::1")
PROXIES = ("http_proxy", "https_proxy", "all_proxy")


@dataclass(frozen=True)
class Endpoint:
    """A local AWS: where it listens and the credentials that only it accepts.

    Given explicitly to every client, so that no profile, role or ``AWS_ENDPOINT_URL_*`` of the user's environment
    can send a call meant for it anywhere else.
    """

    url: str
    region: str
    access_key_id: str
    secret_access_key: str

    def variables(self) -> dict[str, str]:
        """Environment variables that lead the AWS SDKs, the AWS CLI and senza here, and to nothing else."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": self.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.secret_access_key,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "SENZA_SANDBOX": "1",
        }

    def surroundings(self, environ: Mapping[str, str]) -> dict[str, str]:
        """The environment of a program that is to meet this AWS: without the user's own credentials and settings."""
        kept = {name: value for name, value in environ.items() if not name.startswith("AWS_")}
        if any(name.lower() in PROXIES for name in kept):
            direct = kept.get("NO_PROXY") or kept.get("no_proxy") or ""
            kept["NO_PROXY"] = kept["no_proxy"] = ",".join(filter(None, (direct, "127.0.0.1")))
        return kept | self.variables()


def on_this_machine(url: str) -> bool:
    """Whether it can be a sandbox's, which listens on loopback only."""
    try:
        parts = urlsplit(url)
        return parts.scheme == "http" and parts.hostname in LOOPBACK
    except ValueError:
        return False


def require_mark(headers: Mapping[str, str]) -> None:
    """Raises Refused where an answer is not a sandbox's: its port may have become another program's."""
    if MARK not in headers:
        raise Refused(
            "the sandbox is meant, and what answers is none",
            hint="Check AWS_ENDPOINT_URL, or unset SENZA_SANDBOX. Nothing else was called.",
        )
