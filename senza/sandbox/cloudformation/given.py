"""What requests carry that needs no stack to be judged: names, tags, flags and tokens."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from senza.sandbox.cloudformation.errors import Refusal, constraint

NAME = re.compile(r"[a-zA-Z][-a-zA-Z0-9]*")
MAX_NAME = 128
MAX_TAGS = 50

Given = Mapping[str, Any]
"""The parameters of a request, as the API reference names them."""


def new_id(name: str, account_id: str, region: str) -> str:
    from moto.moto_api._internal import mock_random

    return f"arn:aws:cloudformation:{region}:{account_id}:stack/{name}/{mock_random.uuid4()}"


def fingerprint(given: Given) -> str:
    return json.dumps(given, sort_keys=True, default=str)


def truth(value: Any) -> bool:
    return str(value).lower() == "true"


def check_name(name: str) -> None:
    if not NAME.fullmatch(name):
        raise constraint(name, "stackName", "satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*")
    if len(name) > MAX_NAME:
        raise constraint(name, "stackName", f"have length less than or equal to {MAX_NAME}")


def on_failure(given: Given) -> str:
    if given.get("OnFailure") and given.get("DisableRollback") is not None:
        raise Refusal("You can specify either DisableRollback or OnFailure, but not both.")
    return given.get("OnFailure") or ("DO_NOTHING" if truth(given.get("DisableRollback")) else "ROLLBACK")


def checked_tags(tags: Iterable[dict[str, str]]) -> dict[str, str]:
    """Tags as a mapping. Raises Refusal, see Tag in the API reference."""
    found: dict[str, str] = {}
    for tag in tags:
        key, value = tag["Key"], tag.get("Value", "")
        if key in found:
            raise Refusal(f"Duplicate tag key: {key}")
        if key.lower().startswith("aws:"):
            raise Refusal(f"aws: prefixed tag key names are not allowed for external use. ({key})")
        if not 1 <= len(key) <= 128:
            raise constraint(key, "tags.member.key", "have length between 1 and 128")
        if len(value) > 256:
            raise constraint(value, "tags.member.value", "have length less than or equal to 256")
        found[key] = value
    if len(found) > MAX_TAGS:
        raise constraint("...", "tags", f"have length less than or equal to {MAX_TAGS}")
    return found
