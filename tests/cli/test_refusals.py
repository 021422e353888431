"""What a user is told when it does not go on: missing stacks, failures, several stacks meant, dry runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from senza.aws import Aws
from senza.sandbox.embedded import EmbeddedSandbox
from senza.sandbox.world import Failure

if TYPE_CHECKING:
    from tests.cli.conftest import Senza

HELLO_WORLD = Path(__file__).parents[2] / "definitions" / "hello-world.yaml"
WARNING = "Warning: AppLoadBalancer is internet-facing: everybody can reach it"
NONE_SUCH = ["Error: there is no stack hello-world 7", "senza list shows the stacks of this region."]


@pytest.mark.parametrize(
    "command",
    [
        *("list hello-world 7", "resources hello-world 7", "events hello-world 7", "domains hello-world 7"),
        *("dump hello-world 7", "wait hello-world 7", "wait hello-world 7 --deletion", "delete hello-world 7"),
        *("delete hello-world 7 --force", "delete hello-world 7 --dry-run", "list DEF 7", "list hello-world 1 DEF 7"),
    ],
)
def test_a_missing_stack_is_an_error_of_every_command_that_names_one(senza: Senza, command: str) -> None:
    senza("create DEF 1 0.1")
    assert senza.told(command, exit_code=1) == NONE_SUCH
    assert senza.changes(command, exit_code=1) == []


def test_a_missing_version_or_app_is_an_error_of_traffic_and_update(senza: Senza) -> None:
    assert senza.told("traffic hello-world", exit_code=1)[0] == "Error: there is no stack of hello-world"
    senza("create DEF 1 0.1")
    assert senza.told("traffic hello-world 7 50", exit_code=1) == [
        "Error: there is no stack hello-world-7",
        "senza list hello-world shows the versions there are.",
    ]
    assert senza.told("traffic hello-world 7", exit_code=1) == [
        "Error: hello-world-7 has no weighted record",
        "senza traffic hello-world shows those that have.",
    ]
    assert senza.told("update DEF 7 0.1", exit_code=1) == [
        WARNING,
        "Error: there is no stack hello-world-7",
        "senza create makes a new version.",
    ]


def test_deleting_what_is_not_there_can_be_fine(senza: Senza) -> None:
    assert senza.told("delete hello-world 7 -g") == ["There is no such stack; nothing to delete."]
    senza("create DEF 1 0.1")
    assert senza.changes("delete hello-world 1 hello-world 7 -g --force") == ["cloudformation:DeleteStack"]


def test_several_stacks_are_only_deleted_by_force(senza: Senza, aws: Aws) -> None:
    for version in "12":
        senza(f"create DEF {version} 0.{version}")
    assert senza.changes("delete hello-world", exit_code=1) == []
    assert senza.told("delete hello-world", exit_code=1) == [
        "Error: this means 2 stacks: hello-world-1, hello-world-2",
        "Name one of them, or use --force for all.",
    ]
    assert senza.changes("delete hello-world --force --wait").count("cloudformation:DeleteStack") == 2
    assert senza("list -o json").stdout == "[]\n"


def test_every_deletion_can_be_asked_for(senza: Senza) -> None:
    senza("create DEF 1 0.1")
    assert senza.changes("delete hello-world 1 -i", stdin="n\n") == []
    assert senza.changes("delete hello-world 1 -i", stdin="", exit_code=1) == []
    assert senza.told("delete hello-world 1 -i", stdin="", exit_code=1)[-2:] == [
        "Error: nobody answered: Delete hello-world-1?",
        "Leave out --interactive.",
    ]
    assert senza.changes("delete hello-world 1 -i --force", stdin="y\n") == ["cloudformation:DeleteStack"]


def test_dry_runs_say_what_they_would_do_and_change_nothing(senza: Senza) -> None:
    domain = "hello-world.hello.example.org"
    assert senza("create DEF 1 0.1 --dry-run --wait").stdout == "Would: Create stack hello-world-1\n"
    assert senza("list").stdout.count("hello-world") == 0
    senza("create DEF 1 0.1")
    explicit = f"Would: Set the weights of {domain}: hello-world-1 0 -> 100 %"
    created = senza("create DEF 2 0.1 --dry-run").stdout.splitlines()
    assert created[0].startswith(explicit)
    assert created[1:] == ["Would: Create stack hello-world-2"]
    senza("create DEF 2 0.1")
    expected = {
        "update DEF 2 0.3 --dry-run --wait": ["Would: Update stack hello-world-2"],
        "create DEF 2 0.3 --dry-run --update-if-exists": ["Would: Update stack hello-world-2"],
        "delete hello-world 2 --dry-run --wait": ["Would: Delete stack hello-world-2"],
        "delete hello-world 1 --dry-run --force": [
            f"Would: Set the weights of {domain}: hello-world-1 100 -> 0 %",
            "Would: Delete stack hello-world-1",
        ],
    }
    assert {command: senza(command).stdout.splitlines() for command in expected} == expected
    assert [senza.changes(command) for command in expected] == [[]] * len(expected)
    assert senza.changes("traffic hello-world 2 50 --dry-run") == []
    shown = json.loads(senza("traffic hello-world 2 50 --dry-run -o json").stdout)
    assert [(row["old_weight%"], row["new_weight%"], row["observed%"]) for row in shown] == [
        (100.0, 50.0, None),
        (0.0, 50.0, None),
    ]


def test_a_failed_creation_names_the_first_resource_that_failed(senza: Senza, sandbox: EmbeddedSandbox) -> None:
    sandbox.settings.seconds = {"AWS::AutoScaling::AutoScalingGroup": 60, "AWS::Route53::RecordSet": 10}
    reason = "Tried to create resource record set but it already exists"
    sandbox.settings.failures = [Failure("hello-world-1", "AppLoadBalancerVersionDomain", reason=reason)]
    told = [
        "Error: stack hello-world-1 is ROLLBACK_COMPLETE: AppLoadBalancerVersionDomain (AWS::Route53::RecordSet) "
        f"CREATE_FAILED: {reason}",
        "senza events hello-world 1 shows all that happened.",
    ]
    lines = senza.told("create DEF 1 0.1 --wait", exit_code=1)
    assert f"AppLoadBalancerVersionDomain CREATE_FAILED: {reason}" in lines
    assert "AppServer CREATE_FAILED: Resource creation cancelled" in lines
    assert lines[-2:] == told
    assert senza.told("wait hello-world 1", exit_code=1)[-2:] == told


def test_a_failed_creation_can_be_kept(senza: Senza, sandbox: EmbeddedSandbox) -> None:
    sandbox.settings.failures = [Failure("hello-world-1", "AppServer", reason="no capacity")]
    told = senza.told("create DEF 1 0.1 --wait --disable-rollback", exit_code=1)
    assert told[-2] == (
        "Error: stack hello-world-1 is CREATE_FAILED: AppServer (AWS::AutoScaling::AutoScalingGroup) "
        "CREATE_FAILED: no capacity"
    )
    assert '"AppLoadBalancer"' in senza("resources hello-world 1 -o json").stdout


def test_a_failed_deletion_names_what_stayed(senza: Senza, sandbox: EmbeddedSandbox) -> None:
    senza("create DEF 1 0.1")
    sandbox.settings.failures = [Failure("hello-world-1", "AppLoadBalancer", "delete", "has dependents")]
    assert senza.told("delete hello-world 1 --wait", exit_code=1)[-2] == (
        "Error: stack hello-world-1 is DELETE_FAILED: AppLoadBalancer (AWS::ElasticLoadBalancing::LoadBalancer) "
        "DELETE_FAILED: has dependents"
    )
    sandbox.settings.failures = []
    assert senza.told("delete hello-world 1 --wait")[-1] == "Wait for hello-world-1: done"


def test_waiting_gives_up_without_stopping_anything(senza: Senza, sandbox: EmbeddedSandbox) -> None:
    sandbox.settings.default_seconds = 60
    senza("create DEF 1 0.1")
    assert senza.told("wait hello-world 1 -t 10 -i 5", exit_code=1)[-2:] == [
        "Error: after 10 seconds still waiting for hello-world-1 (CREATE_IN_PROGRESS)",
        "Nothing was stopped: senza wait hello-world 1 goes on waiting.",
    ]
    assert senza.told("traffic hello-world 1 100", exit_code=1) == [
        "Error: hello-world-1 has no weighted record yet (CREATE_IN_PROGRESS)",
        "Wait for it: senza wait hello-world 1",
    ]
    assert senza.told("wait hello-world 1")[-1] == "Wait for hello-world-1: done"


@pytest.mark.parametrize(
    ("command", "code", "said"),
    [
        ("print nowhere.yaml 1", 2, "nowhere.yaml"),
        ("print DEF 1", 2, "no value for the parameter ImageVersion"),
        ("print DEF 1 0.1 0.2", 2, "too many arguments: 2 given, 1 needed at most"),
        ("create DEF 1.0 0.1", 2, "1.0"),
        ("create DEF 1 0.1 --tag Team", 2, "'Team' is not of the form key=value"),
        ("traffic hello-world 1 101", 2, "'101' is no percentage"),
        ("list hello[", 2, "is no regular expression"),
        ("list --field nothing", 2, "there is no column 'nothing'"),
        ("create DEF 1 0.1 --parameter-file nowhere.yaml", 2, "nowhere.yaml"),
    ],
)
def test_wrong_input_is_one_message_before_anything_is_sent(senza: Senza, command: str, code: int, said: str) -> None:
    assert senza.changes(command, exit_code=code) == []
    result = senza(command, exit_code=code)
    assert (result.stdout, result.stderr.count("Error:")) == ("", 1)
    assert said in result.stderr


def test_a_reference_to_nothing_is_said_before_anything_is_sent(senza: Senza, tmp_path: Path) -> None:
    definition = tmp_path / "d.yaml"
    definition.write_text(HELLO_WORLD.read_text().replace("ElasticLoadBalancer: AppL", "ElasticLoadBalancer: Apl"))
    for command in ("create", "update"):
        assert senza.told(f"{command} {definition} 1 0.1", exit_code=2) == [
            WARNING,
            f"Error: {definition}: Resources.AppServer.Properties.LoadBalancerNames[0]: "
            "there is no resource or parameter AploadBalancer",
            "Did you mean AppLoadBalancer or AppLoadBalancerMainDomain or AppLoadBalancerVersionDomain?",
        ]
        assert senza.changes(f"{command} {definition} 1 0.1", exit_code=2) == []


def test_what_cannot_be_updated_says_what_to_do(senza: Senza, sandbox: EmbeddedSandbox) -> None:
    sandbox.settings.failures.append(Failure("hello-world-1", "AppServer", reason="no"))
    senza("create DEF 1 0.1")
    for command in ("update DEF 1 0.1", "create DEF 1 0.1 --update-if-exists"):
        assert senza.told(command, exit_code=1)[1:] == [
            "Error: stack hello-world-1 is ROLLBACK_COMPLETE and cannot be updated",
            "Delete it (senza delete hello-world 1) and create it again.",
        ]
    assert senza.told("create DEF 1 0.1", exit_code=1)[1:] == [
        "Error: stack hello-world-1 exists already (ROLLBACK_COMPLETE)",
        "Use another version, or senza delete hello-world 1 first.",
    ]
