"""Whether a container image exists, asked of its registry (OCI distribution specification 1.1, "Pulling manifests")."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from urllib.parse import quote, urlencode, urlsplit

import urllib3

ACCEPT = ", ".join(
    (
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    )
)
DOCKER_HUB = {"docker.io": "registry-1.docker.io", "index.docker.io": "registry-1.docker.io"}
TIMEOUT = urllib3.Timeout(connect=3, read=5)
"""Seconds. The check is a courtesy: it must not hold anybody up for long."""

_CHALLENGE = re.compile(r'(\w+)="([^"]*)"')


@dataclass(frozen=True)
class ImageReference:
    """``host/repository:tag`` or ``host/repository@digest``."""

    host: str
    """With its port; "" where the reference names no registry."""
    repository: str
    version: str
    """The digest where there is one, else the tag, else ``latest``."""

    @classmethod
    def parse(cls, image: str) -> ImageReference:
        """By Docker's rule: what stands before the first slash is a host if it has a dot or colon, or is localhost."""
        first, slash, rest = image.partition("/")
        is_host = bool(slash) and ("." in first or ":" in first or first == "localhost")
        host, name = (first, rest) if is_host else ("", image)
        name, _, digest = name.partition("@")
        path, colon, tag = name.rpartition(":")
        if not colon:
            path, tag = name, ""
        return cls(host, path, digest or tag or "latest")


class Registries:
    """Asks registries over https, anonymously. Nothing of the user's is sent but the image's name."""

    def __init__(self, http: urllib3.PoolManager | None = None) -> None:
        self._http = http or urllib3.PoolManager()

    def exists(self, image: str) -> bool | None:
        """Whether the image exists; None where the registry cannot be reached or wants to know who asks.

        An image without a registry host counts as existing: which registry it means is the instance's matter.
        """
        reference = ImageReference.parse(image)
        if not reference.host:
            return True
        host = DOCKER_HUB.get(reference.host, reference.host)
        path = f"/v2/{quote(reference.repository)}/manifests/{quote(reference.version, safe=':')}"
        try:
            status, challenge = self._head(f"https://{host}{path}", "")
            if status == 401 and challenge.lower().startswith("bearer "):
                token = self._token(challenge)
                if token:
                    status, _ = self._head(f"https://{host}{path}", token)
        except (urllib3.exceptions.HTTPError, ValueError):
            return None
        return True if status == 200 else False if status == 404 else None

    def _head(self, url: str, token: str) -> tuple[int, str]:
        headers = {"Accept": ACCEPT} | ({"Authorization": f"Bearer {token}"} if token else {})
        answer = self._http.request("HEAD", url, headers=headers, redirect=False, retries=False, timeout=TIMEOUT)
        return answer.status, answer.headers.get("WWW-Authenticate", "")

    def _token(self, challenge: str) -> str:
        """An anonymous token from where the registry says one is to be had; "" without one."""
        fields = dict(_CHALLENGE.findall(challenge))
        realm = fields.pop("realm", "")
        if urlsplit(realm).scheme != "https":
            return ""
        query = urlencode({key: fields[key] for key in ("service", "scope") if key in fields})
        answer = self._http.request("GET", f"{realm}?{query}", redirect=False, retries=False, timeout=TIMEOUT)
        if answer.status != 200:
            return ""
        body = json.loads(answer.data)
        return str(body.get("token") or body.get("access_token") or "") if isinstance(body, dict) else ""
