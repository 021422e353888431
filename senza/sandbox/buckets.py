"""Who may do what to a bucket: ExpectedBucketOwner and bucket policies, before moto sees the request.

Policies as in "Policies and permissions in Amazon S3": an explicit Deny wins; who owns the bucket needs no Allow.
Requests to the sandbox count as sent over TLS, because those to AWS are.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from senza.sandbox.requests import Incoming

OWNER_HEADER = "x-amz-expected-bucket-owner"
SOURCE_OWNER_HEADER = "x-amz-source-expected-bucket-owner"
DENIED = "AccessDenied"
ACTIONS = {
    "HeadBucket": "ListBucket",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "ListObjectVersions": "ListBucketVersions",
    "HeadObject": "GetObject",
    "CopyObject": "PutObject",
    "CreateMultipartUpload": "PutObject",
    "UploadPart": "PutObject",
    "CompleteMultipartUpload": "PutObject",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
}
"""The action that an operation needs, where it is not called the same ("Service Authorization Reference", S3)."""


def refusal(incoming: Incoming, account: str) -> tuple[int, str, str] | None:
    """(status, code, message) of the answer to a request that S3 would not let through; None for all others.

    account: whose credentials the request is signed with.
    """
    service, operation = incoming.call()
    if service != "s3":
        return None
    name, _, key = incoming.path.lstrip("/").partition("/")
    unless, only = incoming.headers.get("if-none-match"), incoming.headers.get("if-match")
    if unless and (unless != "*" or only) and operation in ("PutObject", "CompleteMultipartUpload"):
        # "Conditional requests": the only value that writes take is the asterisk, and one condition at a time
        return 501, "NotImplemented", "A header you provided implies functionality that is not implemented"
    bucket = find(name)
    if bucket is None or operation == "CreateBucket":
        return None
    source = incoming.headers.get("x-amz-copy-source", "").lstrip("/").partition("/")[0]
    owners = [(bucket, OWNER_HEADER), *([(found, SOURCE_OWNER_HEADER)] if (found := find(source)) else [])]
    if any(incoming.headers.get(header, one.account_id) != one.account_id for one, header in owners):
        return 403, DENIED, "Access Denied"
    action = f"s3:{ACTIONS.get(operation, operation)}"
    resource = f"arn:aws:s3:::{name}/{key}" if key else f"arn:aws:s3:::{name}"
    decided = decision(bucket.policy, action, resource, facts(incoming, account)) if bucket.policy else ""
    if decided == "Deny":
        return 403, DENIED, f"User is not authorized to perform: {action} on resource: {resource} with an explicit deny"
    if bucket.account_id != account and decided != "Allow":
        return 403, DENIED, f"User is not authorized to perform: {action} on resource: {resource}"
    blocks = bucket.public_access_block
    if operation == "PutBucketPolicy" and blocks and blocks.block_public_policy and public(incoming.body):
        said = "because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access."
        return 403, DENIED, f"User is not authorized to perform: {action} on resource: {resource} {said}"
    return None


def find(name: str) -> Any:
    """The bucket, of whichever account: their names are one space. None where there is none."""
    from moto.s3.models import s3_backends

    return next(
        (one.buckets[name] for account in s3_backends.values() for one in account.values() if name in one.buckets), None
    )


def facts(incoming: Incoming, account: str) -> dict[str, str]:
    """What conditions may ask about, by condition key in small letters."""
    known = {"aws:securetransport": "true", "aws:principalaccount": account}
    known |= {f"s3:{name}": value for name, value in incoming.headers.items() if name.startswith("x-amz-")}
    return known


def decision(policy: bytes | str, action: str, resource: str, known: Mapping[str, str]) -> str:
    """``Allow``, ``Deny`` or "" where the policy does not say."""
    effects = {
        one["Effect"]
        for one in listed(json.loads(policy).get("Statement"))
        if everybody(one.get("Principal")) and concerns(one, action, resource) and holds(one.get("Condition"), known)
    }
    return "Deny" if "Deny" in effects else "Allow" if effects else ""


def public(policy: bytes | str) -> bool:
    """Whether anyone may do something, whatever the circumstances."""
    statements = listed(json.loads(policy).get("Statement"))
    return any(
        one["Effect"] == "Allow" and everybody(one.get("Principal")) and not one.get("Condition") for one in statements
    )


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def everybody(principal: Any) -> bool:
    """Named principals are not looked at: the sandbox has one user, who is none of them."""
    return principal == "*" or (isinstance(principal, dict) and "*" in listed(principal.get("AWS")))


def concerns(statement: dict[str, Any], action: str, resource: str) -> bool:
    def matches(name: str, value: str, fold: Callable[[str], str]) -> bool:
        if name in statement:
            return any(fnmatchcase(fold(value), fold(one)) for one in listed(statement[name]))
        unless = listed(statement.get(f"Not{name}"))
        return not any(fnmatchcase(fold(value), fold(one)) for one in unless)

    return matches("Action", action, str.lower) and matches("Resource", resource, str)


def holds(conditions: Mapping[str, Mapping[str, Any]] | None, known: Mapping[str, str]) -> bool:
    """All conditions are met ("IAM JSON policy elements: Condition operators"); one of a kind not known here is not."""
    return all(
        compare(operator, known.get(key.lower()), [str(one) for one in listed(wanted)])
        for operator, keys in (conditions or {}).items()
        for key, wanted in keys.items()
    )


def compare(operator: str, value: str | None, wanted: Iterable[str]) -> bool:
    base, optional = operator.removesuffix("IfExists"), operator.endswith("IfExists")
    if base == "Null":
        return (value is None) == ("true" in [one.lower() for one in wanted])
    negated = base.startswith(("StringNot", "ArnNot"))
    if value is None:
        return optional or negated
    match base.replace("Not", ""):
        case "Bool":
            equal = value.lower() in [one.lower() for one in wanted]
        case "StringEquals":
            equal = value in wanted
        case "StringLike" | "ArnLike" | "ArnEquals":
            equal = any(fnmatchcase(value, one) for one in wanted)
        case _:
            return False
    return equal != negated
