"""Commands that change groups, killed before any of their AWS calls and run again, end where they end undisturbed."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from senza.aws import Aws
from senza.sandbox.embedded import EmbeddedSandbox
from tests.branches import lose
from tests.cli.test_interrupted import completed, invoke
from tests.fleet.groups.conftest import IMAGE, OTHER_IMAGE, Fleet


def plain(fleet: Fleet) -> None:
    fleet.create(behind="none")


def following(fleet: Fleet) -> None:
    fleet.create(launch="default", behind="none")


def configured(fleet: Fleet) -> None:
    fleet.create(launch="configuration", behind="none")


def outdated(fleet: Fleet) -> None:
    plain(fleet)
    fleet.outdate()


def outdated_configuration(fleet: Fleet) -> None:
    configured(fleet)
    name = fleet.the_group().name
    given = {"ImageId": IMAGE, "InstanceType": "t3.small", "LaunchConfigurationName": "new"}
    fleet.aws.call("autoscaling", "create_launch_configuration", **given)
    fleet.point(LaunchConfigurationName="new")
    fleet.aws.call("autoscaling", "suspend_processes", AutoScalingGroupName=name, ScalingProcesses=["AZRebalance"])


PATCH = ["patch", "app", "1", "--image", OTHER_IMAGE, "--user-data", "a: 1"]
CASES: dict[str, tuple[Callable[[Fleet], None], list[str]]] = {
    "scale": (plain, ["scale", "app", "1", "4"]),
    "patch a fixed version": (plain, PATCH),
    "patch the default version": (following, PATCH),
    "patch a configuration": (configured, PATCH),
    "patch where configurations are closed": (configured, PATCH),
    "respawn by refresh": (outdated, ["respawn-instances", "app", "1"]),
    "respawn all by refresh": (plain, ["respawn-instances", "app", "1", "--force"]),
    "respawn in place": (outdated, ["respawn-instances", "app", "1", "--inplace"]),
    "respawn one by one": (outdated_configuration, ["respawn-instances", "app", "1"]),
    "respawn all one by one": (outdated_configuration, ["respawn-instances", "app", "1", "--force"]),
}


def state(fleet: Fleet) -> tuple[Any, ...]:
    """Everything that these commands change, without random ids: the group, its instances, launch settings, tags."""
    group = fleet.the_group()
    listed = fleet.aws.call("ec2", "describe_instances")["Reservations"]
    instances = [one for reservation in listed for one in reservation["Instances"]]
    living = [one for one in instances if one["State"]["Name"] == "running"]
    marked = [tag["Key"] for one in living for tag in one["Tags"] if tag["Key"].startswith("senza:")]
    templates = list(fleet.aws.pages("ec2", "describe_launch_templates", "LaunchTemplates"))
    configurations = list(fleet.aws.pages("autoscaling", "describe_launch_configurations", "LaunchConfigurations"))
    return (
        fleet.sizes(),
        sorted(group.suspended),
        sorted(key for key in group.tags if key.startswith("senza:")),
        sorted((one["ImageId"], one["InstanceType"]) for one in living),
        marked,
        sorted((one["LatestVersionNumber"], one["DefaultVersionNumber"]) for one in templates),
        len(configurations),
        group.template.version if group.template else "configuration",
        len(fleet.launched()),
    )


def replaced(fleet: Fleet, before: set[str]) -> int:
    return len(before - {one.id for one in fleet.the_group().members})


@pytest.mark.parametrize("case", CASES)
def test_killed_at_any_call_and_run_again(case: str, sandbox: EmbeddedSandbox) -> None:
    prepare, args = CASES[case]

    def fresh() -> tuple[Fleet, set[str]]:
        sandbox.reset()
        sandbox.settings.allow_launch_configurations = True
        fleet = Fleet(Aws(endpoint=sandbox.endpoint), sandbox.values)
        prepare(fleet)
        sandbox.settings.allow_launch_configurations = "closed" not in case
        return fleet, {one.id for one in fleet.the_group().members}

    fleet, ids = fresh()
    before = state(fleet)
    completed(sandbox.endpoint, args)
    undisturbed, wanted = state(fleet), replaced(fleet, ids)
    assert (before, 0) != (undisturbed, wanted), "the command changes nothing, so this shows nothing"
    fleet, ids = fresh()

    def again(killed: str) -> None:
        assert len(fleet.launched()) >= 2 - ("--inplace" in args), f"{killed}: capacity is missing"
        if state(fleet) == before and replaced(fleet, ids) == 0:
            return  # to run it again now would be the undisturbed run
        assert invoke(sandbox.endpoint, args) == 0, f"{killed} and run again"
        assert (state(fleet), replaced(fleet, ids)) == (undisturbed, wanted), f"{killed} and run again"

    assert lose(partial(completed, sandbox.endpoint, args), again)
