"""The tags that CloudFormation puts on what it makes ("Resource tags" in its user guide), and what they find."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from senza.aws import Aws
from senza.aws.failures import DENIED
from senza.errors import AwsError

STACK_TAG = "aws:cloudformation:stack-name"
LOGICAL_ID_TAG = "aws:cloudformation:logical-id"
FILTER_VALUES = 20
"""How many values AWS takes in one filter (GetResources in the Resource Groups Tagging API reference)."""


def tags_of(described: Mapping[str, Any]) -> dict[str, str]:
    """The tags of whatever AWS describes with a list of ``Key`` and ``Value`` under ``Tags``."""
    return {str(tag["Key"]): str(tag["Value"]) for tag in described.get("Tags", ())}


def made_by_stacks(aws: Aws, kind: str, stacks: Sequence[str] = ()) -> dict[str, dict[str, str]]:
    """ARN to tags of what the stacks of these full names made (all stacks, where none is given), 100 per call.

    kind: as the tagging API names it, e.g. ``elasticloadbalancing:targetgroup``. Nothing where asking is not allowed.
    """
    wanted = list(stacks) if 0 < len(stacks) <= FILTER_VALUES else []
    found = tagged(aws, kind, STACK_TAG, wanted)
    names = set(stacks)
    return {arn: tags for arn, tags in found.items() if not names or tags.get(STACK_TAG) in names}


def tagged(aws: Aws, kind: str, key: str, values: Sequence[str] = ()) -> dict[str, dict[str, str]]:
    """ARN to tags of what has this tag, with one of at most 20 values where any are given; see above."""
    wanted: dict[str, Any] = {"Key": key} | ({"Values": list(values)} if values else {})
    found = aws.pages(
        "resourcegroupstaggingapi",
        "get_resources",
        "ResourceTagMappingList",
        ResourceTypeFilters=[kind],
        TagFilters=[wanted],
        PaginationConfig={"PageSize": 100},
    )
    try:
        return {str(item["ResourceARN"]): tags_of(item) for item in found}
    except AwsError as error:
        if error.code not in DENIED:
            raise
        return {}
