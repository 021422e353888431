"""How a template reaches CloudFormation: inline, or through S3 where it is too large for that.

Limits: "Understand CloudFormation quotas" in the User Guide. The bucket is the journal's, which is private; an object
is named after its content, so that a repeated request is the same request.
"""

from __future__ import annotations

import hashlib
from typing import Any

from senza.aws import Aws
from senza.clock import Clock
from senza.journal import Caller
from senza.journal.bucket import TEMPLATES
from senza.journal.store import Store

MAX_INLINE = 51_200
"""Bytes of a template that is sent with the request."""


def template_arguments(aws: Aws, clock: Clock, stack: str, body: str, *, arn: str = "") -> dict[str, str]:
    """``TemplateBody``, or ``TemplateURL`` after the template was put into S3.

    stack: its full name. arn: of anything in the account, which saves asking whose it is.
    Raises AwsError, and ForeignBucket where the bucket's name is taken by another account.
    """
    encoded = body.encode()
    if len(encoded) <= MAX_INLINE:
        return {"TemplateBody": body}
    caller = Caller(aws, arn)
    store = Store(aws, clock, caller.account_id, caller.who)
    store.creates = True
    key = f"{TEMPLATES}{stack}/{hashlib.sha256(encoded).hexdigest()[:32]}.json"
    store.put(key, encoded)
    return {"TemplateURL": f"https://{store.bucket}.s3.{aws.region}.{domain(aws.region)}/{key}"}


def domain(region: str) -> str:
    """Of AWS's endpoints in that region ("AWS service endpoints" in the General Reference)."""
    return "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"


def parameter_list(values: dict[str, str]) -> list[dict[str, Any]]:
    return [{"ParameterKey": key, "ParameterValue": text} for key, text in values.items()]
