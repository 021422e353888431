"""Which groups are meant, and what is known of them."""

from __future__ import annotations

import pytest

from senza.errors import NotFound
from senza.fleet.groups import group_named, groups_of
from senza.sandbox.embedded import EmbeddedSandbox
from senza.stacks.references import StackRef
from tests.fleet.groups.conftest import Fleet


@pytest.mark.parametrize(
    ("launch", "version"),
    [("template", "1"), ("latest", "$Latest"), ("default", "$Default"), ("mixed", "1"), ("configuration", None)],
)
def test_a_group_knows_its_launch_settings(fleet: Fleet, launch: str, version: str | None) -> None:
    fleet.create(launch=launch)
    group = fleet.the_group()
    assert str(group) == "app-1 AppServer"
    assert (group.template.version if group.template else None) == version
    assert bool(group.configuration) == (launch == "configuration")
    assert [one["InstanceType"] for one in group.overrides] == (["t3.small", "t3.medium"] if launch == "mixed" else [])
    assert fleet.launched() == ([group.configuration] * 2 if version is None else ["1", "1"])
    assert [(one.state, one.in_service) for one in group.members] == [("InService", True)] * 2


def test_the_groups_of_several_stacks_take_one_call(fleet: Fleet, sandbox: EmbeddedSandbox) -> None:
    for stack in ("app-1", "app-2", "other-1"):
        fleet.create(stack, "Web", "Worker", behind="none")
    sandbox.log.clear()
    found = groups_of(fleet.aws, [StackRef("app")])
    assert [str(one) for one in sandbox.log] == ["cloudformation:ListStacks", "autoscaling:DescribeAutoScalingGroups"]
    assert [str(group) for group in found] == ["app-1 Web", "app-1 Worker", "app-2 Web", "app-2 Worker"]
    assert [str(group) for group in groups_of(fleet.aws, [StackRef("app")], "Web")] == ["app-1 Web", "app-2 Web"]


def test_what_has_no_group(fleet: Fleet) -> None:
    fleet.create()
    with pytest.raises(NotFound, match="there is no stack gone 1"):
        groups_of(fleet.aws, [StackRef("gone", "1")])
    with pytest.raises(NotFound, match="stack app 1 has no auto scaling group Web"):
        groups_of(fleet.aws, [StackRef("app", "1")], "Web")
    with pytest.raises(NotFound, match="there is no auto scaling group gone"):
        group_named(fleet.aws, "gone")
