"""``senza images``: what is in use, and what there is."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from senza.aws import Aws
from senza.clock import Clock
from senza.fleet.images import days_before, images
from senza.fleet.instances import list_instances
from tests.fleet.views.conftest import IMAGE, Fleet, Run, rows

TAUPAGE = "Taupage-AMI-20260101-090000"
OTHERS = [
    *("Taupage-AMI-20251115-090000", "Taupage-AMI-20251201-090000", TAUPAGE),
    *("TaupageDev-AMI-20260103-090000", "TaupageStaging-AMI-20260102-090000"),
]


def test_a_row_has_the_keys_of_the_classic_tool(fleet: Fleet, run: Run) -> None:
    for stack in ("shop-2", "shop-1"):
        fleet.create(stack, [], instances=2)
    assert rows(run("images", "-o", "json")) == [
        {
            "ImageId": IMAGE,
            "Name": TAUPAGE,
            "OwnerId": "123456789012",
            "Description": TAUPAGE,
            "stacks": "shop-1, shop-2",
            "total_instances": 4,
            "creation_time": int(datetime(2026, 1, 1, 9, tzinfo=UTC).timestamp()),
        }
    ]


def test_instances_instead_of_their_number(fleet: Fleet, run: Run) -> None:
    fleet.create("shop-1", [], instances=2)
    (row,) = rows(run("images", "--show-instances", "-o", "json"))
    assert sorted(row.pop("instances").split(", ")) == sorted(fleet.ids("shop-1"))
    assert "total_instances" not in row
    both = rows(run("images", "-f", "total_instances", "-f", "Name", "-o", "json"))
    assert both == [{"total_instances": 2, "Name": TAUPAGE}]


def test_unused_taupage_images_are_shown_while_they_are_young(run: Run, clock: Clock) -> None:
    def names(days: int) -> list[str]:
        return [row["Name"] for row in rows(run("images", "--hide-older-than", str(days), "-o", "json"))]

    since_new_year = (datetime.fromtimestamp(clock.now(), UTC) - datetime(2026, 1, 1, 9, tzinfo=UTC)).days
    young = names(since_new_year + 1)
    assert [name for name in OTHERS if name in young] == OTHERS[2:]
    assert [name for name in names(since_new_year - 1) if name in OTHERS] == OTHERS[3:4]
    assert names(21) == []
    assert [name for name in names(10**6) if name in OTHERS] == OTHERS
    assert names(10**12) == names(10**6)


def test_a_reference_narrows_down_who_uses_them(fleet: Fleet, run: Run) -> None:
    fleet.create("shop-1", [])
    fleet.create("blog-1", [])
    fleet.run_instance()
    assert [(row["stacks"], row["total_instances"]) for row in rows(run("images", "-o", "json"))] == [
        ("blog-1, shop-1", 3)
    ]
    assert [row["stacks"] for row in rows(run("images", "shop", "-o", "json"))] == ["shop-1"]
    result = run("images", "shop", "2")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "there is no stack shop 2" in result.stderr


def test_another_image_in_use_and_one_that_is_gone(fleet: Fleet, run: Run, aws: Aws) -> None:
    made = [aws.call("ec2", "create_image", InstanceId=fleet.run_instance(), Name=name) for name in ("own", "lost")]
    own, lost = (answer["ImageId"] for answer in made)
    for image in (own, lost):
        fleet.run_instance(ImageId=image)
    aws.call("ec2", "deregister_image", ImageId=lost)
    found = {row["ImageId"]: row for row in rows(run("images", "-o", "json"))}
    assert found[own]["Name"] == "own"
    assert found[lost] == {
        "ImageId": lost,
        "Name": None,
        "OwnerId": None,
        "Description": None,
        "stacks": "",
        "total_instances": 1,
        "creation_time": None,
    }
    assert list(found)[-1] == lost


@pytest.mark.parametrize(("image", "calls"), [(IMAGE, 1), ("own", 2)])
def test_calls(fleet: Fleet, run: Run, aws: Aws, image: str, calls: int) -> None:
    first = fleet.run_instance()
    if image == "own":
        image = aws.call("ec2", "create_image", InstanceId=first, Name="own")["ImageId"]
    fleet.run_instance(ImageId=image)
    made = fleet.counted(lambda: run("images"))
    assert made == ["ec2:DescribeImages"] * calls + ["ec2:DescribeInstances"]


def test_terminated_instances_use_nothing(fleet: Fleet, aws: Aws) -> None:
    aws.call("ec2", "terminate_instances", InstanceIds=[fleet.run_instance()])
    now = datetime(2026, 6, 1, tzinfo=UTC)
    assert images(aws, list_instances(aws, stackless=True), days_before(now, 1)) == []
