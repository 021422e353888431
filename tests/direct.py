"""Requests to the embedded sandbox that do without HTTP: botocore's go to its front in the thread that makes them.

A fifth of the time of most tests would go into connections and headers, always the same way. The tests of the sandbox
itself, whatever runs in a process of its own and tests that ask for ``over_http`` go through HTTP.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import formatdate
from typing import Any
from urllib.parse import unquote, urlsplit

from botocore import handlers
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import ConnectionClosedError
from urllib3 import HTTPResponse

from senza.sandbox.app import Dropped
from senza.sandbox.embedded import EmbeddedSandbox


class Direct:
    """A handler of botocore's event ``before-send``, which may bring the answer; None sends the request as ever."""

    def __init__(self, sandbox: EmbeddedSandbox) -> None:
        self._sandbox = sandbox
        self._prefix = f"{sandbox.endpoint.url}/"
        self.on = True

    def __call__(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse | None:
        if not self.on or not request.url.startswith(self._prefix):
            return None
        try:
            answer = self._sandbox.answer(environ_of(request))
        except Dropped as dropped:
            raise ConnectionClosedError(endpoint_url=request.url, request=request, error=dropped) from dropped
        headers = {"Date": formatdate(self._sandbox.date(), usegmt=True), **dict(answer.headers)}
        if "content-length" not in {name.lower() for name in headers}:
            headers["Content-Length"] = str(len(answer.body))
        body = b"" if request.method == "HEAD" else answer.body
        raw = HTTPResponse(
            io.BytesIO(body),
            headers,
            answer.status,
            preload_content=False,
            decode_content=False,
            enforce_content_length=False,
            request_method=request.method,
        )
        response = AWSResponse(request.url, answer.status, raw.headers, raw)
        if not request.stream_output:
            response.content  # noqa: B018 - botocore's own session reads it here, too
        return response


def environ_of(request: AWSPreparedRequest) -> dict[str, Any]:
    """The request as a server hands it on: PEP 3333, with the whole body read."""
    url = urlsplit(request.url)
    body = request.body if request.body is not None else b""
    sent = body.encode() if isinstance(body, str) else body.read() if hasattr(body, "read") else bytes(body)
    target = f"{url.path}?{url.query}" if url.query else url.path
    environ = {
        **{"wsgi.version": (1, 0), "wsgi.url_scheme": "http", "wsgi.run_once": False},
        **{"wsgi.multithread": True, "wsgi.multiprocess": False, "wsgi.input": io.BytesIO(sent)},
        **{"REQUEST_METHOD": request.method, "SCRIPT_NAME": "", "SERVER_PROTOCOL": "HTTP/1.1"},
        **{"PATH_INFO": unquote(url.path).encode().decode("latin-1"), "QUERY_STRING": url.query},
        **{"REQUEST_URI": target, "RAW_URI": target, "REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": url.netloc},
        **{"SERVER_NAME": str(url.hostname), "SERVER_PORT": str(url.port)},
    }
    for name, value in request.headers.items():
        key = name.upper().replace("-", "_")
        text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
        environ[key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"] = text
    environ.pop("HTTP_TRANSFER_ENCODING", None)  # the chunks are put together already
    environ["CONTENT_LENGTH"] = str(len(sent))
    return environ


@contextmanager
def answering(sandbox: EmbeddedSandbox) -> Iterator[Direct]:
    """While it lasts, the sessions that are opened in this process reach the sandbox without HTTP."""
    handler = ("before-send", Direct(sandbox))
    handlers.BUILTIN_HANDLERS.append(handler)
    try:
        yield handler[1]
    finally:
        handlers.BUILTIN_HANDLERS.remove(handler)
