"""What a request is: which service and operation, which credentials, and how its protocol spells an error."""

from __future__ import annotations

import json
import re
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any
from urllib.parse import parse_qs

CREDENTIAL = re.compile(r"Credential=([^/,\s]+)/\d{8}/([^/]*)/([^/]+)/aws4_request")
CLIENTS = {
    "monitoring": "cloudwatch",
    "email": "ses",
    "states": "stepfunctions",
    "elasticloadbalancing": "elb",
    "tagging": "resourcegroupstaggingapi",
}
"""boto3's name of the client where the name that signatures use is another one."""
ELBV2_VERSION = "2015-12-01"


@dataclass(frozen=True)
class Incoming:
    """One HTTP request. query and form hold the last value of each name."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @classmethod
    def of(cls, environ: dict[str, Any], body: bytes) -> Incoming:
        headers = {
            key[5:].replace("_", "-").lower(): str(value) for key, value in environ.items() if key[:5] == "HTTP_"
        }
        headers["content-type"] = environ.get("CONTENT_TYPE", "")
        query = {key: values[-1] for key, values in parse_qs(environ.get("QUERY_STRING", ""), True).items()}
        return cls(environ["REQUEST_METHOD"], environ.get("PATH_INFO", "/"), query, headers, body)

    @cached_property
    def form(self) -> dict[str, str]:
        if not self.headers["content-type"].startswith("application/x-www-form-urlencoded"):
            return self.query
        parsed = parse_qs(self.body.decode("utf-8", "replace"), True)
        return self.query | {key: values[-1] for key, values in parsed.items()}

    def credential(self) -> tuple[str, str] | None:
        """(access key id, service) that the request is signed for: header or presigned URL, signature version 4."""
        found = self._signed_for
        return (found[1], found[3]) if found else None

    def region(self) -> str:
        """The region that the request is signed for; "" where it is not signed."""
        found = self._signed_for
        return found[2] if found else ""

    @cached_property
    def _signed_for(self) -> re.Match[str] | None:
        found = CREDENTIAL.search(self.headers.get("authorization", ""))
        if found is None and "X-Amz-Credential" in self.query:
            found = CREDENTIAL.search(f"Credential={self.query['X-Amz-Credential']}")
        return found

    def call(self) -> tuple[str, str]:
        """(service, operation), e.g. ``("route53", "ListHostedZones")``."""
        return self._call

    @cached_property
    def _call(self) -> tuple[str, str]:
        credential = self.credential()
        service = credential[1] if credential else "-"
        form = self.form
        if service == "elasticloadbalancing" and form.get("Version") == ELBV2_VERSION:
            service = "elbv2"
        service = CLIENTS.get(service, service)
        if "x-amz-target" in self.headers:
            return service, self.headers["x-amz-target"].split(".")[-1]
        if found := re.match(r"/service/[^/]+/operation/(\w+)$", self.path):
            return service, found[1]
        if "Action" in form:
            return service, form["Action"]
        return service, rest_operation(self, service)


@dataclass(frozen=True)
class RestOperation:
    """One operation of a REST service. query, headers: names that its requests always have."""

    name: str
    method: str
    path: re.Pattern[str]
    query: frozenset[str]
    headers: frozenset[str]

    def fits(self, method: str, path: str, query: AbstractSet[str], headers: AbstractSet[str]) -> bool:
        return (
            method == self.method
            and self.query <= query
            and self.headers <= headers
            and self.path.match(path) is not None
        )


@cache
def rest_operations(service: str) -> list[RestOperation]:
    """Those of a REST service, most specific first, from botocore's own description; not those that AWS replaced."""
    from botocore.exceptions import UnknownServiceError
    from botocore.loaders import create_loader

    try:
        model = create_loader().load_service_model(service, "service-2")
    except UnknownServiceError:
        return []
    found = []
    for name, operation in model["operations"].items():
        if operation.get("deprecated"):
            continue
        path, _, query = operation["http"]["requestUri"].partition("?")
        pattern = re.escape(path.rstrip("/"))
        pattern = re.sub(r"\\\{\w+\\\+\\\}", ".+", pattern)
        pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", pattern)
        shape = model["shapes"][operation["input"]["shape"]] if "input" in operation else {}
        required = [shape["members"][member] for member in shape.get("required", ())]
        keys = {one["locationName"] for one in required if one.get("location") == "querystring"}
        headers = {one["locationName"].lower() for one in required if one.get("location") == "header"}
        every = frozenset(keys | set(parse_qs(query, True)))
        found.append(
            RestOperation(name, operation["http"]["method"], re.compile(pattern + "/?$"), every, frozenset(headers))
        )
    return sorted(
        found,
        key=lambda one: (-len(one.query) - len(one.headers), one.path.pattern.count("+"), -len(one.path.pattern)),
    )


def rest_operation(incoming: Incoming, service: str) -> str:
    for one in rest_operations(service):
        if one.fits(incoming.method, incoming.path, incoming.query.keys(), incoming.headers.keys()):
            return one.name
    return f"{incoming.method} {incoming.path}"


def text(value: str) -> bytes:
    """A CBOR text string, RFC 8949 §3.1."""
    raw = value.encode()
    return b"\x79" + len(raw).to_bytes(2, "big") + raw


def xml(value: str) -> str:
    return value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def error_answer(incoming: Incoming, code: str, message: str) -> tuple[list[tuple[str, str]], bytes]:
    """Headers and body of an error in the protocol of the request, so that every SDK understands it."""
    service = incoming.call()[0]
    if incoming.headers.get("smithy-protocol") == "rpc-v2-cbor":
        body = b"\xa2" + text("__type") + text(code) + text("message") + text(message)
        return [("Content-Type", "application/cbor"), ("smithy-protocol", "rpc-v2-cbor")], body
    if "x-amz-target" in incoming.headers or (
        "Action" not in incoming.form and service not in ("s3", "route53", "cloudfront", "-")
    ):
        body = json.dumps({"__type": code, "message": message}).encode()
        kind = incoming.headers["content-type"] or "application/json"
        return [("Content-Type", kind), ("x-amzn-ErrorType", code)], body
    error = f"<Code>{xml(code)}</Code><Message>{xml(message)}</Message>"
    if service == "ec2":
        answer = f"<Response><Errors><Error>{error}</Error></Errors><RequestID>sandbox</RequestID></Response>"
    elif service == "s3":
        answer = f"<Error>{error}<RequestId>sandbox</RequestId></Error>"
    else:
        answer = (
            f"<ErrorResponse><Error><Type>Sender</Type>{error}</Error><RequestId>sandbox</RequestId></ErrorResponse>"
        )
    return [("Content-Type", "text/xml")], f'<?xml version="1.0" encoding="UTF-8"?>\n{answer}'.encode()
