"""A registry on a loopback port, over TLS and as strict as the distribution specification lets one be."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import ssl
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import urllib3

from senza.sandbox.certificates import certificate

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def packed(content: object) -> bytes:
    return json.dumps(content).encode()


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes = b""


@dataclass
class LocalRegistry:
    """challenge: ``Bearer``, ``Basic`` or "" for none. users: those who get a token; ``""`` is everybody."""

    host: str = ""
    challenge: str = "Bearer"
    users: dict[str, str] = field(default_factory=lambda: {"": ""})
    realm: str = ""
    status: int = 0
    """Answered to everything instead."""
    headers: dict[str, str] = field(default_factory=dict)
    """Sent with it."""
    lies: bool = False
    """Sends other content than it has."""
    blobs_elsewhere: bool = True
    """Blobs are sent from the storage, to which a token of the registry must not be shown."""
    manifests: dict[tuple[str, str], tuple[str, bytes]] = field(default_factory=dict)
    blobs: dict[str, bytes] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)

    # -- content

    def blob(self, content: bytes, media_type: str) -> dict[str, Any]:
        self.blobs[digest_of(content)] = content
        return {"mediaType": media_type, "digest": digest_of(content), "size": len(content)}

    def manifest(self, repository: str, tag: str, media_type: str, body: dict[str, Any]) -> str:
        content = packed({"schemaVersion": 2, "mediaType": media_type, **body})
        digest = digest_of(content)
        for version in (tag, digest):
            self.manifests[repository, version] = (media_type, content)
        return digest

    def image(
        self,
        repository: str = "team/app",
        tag: str = "1",
        *,
        architecture: str = "amd64",
        labels: dict[str, str] | None = None,
        annotations: dict[str, str] | None = None,
        files: dict[str, bytes] | None = None,
    ) -> str:
        config = {"os": "linux", "architecture": architecture, "config": {"Labels": labels}}
        layers = [self.blob(layer({"bin/app": b"x"}), LAYER)]
        if files:
            layers.append(self.blob(layer(files), LAYER))
        body: dict[str, Any] = {"config": self.blob(packed(config), CONFIG), "layers": layers}
        if annotations:
            body["annotations"] = annotations
        return self.manifest(repository, tag, MANIFEST, body)

    def index(self, digests: dict[str, str], repository: str = "team/app", tag: str = "1", **body: Any) -> str:
        entries = [
            {"mediaType": MANIFEST, "digest": digest, "size": 1, "platform": {"os": os, "architecture": architecture}}
            for (os, _, architecture), digest in ((name.partition("/"), digest) for name, digest in digests.items())
        ]
        return self.manifest(repository, tag, INDEX, {"manifests": entries, **body})

    # -- answers

    def answer(self, asked: Asked) -> tuple[int, dict[str, str], bytes]:
        self.asked.append(asked)
        path = urlsplit(asked.path).path
        if self.status:
            return self.status, self.headers, b""
        if path == "/token":
            return self._token(asked)
        if path.startswith("/storage/"):
            if "authorization" in asked.headers:
                return 400, {}, b"one authorization only"  # as S3 answers to a signed URL with one
            return 200, {}, self._content(self.blobs[unquote(path.removeprefix("/storage/"))])
        repository, _, rest = path.removeprefix("/v2/").partition("/manifests/")
        if not rest:
            repository, _, rest = path.removeprefix("/v2/").partition("/blobs/")
        refused = self._refused(asked, repository)
        if refused:
            return refused
        if "/manifests/" in path:
            return self._manifest(asked, repository, rest)
        if rest not in self.blobs:
            return 404, {}, packed({"errors": [{"code": "BLOB_UNKNOWN"}]})
        if self.blobs_elsewhere:
            other = self.host.replace("localhost", "127.0.0.1")
            return 307, {"Location": f"https://{other}/storage/{rest}"}, b""
        return 200, {}, self._content(self.blobs[rest])

    def _content(self, content: bytes) -> bytes:
        return content[:-1] + b" " if self.lies else content

    def _manifest(self, asked: Asked, repository: str, version: str) -> tuple[int, dict[str, str], bytes]:
        media_type, content = self.manifests.get((repository, version), ("", b""))
        accepted = [item.partition(";")[0].strip() for item in asked.headers.get("accept", "").split(",")]
        if not media_type or media_type not in accepted:
            return 404, {}, packed({"errors": [{"code": "MANIFEST_UNKNOWN"}]})
        headers = {"Content-Type": media_type, "Docker-Content-Digest": digest_of(content)}
        return 200, headers, self._content(content)

    def _refused(self, asked: Asked, repository: str) -> tuple[int, dict[str, str], bytes] | None:
        scope = f"repository:{repository}:pull"
        said = asked.headers.get("authorization", "")
        if self.challenge == "Bearer" and said != f"Bearer token-for-{scope}":
            realm = self.realm or f"https://{self.host}/token"
            return 401, {"WWW-Authenticate": f'Bearer realm="{realm}",service="local",scope="{scope}"'}, b"{}"
        if self.challenge == "Basic" and self._user(said) is None:
            return 401, {"WWW-Authenticate": 'Basic realm="Pier One Docker Registry"'}, b"{}"
        return None

    def _token(self, asked: Asked) -> tuple[int, dict[str, str], bytes]:
        form = asked.body.decode() if asked.method == "POST" else urlsplit(asked.path).query
        query = {key: values[0] for key, values in parse_qs(form).items()}
        if asked.method == "POST":
            known = query.get("grant_type") == "refresh_token" and query.get("refresh_token") in self.users.values()
        else:
            said = asked.headers.get("authorization", "")
            known = ("" in self.users) if not said else self._user(said) is not None
        if not known or query.get("service") != "local" or not query.get("scope"):
            return 401, {}, b"{}"
        return 200, {}, packed({"token": f"token-for-{query['scope']}"})

    def _user(self, authorization: str) -> str | None:
        scheme, _, secret = authorization.partition(" ")
        if scheme != "Basic":
            return None
        user, _, password = base64.b64decode(secret).decode().partition(":")
        return user if user and self.users.get(user) == password else None


def layer(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return gzip.compress(out.getvalue(), mtime=0)


@contextmanager
def serving(folder: Path) -> Iterator[tuple[LocalRegistry, urllib3.PoolManager]]:
    """The registry, and connections that trust it."""
    registry = LocalRegistry()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, extra, body = registry.answer(Asked(self.command, self.path, headers, sent))
            self.send_response(status)
            for name, value in {**extra, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_HEAD = do_POST = do_GET

        def log_message(self, *_: object) -> None:
            """Say nothing on stderr."""

    pem = certificate(("localhost",))
    files = folder / "certificate.pem", folder / "key.pem"
    files[0].write_text(pem.certificate)
    files[1].write_text(pem.key)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*files)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    registry.host = f"localhost:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    # A busy machine must not look like a registry that is down.
    http = urllib3.PoolManager(ca_certs=str(files[0]), assert_hostname="localhost", timeout=300)
    try:
        yield registry, http
    finally:
        http.clear()
        server.shutdown()
        thread.join()
        server.server_close()
