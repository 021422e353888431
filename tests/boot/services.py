"""What the machine reaches over its network: instance metadata, a registry, and AWS, each as strict as the real one."""

from __future__ import annotations

import base64
import ctypes
import hashlib
import hmac
import http.client
import json
import secrets
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote, urlsplit

from tests.boot.image import MANIFEST_TYPE, Image

MAC, SUBNET = "06:00:00:00:00:01", "subnet-0123456789abcdef0"
CLONE_NEWNET = 0x40000000
LOGIN = base64.b64encode(b"puller:let me in").decode()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        pass

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, listening: socket.socket, handler: type[Handler]) -> None:
        super().__init__(listening.getsockname(), handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listening


@contextmanager
def serving(namespace: str, address: str, port: int, handler: type[Handler]) -> Iterator[None]:
    """Serve inside of a network namespace; sockets stay in the one that they were made in."""
    made: list[socket.socket] = []

    def listen() -> None:  # a thread of its own, since the namespace is the thread's
        with open(namespace, "rb") as file:
            if ctypes.CDLL(None, use_errno=True).setns(file.fileno(), CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), "setns")
        listening = socket.socket()
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((address, port))
        listening.listen(64)
        made.append(listening)

    thread = threading.Thread(target=listen)
    thread.start()
    thread.join()
    server = Server(made[0], handler)
    worker = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    worker.start()
    try:
        yield
    finally:
        server.shutdown()
        worker.join()
        server.server_close()


@dataclass(frozen=True)
class Role:
    """Temporary credentials, as an instance's role has them."""

    access_key_id: str
    secret_access_key: str
    token: str = field(default_factory=lambda: secrets.token_urlsafe(60))


def metadata(instance: str, zone: str, role: Role) -> type[Handler]:
    """IMDSv2 alone: no answer without a token of ours ("Use the Instance Metadata Service", EC2 User Guide)."""
    tokens: set[str] = set()
    document = {
        "Code": "Success",
        "Type": "AWS-HMAC",
        "AccessKeyId": role.access_key_id,
        "SecretAccessKey": role.secret_access_key,
        "Token": role.token,
        "Expiration": "2099-01-01T00:00:00Z",
    }
    identity = {"region": zone[:-1], "instanceId": instance, "availabilityZone": zone}
    texts = {
        "meta-data/instance-id": instance,
        "meta-data/placement/availability-zone": zone,
        "meta-data/placement/region": zone[:-1],
        "meta-data/services/domain": "amazonaws.com",
        "meta-data/mac": MAC,
        f"meta-data/network/interfaces/macs/{MAC}/subnet-id": SUBNET,
        "meta-data/iam/security-credentials/": "app-role",
        "meta-data/iam/security-credentials/app-role": json.dumps(document, indent=2),
        "dynamic/instance-identity/document": json.dumps(identity),
    }

    class Metadata(Handler):
        def do_PUT(self) -> None:
            if self.path != "/latest/api/token" or "X-Forwarded-For" in self.headers:
                return self.answer(403)
            seconds = self.headers.get("X-aws-ec2-metadata-token-ttl-seconds", "")
            if not seconds.isdigit() or not 1 <= int(seconds) <= 21600:
                return self.answer(400)
            tokens.add(token := secrets.token_urlsafe(40))
            return self.answer(200, token.encode(), X_Aws_Ec2_Metadata_Token_Ttl_Seconds=seconds)

        def do_GET(self) -> None:
            if self.headers.get("X-aws-ec2-metadata-token") not in tokens:
                return self.answer(401)
            text = texts.get(self.path.removeprefix("/latest/"))
            return self.answer(404) if text is None else self.answer(200, text.encode())

    return Metadata


def registry(image: Image, login: str) -> type[Handler]:
    """Pulling as the OCI distribution specification has it, for one login alone (``user:password`` in base64)."""
    expected = f"Basic {login}"

    class Registry(Handler):
        def do_HEAD(self) -> None:
            self.do_GET()

        def do_GET(self) -> None:
            if not hmac.compare_digest(self.headers.get("Authorization", ""), expected):
                errors = b'{"errors": [{"code": "UNAUTHORIZED", "message": "authentication required"}]}'
                return self.answer(401, errors, WWW_Authenticate='Basic realm="tests"', Content_Type="application/json")
            if self.path == "/v2/":
                return self.answer(200, b"{}")
            if self.path == f"/v2/team/app/manifests/{image.digest}":
                return self.answer(200, image.manifest, Content_Type=MANIFEST_TYPE, Docker_Content_Digest=image.digest)
            blob = image.blobs.get(self.path.removeprefix("/v2/team/app/blobs/"))
            if blob is not None:
                return self.answer(200, blob, Content_Type="application/octet-stream")
            errors = b'{"errors": [{"code": "MANIFEST_UNKNOWN", "message": "manifest unknown"}]}'
            return self.answer(404, errors, Content_Type="application/json")

    return Registry


def gateway(url: str, role: Role, seen: list[str]) -> type[Handler]:
    """AWS: checks the signature as AWS does, and has the sandbox answer. seen: form or target of each request."""
    target = urlsplit(url)

    class Gateway(Handler):
        def do_POST(self) -> None:
            body = self.body()
            problem = signature_problem(self, body, role)
            if problem:
                text = json.dumps({"__type": "InvalidSignatureException", "message": problem})
                seen.append(problem)
                return self.answer(403, text.encode(), Content_Type="application/x-amz-json-1.1")
            seen.append(self.headers.get("X-Amz-Target") or body.decode())
            headers = {name: value for name, value in self.headers.items() if name.lower() != "x-amz-security-token"}
            connection = http.client.HTTPConnection(target.hostname or "", target.port, timeout=300)
            connection.request("POST", self.path, body, headers | {"Host": target.netloc})
            response = connection.getresponse()
            content = response.read()
            connection.close()
            return self.answer(response.status, content, Content_Type=response.getheader("Content-Type") or "")

    return Gateway


def signature_problem(request: Handler, body: bytes, role: Role) -> str:
    """What is wrong with the signature, by the rules of "Create a signed AWS API request" (IAM User Guide)."""
    headers = {name.lower(): " ".join(value.split()) for name, value in request.headers.items()}
    scheme, _, rest = headers.get("authorization", "").partition(" ")
    fields = dict(part.strip().partition("=")[::2] for part in rest.split(","))
    if scheme != "AWS4-HMAC-SHA256" or set(fields) != {"Credential", "SignedHeaders", "Signature"}:
        return "no signature version 4"
    key, date, region, service, _ = fields["Credential"].split("/")
    if key != role.access_key_id or headers.get("x-amz-security-token") != role.token:
        return "not the credentials of the role"
    signed = fields["SignedHeaders"].split(";")
    unsigned = [name for name in headers if (name == "host" or name.startswith("x-amz-")) and name not in signed]
    if unsigned or signed != sorted(signed):
        return f"headers are not signed: {unsigned}"
    split = urlsplit(request.path)
    canonical = "\n".join(
        [
            request.command,
            quote(split.path, safe="/-_.~"),
            split.query,
            *(f"{name}:{headers[name]}" for name in signed),
            "",
            ";".join(signed),
            hashlib.sha256(body).hexdigest(),
        ]
    )
    scope = f"{date}/{region}/{service}/aws4_request"
    to_sign = "\n".join([scheme, headers["x-amz-date"], scope, hashlib.sha256(canonical.encode()).hexdigest()])
    sign: Callable[[bytes, str], bytes] = lambda secret, text: hmac.digest(secret, text.encode(), "sha256")  # noqa: E731
    derived = f"AWS4{role.secret_access_key}".encode()
    for part in (date, region, service, "aws4_request"):
        derived = sign(derived, part)
    return "" if hmac.compare_digest(sign(derived, to_sign).hex(), fields["Signature"]) else "the signature is wrong"
