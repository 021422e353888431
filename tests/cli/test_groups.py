"""``scale``, ``patch`` and ``respawn-instances`` as the user meets them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result

from senza.aws import Aws
from senza.cli.context import Context
from senza.cli.main import cli
from senza.sandbox.embedded import EmbeddedSandbox
from tests.conftest import FakeClock
from tests.fleet.groups.conftest import IMAGE, Fleet

Senza = Callable[..., Result]


@pytest.fixture
def fleet(aws: Aws, sandbox: EmbeddedSandbox) -> Fleet:
    sandbox.settings.allow_launch_configurations = True
    return Fleet(aws, sandbox.values)


@pytest.fixture
def senza(aws: Aws, clock: FakeClock) -> Senza:
    def run(*words: str, answer: str = "") -> Result:
        context = Context(aws, clock=clock, interactive=False)
        return CliRunner().invoke(cli, list(words), obj=context, input=answer)

    return run


def test_scale_shows_before_and_after(fleet: Fleet, senza: Senza) -> None:
    fleet.create()
    result = senza("scale", "app", "1", "3")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "Scale app-1 AppServer: desired 2 -> 3, maximum 2 -> 3: done" in result.stderr
    assert fleet.sizes() == (1, 3, 3)
    again = senza("scale", "app", "1", "3")
    assert (again.exit_code, again.stderr) == (0, "app-1 AppServer: so already; nothing to change.\n")
    dry = senza("scale", "app", "1", "1", "--min-size", "0", "--dry-run")
    assert dry.stdout == "Would: Scale app-1 AppServer: desired 3 -> 1, minimum 1 -> 0\n"
    assert fleet.sizes() == (1, 3, 3)


def test_scale_asks_before_it_changes_several_groups(fleet: Fleet, senza: Senza) -> None:
    fleet.create("app-1", behind="none")
    fleet.create("app-2", "Web", "Worker", behind="none")
    unanswered = senza("scale", "app", "3")
    assert (unanswered.exit_code, "Say --force" in unanswered.stderr) == (1, True)
    assert "Scale app-2 Worker: desired 2 -> 3" in unanswered.stderr
    assert senza("scale", "app", "3", answer="n\n").exit_code == 1
    assert fleet.sizes("app-2") == (1, 2, 2)
    assert senza("scale", "app", "2", "3", "--group", "Web").exit_code == 0
    assert [group.desired for group in fleet.groups("app-2")] == [3, 2]
    assert senza("scale", "app", "4", answer="y\n").exit_code == 0
    assert [group.desired for group in fleet.groups("app-2")] == [4, 4]
    assert senza("scale", "app", "1", "--force").exit_code == 0
    assert fleet.sizes("app-1") == (1, 1, 4)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["scale", "app", "1", "-1"], 2, "No such option"),
        (["scale", "app", "1", "many"], 2, "'many' is not a valid integer"),
        (["scale", "3"], 2, "Missing argument 'STACK_REF...'"),
        (["scale", "gone", "1", "3"], 1, "there is no stack gone 1"),
        (["scale", "app", "1", "2", "--min-size", "3"], 2, "a minimum of 3 is above the wanted capacity of 2"),
        (["scale", "app", "1", "3", "--group", "Web"], 1, "stack app 1 has no auto scaling group Web"),
    ],
)
def test_what_cannot_be_scaled(fleet: Fleet, senza: Senza, words: list[str], code: int, said: str) -> None:
    fleet.create(behind="none")
    result = senza(*words)
    assert (result.exit_code, said in result.stderr) == (code, True), result.stderr
    assert fleet.sizes() == (1, 2, 2)


def test_patch_says_what_changes_and_how_to_go_on(fleet: Fleet, senza: Senza) -> None:
    fleet.create()
    words = ["patch", "app", "1", "--image", "latest", "--user-data", "environment: {PASSWORD: hunter2}"]
    dry = senza(*words, "--dry-run")
    assert dry.stdout.startswith(f"Would: Patch app-1 AppServer: image {IMAGE} -> ami-")
    assert dry.stdout.endswith(", user data (environment)\n")
    result = senza(*words)
    assert result.exit_code == 0, result.stderr
    assert "version 1 -> 2 of its launch template" in result.stderr
    assert result.stderr.endswith("Running instances are as they were: senza respawn-instances app 1 replaces them.\n")
    assert "hunter2" not in dry.stdout + result.stderr
    assert "PASSWORD: hunter2" in fleet.version("2")["UserData"]
    again = senza(*words)
    assert (again.exit_code, again.stderr) == (0, "app-1 AppServer: so already; nothing to change.\n")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ([], 2, "there is nothing to patch"),
        (["--image", "newest"], 2, "'newest' is no image"),
        (["--image", ""], 2, "'' is no image"),
        (["--image", "ami-0fffffffffffffff0"], 1, "there is no available image ami-0fffffffffffffff0"),
        (["--instance-type", "t9.huge"], 1, "there is no instance type t9.huge in eu-central-1"),
        (["--user-data", "a: ["], 2, "--user-data is no YAML"),
    ],
)
def test_what_cannot_be_patched(fleet: Fleet, senza: Senza, words: list[str], code: int, said: str) -> None:
    fleet.create(behind="none")
    result = senza("patch", "app", "1", *words)
    assert (result.exit_code, said in result.stderr) == (code, True), result.stderr
    assert len(fleet.launched()) == 2


def test_patch_asks_before_it_changes_several_groups(fleet: Fleet, senza: Senza) -> None:
    for stack in ("app-1", "app-2"):
        fleet.create(stack, behind="none")
    words = ["patch", "app", "--instance-type", "t3.small"]
    assert senza(*words).exit_code == 1
    assert fleet.version("$Latest")["InstanceType"] == "t2.micro"
    assert senza(*words, "--force").exit_code == 0
    assert fleet.version("$Latest")["InstanceType"] == "t3.small"


def test_respawn_by_refresh(fleet: Fleet, senza: Senza, sandbox: EmbeddedSandbox) -> None:
    fleet.create()
    fleet.outdate()
    sandbox.settings.launch_seconds = 60
    dry = senza("respawn-instances", "app", "1", "--dry-run")
    assert dry.stdout == (
        "Would: Replace 2 of 2 instances of app-1 AppServer by refresh, back to version 1 if it fails\n"
    )
    result = senza("respawn-instances", "app", "1")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "InProgress, 50 % done, 1 instances left" in result.stderr
    assert fleet.launched() == ["2", "2"]
    again = senza("respawn-instances", "app", "1")
    assert (again.exit_code, again.stderr) == (0, "app-1 AppServer: all instances are up to date; nothing to do.\n")


def test_a_refresh_that_fails_is_exit_code_1(fleet: Fleet, senza: Senza, sandbox: EmbeddedSandbox) -> None:
    fleet.create()
    fleet.outdate()
    sandbox.settings.refresh_failure = "Instances fail their health checks."
    result = senza("respawn-instances", "app", "1")
    assert result.exit_code == 1
    assert "Error: the instance refresh of app-1 AppServer failed and was rolled back at" in result.stderr
    assert "Instances fail their health checks." in result.stderr


def test_respawn_one_by_one(fleet: Fleet, senza: Senza) -> None:
    fleet.create(launch="configuration")
    assert senza("patch", "app", "1", "--instance-type", "t3.small").exit_code == 0
    dry = senza("respawn-instances", "app", "1", "--inplace", "--dry-run")
    assert dry.stdout.startswith("Would: Replace 2 of 2 instances of app-1 AppServer one by one, in place: i-")
    result = senza("respawn-instances", "app", "1")
    assert result.exit_code == 0, result.stderr
    assert result.stderr.endswith(": 2 replaced\n")
    assert set(fleet.launched()) == {fleet.the_group().configuration}


def test_cancel_with_nothing_under_way_is_exit_code_1(fleet: Fleet, senza: Senza) -> None:
    fleet.create()
    result = senza("respawn-instances", "app", "1", "--cancel")
    assert (result.exit_code, "are not being replaced" in result.stderr) == (1, True)
