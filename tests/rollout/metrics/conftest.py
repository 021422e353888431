"""Two versions of an app with load balancers, figures for them, and a Prometheus that answers as the real one does."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import urllib3

from senza.aws import Aws
from senza.rollout.metrics import Side
from senza.sandbox.embedded import EmbeddedSandbox
from tests.fleet.views.conftest import Fleet

NEW, OLD = Side("shop-2", "shop", "2"), Side("shop-1", "shop", "1")

Put = Callable[..., None]


@pytest.fixture
def fleet(aws: Aws, sandbox: EmbeddedSandbox) -> Fleet:
    return Fleet(aws, sandbox)


@pytest.fixture
def put(sandbox: EmbeddedSandbox) -> Put:
    """``put("AWS/ELB", "RequestCount", {"LoadBalancerName": "shop-1"}, {2: 300})``: minutes since the start → value."""
    start = sandbox.clock.now() // 60 * 60

    def put(namespace: str, name: str, dimensions: dict[str, str], values: dict[int, float]) -> None:
        for minute, value in values.items():
            sandbox.report(namespace, name, dimensions, value, at=start + 60 * minute)

    return put


@dataclass
class Server:
    """An HTTP server of this process that answers with one status and body, and keeps what it was asked."""

    url: str
    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)
    """Method, target, headers and body of each request."""

    def answer(self, data: Any, status: int = 200) -> None:
        self.status, self.body = status, json.dumps(data).encode()

    def fields(self, number: int = 0) -> dict[str, str]:
        return {name: one for name, (one,) in parse_qs(urlsplit(self.asked[number][1]).query).items()}


@pytest.fixture
def server() -> Iterator[Server]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            state.asked.append((self.command, self.path, dict(self.headers), body))
            self.send_response(state.status)
            for name, value in state.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(state.body)))
            self.end_headers()
            self.wfile.write(state.body)

        do_POST = do_GET

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as httpd:
        state = Server(f"http://127.0.0.1:{httpd.server_port}")
        thread = threading.Thread(target=httpd.serve_forever, args=(0.01,))
        thread.start()
        yield state
        httpd.shutdown()
        thread.join()


@pytest.fixture
def web() -> Iterator[urllib3.PoolManager]:
    with urllib3.PoolManager() as pool:
        yield pool
