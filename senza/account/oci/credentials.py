"""The user's logins to registries: Docker's and podman's files, their helper programs, and ECR's own.

A login is looked up for one host, is sent to nobody else than that host and the token server it names, and appears in
no message and no repr.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from senza.account.oci.reference import DOCKER_HUB

HUB_KEY = "https://index.docker.io/v1/"
"""How Docker's files call Docker Hub."""
HELPER_SECONDS = 20
"""A helper may have to ask a key chain or a cloud."""
IDENTITY_USER = "<token>"
"""The user name by which a helper says that the secret is an identity token (docker-credential-helpers)."""

_HELPER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_ECR = re.compile(r"([0-9]{12})\.dkr(?:\.|-)ecr(?:-fips)?\.([a-z0-9-]+)\.(?:amazonaws\.com(?:\.cn)?|on\.aws)")

RunHelper = Callable[[str, str], str | None]
"""``(program, server)`` -> what it prints, None where it is not there or knows nothing."""


@dataclass(frozen=True)
class Login:
    username: str
    password: str = field(repr=False)
    is_identity_token: bool = False
    """The password is a refresh token of OAuth 2 (distribution specification, "oauth2 token authentication")."""

    def basic(self) -> str:
        """The header of HTTP basic authentication."""
        return "Basic " + base64.b64encode(f"{self.username}:{self.password}".encode()).decode()


@dataclass(frozen=True)
class EcrHost:
    account: str
    region: str

    @classmethod
    def of(cls, host: str) -> EcrHost | None:
        """The account and region of a private ECR registry, None for another one."""
        found = _ECR.fullmatch(host)
        return cls(found[1], found[2]) if found else None


def run_helper(program: str, server: str) -> str | None:
    """Ask ``docker-credential-...`` (the protocol is the server's name on stdin, JSON on stdout)."""
    path = shutil.which(program)
    if path is None:
        return None
    try:
        done = subprocess.run(  # noqa: S603 - a program that the user's own Docker configuration names
            [path, "get"], input=server, capture_output=True, text=True, timeout=HELPER_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError):
        return None
    return done.stdout if done.returncode == 0 else None


class FileLogins:
    """Logins of ``docker login`` and ``podman login``; each file is read at the first question.

    environ: tells where the files are (DOCKER_CONFIG, XDG_RUNTIME_DIR, HOME).
    """

    def __init__(self, environ: Mapping[str, str], run: RunHelper = run_helper) -> None:
        self._environ = environ
        self._run = run
        self._files: list[Mapping[str, Any]] | None = None

    def __call__(self, host: str) -> Login | None:
        if self._files is None:
            self._files = list(self._read())
        for file in self._files:
            login = self._in(file, host)
            if login:
                return login
        return None

    def _read(self) -> Iterator[Mapping[str, Any]]:
        home = Path(self._environ.get("HOME") or Path.home())
        docker = Path(self._environ.get("DOCKER_CONFIG") or home / ".docker") / "config.json"
        podman = Path(self._environ.get("XDG_RUNTIME_DIR") or "/nowhere") / "containers" / "auth.json"
        for path, wrap in ((docker, False), (podman, False), (home / ".dockercfg", True)):
            try:
                content = json.loads(path.read_text(encoding="utf-8"))
            except (OSError, ValueError):
                continue
            if isinstance(content, dict):
                yield {"auths": content} if wrap else content

    def _in(self, file: Mapping[str, Any], host: str) -> Login | None:
        names = _names(host)
        helpers = _mapping(file.get("credHelpers"))
        for name, helper in helpers.items():
            if _host(name) in names:
                return self._from_helper(helper, name)
        for name, entry in _mapping(file.get("auths")).items():
            if _host(name) in names:
                login = _from_entry(_mapping(entry))
                if login:
                    return login
        store = file.get("credsStore")
        return self._from_helper(store, HUB_KEY if host == DOCKER_HUB else host) if store else None

    def _from_helper(self, helper: object, server: str) -> Login | None:
        if not isinstance(helper, str) or not _HELPER.fullmatch(helper):
            return None
        printed = self._run(f"docker-credential-{helper}", server)
        try:
            found = json.loads(printed or "")
            user, secret = str(found["Username"]), str(found["Secret"])
        except (ValueError, KeyError, TypeError):
            return None
        return Login("" if user == IDENTITY_USER else user, secret, user == IDENTITY_USER)


def _names(host: str) -> tuple[str, ...]:
    return ("docker.io", "index.docker.io", "registry-1.docker.io") if host == DOCKER_HUB else (host,)


def _host(key: str) -> str:
    """``https://index.docker.io/v1/`` and ``registry.example.org`` are both written in these files."""
    return key.partition("://")[2].partition("/")[0] if "://" in key else key.partition("/")[0]


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _from_entry(entry: Mapping[str, Any]) -> Login | None:
    token = entry.get("identitytoken")
    if token:
        return Login("", str(token), True)
    try:
        user, colon, password = base64.b64decode(str(entry.get("auth") or ""), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return Login(user, password.rstrip("\0")) if colon and user else None
