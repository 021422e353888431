"""Filters mean what EC2's API reference says: stars and question marks, and every other character itself."""

from __future__ import annotations

import pytest

from senza.aws import Aws


@pytest.mark.parametrize("key", ["tag:Name", "group-name"])
@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("app-lsd", 1),
        ("app-ls?", 1),
        ("app-lsd*", 2),
        ("app.lsd", 0),
        ("app-ls[a-d]", 0),
        ("['app-kio-lb']", 0),  # a range that no regular expression may have
        (r"app-ls\?", 0),
        (r"app-lsd\*", 0),
        ("(", 0),
    ],
)
def test_filter(aws: Aws, key: str, value: str, found: int) -> None:
    answer = aws.call("ec2", "describe_security_groups", Filters=[{"Name": key, "Values": [value]}])
    assert len(answer["SecurityGroups"]) == found
