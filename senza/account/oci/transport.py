"""GET and HEAD at one registry, with the token that it asks for.

By the OCI distribution specification 1.1 and the token authentication of the Docker registry: the registry answers 401
and says in ``WWW-Authenticate`` where a token is to be had (``Bearer``), or wants the password itself (``Basic``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urljoin, urlsplit

from senza.account.oci.credentials import EcrHost, Login
from senza.account.oci.failures import BrokenRegistry, RegistryUnavailable
from senza.account.oci.reference import DOCKER_HUB

if TYPE_CHECKING:
    import urllib3  # slow; imported when a registry is asked

CONNECT_SECONDS, READ_SECONDS = 3, 10
"""Registries are asked before anything is created, and must not hold anybody up for long."""
MAX_REDIRECTS = 4
ADDRESSES = {DOCKER_HUB: "registry-1.docker.io"}
"""Registries that answer at another name than their images carry."""

_SCHEME = re.compile(r"\s*,?\s*([A-Za-z][A-Za-z0-9-]*)(?=[\s,]|$)")
_FIELD = re.compile(r'\s*,?\s*([A-Za-z][A-Za-z0-9_-]*)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",]+))')


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    """Names in small letters."""
    body: bytes = field(repr=False)


@dataclass(frozen=True)
class Challenge:
    """scheme: ``basic`` or ``bearer``, in small letters."""

    scheme: str
    fields: Mapping[str, str]


def challenges(header: str) -> list[Challenge]:
    """What a ``WWW-Authenticate`` header offers, in its order (RFC 9110, section 11.6.1)."""
    found: list[Challenge] = []
    position = 0
    while position < len(header):
        parameter = _FIELD.match(header, position)
        scheme = None if parameter else _SCHEME.match(header, position)
        if parameter and found:
            value = re.sub(r"\\(.)", r"\1", parameter[2]) if parameter[2] is not None else parameter[3]
            last = found[-1]
            found[-1] = Challenge(last.scheme, {**last.fields, parameter[1].lower(): value})
        elif scheme:
            found.append(Challenge(scheme[1].lower(), {}))
        else:
            break
        match = parameter or scheme
        assert match is not None
        position = match.end()
    return found


class Transport:
    """One registry. Safe to use from one thread at a time.

    login: asked at most once, when the registry wants to know who asks.
    """

    def __init__(self, http: urllib3.PoolManager, host: str, login: Callable[[str], Login | None]) -> None:
        self.host = host
        self._http = http
        self._login = login
        self._looked_up = False
        self._known: Login | None = None
        self._tokens: dict[str, str] = {}
        """Repository -> the header that opens it."""

    @property
    def logged_in(self) -> bool:
        """Whether a login was found, as far as one was looked for."""
        return self._known is not None

    def get(self, repository: str, path: str, *, accept: str = "*/*", limit: int) -> Answer:
        """``GET /v2/<repository>/<path>``; the body may have ``limit`` bytes.

        Raises RegistryUnavailable where there is no answer or one of 401, 403, 429, 5xx; BrokenRegistry for more bytes.
        """
        url = f"https://{ADDRESSES.get(self.host, self.host)}/v2/{repository}/{path}"
        headers = {"Accept": accept}
        answer = self._send(url, headers | self._authorization(repository), limit)
        if answer.status == 401:
            authorization = self._authorize(repository, answer.headers.get("www-authenticate", ""))
            if authorization:
                self._tokens[repository] = authorization
                answer = self._send(url, headers | {"Authorization": authorization}, limit)
        if answer.status in (401, 403):
            message = f"the registry {self.host} does not let us read {repository}"
            raise RegistryUnavailable(message, hint=self._how_to_get_in())
        if answer.status == 429:
            after = answer.headers.get("retry-after", "")
            when = f"in {after} seconds" if after.isdigit() else "later"
            raise RegistryUnavailable(
                f"the registry {self.host} wants fewer requests (429)",
                hint=f"Try again {when}; with a login (docker login {self.host}) more are allowed.",
            )
        if answer.status not in (200, 404):
            raise RegistryUnavailable(f"the registry {self.host} answers {answer.status}", hint="Try again later.")
        return answer

    def _how_to_get_in(self) -> str:
        if EcrHost.of(self.host):
            return "Correct the name, or ask for ecr:BatchGetImage and ecr:GetDownloadUrlForLayer on the repository."
        again = ", log in again, or ask for permission to pull it" if self.logged_in else ", or log in"
        return f"Correct the name{again}: docker login {self.host}."

    def _authorization(self, repository: str) -> dict[str, str]:
        known = self._tokens.get(repository)
        return {"Authorization": known} if known else {}

    def _user(self) -> Login | None:
        if not self._looked_up:
            self._known, self._looked_up = self._login(self.host), True
        return self._known

    def _authorize(self, repository: str, header: str) -> str:
        """The ``Authorization`` that the challenge asks for, "" where we have none."""
        offered = challenges(header)
        for challenge in offered:
            if challenge.scheme == "bearer":
                return self._bearer(repository, challenge.fields)
        login = self._user()
        if login and not login.is_identity_token and any(one.scheme == "basic" for one in offered):
            return login.basic()
        return ""

    def _bearer(self, repository: str, fields: Mapping[str, str]) -> str:
        realm = fields.get("realm", "")
        if urlsplit(realm).scheme != "https":
            return ""  # a token, and above all a password, is not asked for in clear text
        query = {"service": fields["service"]} if fields.get("service") else {}
        query["scope"] = fields.get("scope") or f"repository:{repository}:pull"
        login = self._user()
        if login and login.is_identity_token:
            form = query | {"grant_type": "refresh_token", "client_id": "senza", "refresh_token": login.password}
            sent = {"Content-Type": "application/x-www-form-urlencoded"}
            answer = self._once("POST", realm, sent, 1 << 20, urlencode(form).encode())
        else:
            headers = {"Authorization": login.basic()} if login else {}
            separator = "&" if urlsplit(realm).query else "?"
            answer = self._once("GET", f"{realm}{separator}{urlencode(query)}", headers, 1 << 20)
        if answer.status != 200:
            return ""
        try:
            body = json.loads(answer.body)
        except ValueError:
            body = None
        token = str(body.get("token") or body.get("access_token") or "") if isinstance(body, dict) else ""
        return f"Bearer {token}" if token else ""

    def _send(self, url: str, headers: dict[str, str], limit: int) -> Answer:
        """GET, following redirects: to https only, and to another host without our token."""
        for _ in range(MAX_REDIRECTS):
            answer = self._once("GET", url, headers, limit)
            if answer.status not in (301, 302, 303, 307, 308):
                return answer
            target = urljoin(url, answer.headers.get("location", ""))
            if urlsplit(target).scheme != "https":
                raise RegistryUnavailable(f"the registry {self.host} sends us on to a place that is not https")
            if urlsplit(target).netloc != urlsplit(url).netloc:
                headers = {name: value for name, value in headers.items() if name != "Authorization"}
            url = target
        raise RegistryUnavailable(f"the registry {self.host} sends us on and on")

    def _once(self, method: str, url: str, headers: Mapping[str, str], limit: int, body: bytes | None = None) -> Answer:
        import urllib3

        try:
            answer = self._http.request(
                method,
                url,
                headers=dict(headers),
                body=body,
                redirect=False,
                retries=False,
                preload_content=False,
            )
            try:
                content = answer.read(limit + 1)
            finally:
                answer.release_conn()
        except (urllib3.exceptions.HTTPError, ValueError, OSError) as error:
            raise RegistryUnavailable(
                f"the registry {urlsplit(url).netloc} cannot be reached: {reason(error)}",
                hint="Check the image's name and the network.",
            ) from None  # the chain would hold the request's headers
        if len(content) > limit:
            raise BrokenRegistry(f"the registry {urlsplit(url).netloc} answers with more than {limit:,} bytes")
        return Answer(answer.status, {name.lower(): value for name, value in answer.headers.items()}, content)


def reason(error: BaseException) -> str:
    """What is wrong, in a few words that hold nothing of the request."""
    import urllib3

    if isinstance(error, urllib3.exceptions.SSLError):
        return "its certificate cannot be trusted"
    if type(error).__name__ == "NameResolutionError":  # urllib3 1.26 has no such class
        return "there is no such host"
    if isinstance(error, urllib3.exceptions.NewConnectionError):  # which is a TimeoutError, too
        return "no connection"
    if isinstance(error, urllib3.exceptions.TimeoutError):
        return "no answer in time"
    return "no connection"


def pool(proxies: Mapping[str, str]) -> urllib3.PoolManager:
    """Connections as the user's environment wants them. proxies: ``urllib.request.getproxies()``."""
    import urllib3

    timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS)
    proxy = proxies.get("https", "")
    if proxy.startswith(("http://", "https://")):
        return urllib3.ProxyManager(proxy, cert_reqs="CERT_REQUIRED", timeout=timeout)
    return urllib3.PoolManager(cert_reqs="CERT_REQUIRED", timeout=timeout)  # urllib3 1.26 does not require it by itself
