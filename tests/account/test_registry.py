"""Image references, and a registry of our own on a loopback port that speaks TLS."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import urllib3

from senza.account.registry import ImageReference, Registries
from senza.sandbox.certificates import certificate


@pytest.mark.parametrize(
    ("image", "host", "repository", "version"),
    [
        ("redis", "", "redis", "latest"),
        ("app:1", "", "app", "1"),
        ("stups/hello-world:0.2", "", "stups/hello-world", "0.2"),
        ("registry.example.org/team/app:1.0", "registry.example.org", "team/app", "1.0"),
        ("registry.example.org:5000/team/app", "registry.example.org:5000", "team/app", "latest"),
        ("localhost/app:2", "localhost", "app", "2"),
        ("ghcr.io/a/b/c@sha256:0a", "ghcr.io", "a/b/c", "sha256:0a"),
        ("ghcr.io/a/b:3@sha256:0a", "ghcr.io", "a/b", "sha256:0a"),
    ],
)
def test_references(image: str, host: str, repository: str, version: str) -> None:
    assert ImageReference.parse(image) == ImageReference(host, repository, version)


@dataclass
class FakeRegistry:
    """Knows ``team/app:1``; wants a token, gives one to anybody, unless told otherwise."""

    url: str = ""
    realm: str = ""
    gives_tokens: bool = True
    status: int = 0
    """Answered to everything instead."""
    requests: list[str] = field(default_factory=list)

    def answer(self, path: str, authorization: str) -> tuple[int, dict[str, str], bytes]:
        self.requests.append(path)
        if self.status:
            return self.status, {"Location": "http://127.0.0.1:1/"}, b""
        if path.startswith("/token"):
            token = json.dumps({"token": "anonymous"}).encode()
            return (200, {}, token) if self.gives_tokens else (403, {}, b"")
        if authorization != "Bearer anonymous":
            realm = self.realm or f"{self.url}/token"
            scope = 'service="fake",scope="repository:team/app:pull"'
            return 401, {"WWW-Authenticate": f'Bearer realm="{realm}",{scope}'}, b""
        return (200 if path == "/v2/team/app/manifests/1" else 404), {}, b""


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[tuple[FakeRegistry, Registries]]:
    fake = FakeRegistry()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = fake.answer(self.path, self.headers.get("Authorization", ""))
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        do_HEAD = do_GET

        def log_message(self, *_: object) -> None:
            """Say nothing on stderr."""

    pem = certificate(("localhost",))
    files = tmp_path / "certificate.pem", tmp_path / "key.pem"
    files[0].write_text(pem.certificate)
    files[1].write_text(pem.key)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*files)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    fake.url = f"https://localhost:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    http = urllib3.PoolManager(ca_certs=str(files[0]), assert_hostname="localhost")
    yield fake, Registries(http)
    http.clear()
    server.shutdown()
    thread.join()
    server.server_close()


def host(fake: FakeRegistry) -> str:
    return fake.url.removeprefix("https://")


def test_what_is_there_and_what_is_not(registry: tuple[FakeRegistry, Registries]) -> None:
    fake, registries = registry
    assert registries.exists(f"{host(fake)}/team/app:1") is True
    assert registries.exists(f"{host(fake)}/team/app:2") is False
    assert "/token?service=fake&scope=repository%3Ateam%2Fapp%3Apull" in fake.requests


def test_no_host_no_question(registry: tuple[FakeRegistry, Registries]) -> None:
    fake, registries = registry
    assert registries.exists("team/app:2") is True
    assert fake.requests == []


@pytest.mark.parametrize("status", [500, 302, 403, 429])
def test_answers_that_say_nothing(status: int, registry: tuple[FakeRegistry, Registries]) -> None:
    fake, registries = registry
    fake.status = status
    assert registries.exists(f"{host(fake)}/team/app:1") is None
    assert len(fake.requests) == 1


def test_no_token_for_strangers(registry: tuple[FakeRegistry, Registries]) -> None:
    fake, registries = registry
    fake.gives_tokens = False
    assert registries.exists(f"{host(fake)}/team/app:1") is None


def test_a_token_is_not_asked_for_in_clear_text(registry: tuple[FakeRegistry, Registries]) -> None:
    fake, registries = registry
    fake.realm = fake.url.replace("https:", "http:") + "/token"
    assert registries.exists(f"{host(fake)}/team/app:1") is None
    assert not any(path.startswith("/token") for path in fake.requests)


def test_an_unreachable_registry(registry: tuple[FakeRegistry, Registries]) -> None:
    _, registries = registry
    assert registries.exists("localhost:1/team/app:1") is None


def test_a_registry_with_a_certificate_nobody_knows(registry: tuple[FakeRegistry, Registries]) -> None:
    fake, _ = registry
    assert Registries().exists(f"{host(fake)}/team/app:1") is None
    assert fake.requests == []
