"""What groups launch in the first environment has to be what their stack says."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from senza.aws import Aws
from senza.fleet.groups import Group, TemplateUse, describe
from senza.promotion.patched import compared, patched
from senza.stacks.resources import Resource
from tests.promotion.conftest import Repository

PLAN = "promote hello-world --from staging --to live --dry-run"
THEN, LATER = datetime(2026, 6, 1, 12, tzinfo=UTC), datetime(2026, 6, 1, 13, tzinfo=UTC)


def test_a_patched_group_is_no_example(senza: Repository) -> None:
    senza.define("hello-world")
    senza("create hello-world.yaml 1 0.1 -e staging")
    senza.sandbox.advance(60)
    senza("patch hello-world 1 --user-data", "environment: {WORD: battery-staple}", "--force", "-e", "staging")
    senza("patch hello-world 1 --instance-type t3.small --force -e staging")
    refused = senza(PLAN, exit_code=1).stderr
    assert refused.endswith(
        "Error: hello-world-1 AppServer (instance type t2.micro → t3.small, user data): launched in staging, "
        "but not what the stack says\nPut it into hello-world.yaml and update hello-world-1 in staging first. "
        "--force promotes the definition as it is.\n"
    )
    forced = senza(f"{PLAN} --force")
    assert "Warning: hello-world-1 AppServer (instance type" in forced.stderr
    assert "battery" not in refused + forced.output
    senza.sandbox.advance(60)
    senza.define("hello-world", "", ("t2.micro", "t3.small"))
    senza("update hello-world.yaml 1 0.1 -e staging")
    assert "launched in staging" not in senza(PLAN).stderr, "the stack's own again, by its third version"


def test_a_newer_machine_image_is_only_told(senza: Repository) -> None:
    senza.define("hello-world")
    senza("create hello-world.yaml 1 0.1 -e staging")
    senza.sandbox.advance(60)
    (image, *_) = senza.aws("staging").call("ec2", "describe_images")["Images"]
    senza(f"patch hello-world 1 --image {image['ImageId']} --force -e staging")
    result = senza(PLAN)
    assert (
        f"→ {image['ImageId']}) was patched in staging; live gets the image that the definition says" in result.stderr
    )


def test_who_may_not_look_is_told(senza: Repository) -> None:
    senza.define("hello-world")
    senza("create hello-world.yaml 1 0.1 -e staging")
    senza.sandbox.settings.denied = ["autoscaling:DescribeAutoScalingGroups"]
    assert "whether groups in staging were patched is not known" in senza(PLAN).stderr


def version(number: int, created: datetime, default: bool = False, **data: Any) -> dict[str, Any]:
    return {"VersionNumber": number, "CreateTime": created, "DefaultVersion": default, "LaunchTemplateData": data}


MADE = [version(1, THEN, True, InstanceType="a"), version(2, LATER, InstanceType="b", KeyName="k")]


@pytest.fixture
def group(senza: Repository) -> Group:
    senza.define("hello-world")
    senza("create hello-world.yaml 1 0.1 -e staging")
    (found,) = describe(senza.aws("staging"))
    return found


def test_whose_version_it_is(group: Group) -> None:
    def found(use: str, changed: datetime = THEN, versions: list[dict[str, Any]] = MADE) -> tuple[str, ...]:
        one = compared(group, TemplateUse("lt-1", use), versions, changed)
        return one.changed if one else ()

    changes = ("instance type a → b", "KeyName")
    assert (found("2"), found("$Latest"), found("$Default"), found("1")) == (changes, changes, (), ())
    assert found("2", LATER) == (), "the stack was updated, and made it"
    back = [*MADE, version(3, LATER, InstanceType="a")]
    assert found("3", versions=back) == (), "patched, and patched back"
    assert found("7") == (), "gone meanwhile"
    of_another = [version(1, LATER, InstanceType="a")]
    assert found("$Latest", versions=of_another) == (), "made by no stack"


def test_a_group_that_was_given_something_else_altogether(group: Group, aws: Aws) -> None:
    own = Resource("Config", "config-1", "AWS::AutoScaling::LaunchConfiguration", "CREATE_COMPLETE", THEN)
    assert group.template
    another = patched(aws, group, [own])
    assert another is not None
    assert another.changed == (f"launch template {group.template.id}",)
    assert patched(aws, group, []) is None, "the stack names somebody else's launch template"
