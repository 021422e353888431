"""Tags on a group that remember what has to be undone, written before anything is changed and removed afterwards."""

from __future__ import annotations

from senza.aws import Aws

RESPAWN_TAG = "senza:respawn"
"""While instances are replaced one by one: the group's own sizes, and the processes suspended for it."""
REFRESH_TAG = "senza:refresh"
"""While an instance refresh runs: the version of the launch template that the group is to have afterwards."""
MAX_VALUE = 256
"""Characters of a tag's value (Auto Scaling API reference, Tag)."""


def mark(aws: Aws, group: str, key: str, value: str) -> None:
    assert len(value) <= MAX_VALUE
    tag = {"ResourceId": group, "ResourceType": "auto-scaling-group", "Key": key}
    aws.call("autoscaling", "create_or_update_tags", Tags=[tag | {"Value": value, "PropagateAtLaunch": False}])


def unmark(aws: Aws, group: str, key: str) -> None:
    tag = {"ResourceId": group, "ResourceType": "auto-scaling-group", "Key": key}
    aws.call("autoscaling", "delete_tags", Tags=[tag])
