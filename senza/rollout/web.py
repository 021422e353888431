"""HTTP for hooks, notifications and Prometheus: one request, no redirects, no retries, no secrets in messages."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    import urllib3

CONNECT_TIMEOUT = 5.0
"""Seconds."""
LONGEST_ANSWER = 4_000_000
"""Bytes: a range query of a day has about 60,000."""


class Unanswered(Exception):
    """No usable answer; the message names the host, never the rest of the URL, which may hold a token."""


@dataclass(frozen=True)
class Answer:
    """status: of HTTP. body: of at most LONGEST_ANSWER bytes."""

    status: int
    body: bytes

    @property
    def good(self) -> bool:
        return 200 <= self.status < 300

    def json(self) -> Any:
        """The body as JSON; None where it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None


def shown(url: str) -> str:
    """Scheme and host."""
    try:
        parts = urlsplit(url)
        return f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port else "")
    except ValueError:
        return "the URL"


def get(
    web: urllib3.PoolManager, url: str, fields: Mapping[str, str], headers: Mapping[str, str], timeout: float
) -> Answer:
    """timeout: seconds. Raises Unanswered."""
    return _request(web, "GET", url, timeout, fields=dict(fields), headers=dict(headers))


def post_json(web: urllib3.PoolManager, url: str, data: Mapping[str, Any], timeout: float) -> Answer:
    """timeout: seconds. Raises Unanswered."""
    body = json.dumps(data).encode()
    return _request(web, "POST", url, timeout, body=body, headers={"Content-Type": "application/json"})


def _request(web: urllib3.PoolManager, method: str, url: str, timeout: float, **more: Any) -> Answer:
    from urllib3 import Timeout, exceptions

    limits = Timeout(connect=min(CONNECT_TIMEOUT, timeout), read=timeout)
    host = shown(url)
    try:
        response = web.request(
            method, url, timeout=limits, retries=False, redirect=False, preload_content=False, **more
        )
        try:
            return Answer(response.status, response.read(LONGEST_ANSWER))
        finally:
            response.close()  # what is left of a longer answer is not waited for
    except (exceptions.NewConnectionError, exceptions.ProtocolError, exceptions.ConnectTimeoutError) as error:
        raise Unanswered(f"{host} cannot be reached") from error
    except exceptions.TimeoutError as error:
        raise Unanswered(f"{host} did not answer within {timeout:g} seconds") from error
    except exceptions.SSLError as error:
        raise Unanswered(f"the certificate of {host} is not accepted") from error
    except (exceptions.HTTPError, ValueError, OSError) as error:
        raise Unanswered(f"{host} cannot be asked ({type(error).__name__})") from error
