"""The main job as a user sees it: from a definition to two versions, traffic between them, and away with one."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from senza.aws import Aws
from senza.sandbox.embedded import EmbeddedSandbox
from senza.sandbox.world import START

if TYPE_CHECKING:
    from tests.cli.conftest import Senza

DOMAIN = "hello-world.hello.example.org"
WARNING = "Warning: AppLoadBalancer is internet-facing: everybody can reach it"
CREATION = """\
CREATE_IN_PROGRESS: User Initiated
AppLoadBalancer CREATE_IN_PROGRESS
AppServerConfig CREATE_IN_PROGRESS
AppLoadBalancer CREATE_COMPLETE
AppServerConfig CREATE_COMPLETE
AppLoadBalancerMainDomain CREATE_IN_PROGRESS
AppLoadBalancerVersionDomain CREATE_IN_PROGRESS
AppServer CREATE_IN_PROGRESS
AppLoadBalancerMainDomain CREATE_COMPLETE
AppLoadBalancerVersionDomain CREATE_COMPLETE""".splitlines()


def two_versions(senza: Senza) -> None:
    senza("create DEF 1 0.1 --wait")
    senza("create DEF 2 0.2 --wait")


def rows(senza: Senza, command: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(senza(f"{command} -o json").stdout)
    return found


def weights(senza: Senza) -> dict[str, float]:
    return {row["version"]: row["weight%"] for row in rows(senza, "traffic hello-world")}


def test_print_shows_the_template_and_changes_nothing(senza: Senza) -> None:
    assert senza.changes("print DEF 1 0.1") == []
    as_json, as_yaml = senza("print DEF 1 0.1"), senza("print DEF 1 ImageVersion=0.1 -o yaml")
    template = json.loads(as_json.stdout)
    assert yaml.safe_load(as_yaml.stdout) == template
    assert as_json.stderr == f"{WARNING}\n"
    assert template["Description"] == "Hello World (ImageVersion: 0.1)"
    assert set(template["Resources"]) == {
        "AppServer",
        "AppServerConfig",
        "AppLoadBalancer",
        "AppLoadBalancerMainDomain",
        "AppLoadBalancerVersionDomain",
    }


def test_creating_shows_what_happens_and_keeps_the_traffic_where_it_is(senza: Senza, sandbox: EmbeddedSandbox) -> None:
    sandbox.settings.default_seconds = 4
    lines = senza.told("create DEF 1 0.1 --wait")
    assert lines[:4] == [
        WARNING,
        "Create stack hello-world-1 ...",
        "Create stack hello-world-1: started",
        "Wait for hello-world-1 ...",
    ]
    assert [line.removeprefix("hello-world-1 ") for line in lines[4:14]] == CREATION
    assert lines[14].startswith("AppServer CREATE_IN_PROGRESS: Received SUCCESS signal with UniqueId i-")
    assert lines[15:] == [
        "AppServer CREATE_COMPLETE",
        "hello-world-1 CREATE_COMPLETE",
        "Wait for hello-world-1: done",
    ]
    why = "(so far it has all traffic by being alone, and hello-world-2 must get no share of it)"
    explicit = f"Set the weights of {DOMAIN}: hello-world-1 0 -> 100 % {why}"
    assert senza.told("create DEF 2 0.2") == [
        WARNING,
        f"{explicit} ...",
        "Route 53 has it and tells its servers",
        f"{explicit}: in effect on all Route 53 servers",
        "Create stack hello-world-2 ...",
        "Create stack hello-world-2: started",
    ]
    assert senza.told("wait hello-world 2")[-1] == "Wait for hello-world-2: done"
    assert weights(senza) == {"1": 100.0, "2": 0.0}


def test_traffic_moves_and_shows_old_new_and_observed(senza: Senza) -> None:
    two_versions(senza)
    result = senza("traffic hello-world 2 5")
    assert [line.split() for line in result.stdout.splitlines()[1:]] == [
        ["hello-world", "1", "hello-world-1", DOMAIN, "100.0", "-5.0", "95.0", "95.0"],
        ["hello-world", "2", "hello-world-2", DOMAIN, "0.0", "5.0", "5.0", "5.0", "<"],
    ]
    step = f"Set the weights of {DOMAIN}: hello-world-1 95 -> 0 %, hello-world-2 5 -> 100 %"
    assert senza.told("traffic hello-world 2 100") == [
        f"{step} ...",
        "Route 53 has it and tells its servers",
        f"{step}: in effect on all Route 53 servers",
    ]
    assert weights(senza) == {"1": 0.0, "2": 100.0}
    assert senza.told("traffic hello-world 2 100") == ["The weights are so already; nothing to change."]
    assert senza.changes("traffic hello-world 2 100") == []


def test_the_last_version_with_traffic_cannot_lose_it(senza: Senza) -> None:
    two_versions(senza)
    assert senza.told("traffic hello-world 1 0", exit_code=1) == [
        f"Error: hello-world-1 is the last version with traffic on {DOMAIN}: at 0 % no version would have any, and "
        "Route 53 then answers with every version that has a record, at equal shares",
        "Give the traffic to another version instead (senza traffic NAME OTHER 100), or use --force.",
    ]
    assert senza.told("traffic hello-world 1 50") == [
        f"Warning: {DOMAIN}: hello-world-1 gets 100 %, because no other version has traffic.",
        "The weights are so already; nothing to change.",
    ]
    assert weights(senza) == {"1": 100.0, "2": 0.0}
    senza("traffic hello-world 1 0 --force")
    assert [row["answers%"] for row in rows(senza, "traffic hello-world")] == [50.0, 50.0]


def test_a_deletion_is_refused_while_there_is_traffic(senza: Senza) -> None:
    two_versions(senza)
    assert senza.told("delete hello-world 1", exit_code=1) == [
        f"Error: hello-world-1 has 100 % of the traffic of {DOMAIN} and is the last version with traffic",
        "Move it first (senza traffic hello-world OTHER_VERSION 100), or use --force.",
    ]
    senza("traffic hello-world 2 25")
    assert (
        senza.told("delete hello-world 2", exit_code=1)[0]
        == f"Error: hello-world-2 has 25 % of the traffic of {DOMAIN}"
    )
    assert senza.told("delete hello-world 2 --force")[0] == (
        f"Warning: {DOMAIN}: 25 % of the traffic of hello-world-2 goes to the other versions with traffic"
    )
    assert weights(senza) == {"1": 100.0}


def test_force_says_who_answers_when_the_last_one_with_traffic_goes(senza: Senza) -> None:
    two_versions(senza)
    assert senza.told("delete hello-world 1 --force")[0] == (
        f"Warning: {DOMAIN}: 100 % of the traffic of hello-world-1 goes to all other versions, in equal shares: "
        "Route 53 answers with every record when all weigh 0"
    )
    assert senza.told("delete hello-world 2")[0] == (
        f"Warning: {DOMAIN}: hello-world-2 was the only version, the name is gone with it"
    )


def test_a_version_without_traffic_goes_and_is_waited_for(senza: Senza, sandbox: EmbeddedSandbox) -> None:
    two_versions(senza)
    sandbox.settings.default_seconds = 4
    lines = senza.told("delete hello-world 2 --wait")
    assert lines[:4] == [
        "Delete stack hello-world-2 ...",
        "Delete stack hello-world-2: started",
        "Wait for hello-world-2 ...",
        "hello-world-2 DELETE_IN_PROGRESS: User Initiated",
    ]
    assert lines[-2:] == ["hello-world-2 DELETE_COMPLETE", "Wait for hello-world-2: done"]
    assert [row["version"] for row in rows(senza, "list")] == ["1"]
    assert [(row["version"], row["status"]) for row in rows(senza, "list --all")] == [
        ("1", "CREATE_COMPLETE"),
        ("2", "DELETE_COMPLETE"),
    ]
    assert senza.told("wait hello-world 2 -d") == ["Wait for hello-world-2 ...", "Wait for hello-world-2: done"]


def test_an_update_replaces_the_template_and_moves_no_traffic(senza: Senza, aws: Aws) -> None:
    two_versions(senza)
    senza("traffic hello-world 2 50")
    assert senza.told("update DEF 2 0.3 --wait")[-2:] == [
        "hello-world-2 UPDATE_COMPLETE",
        "Wait for hello-world-2: done",
    ]
    assert json.loads(senza("dump hello-world 2").stdout)["Description"] == "Hello World (ImageVersion: 0.3)"
    assert weights(senza) == {"1": 50.0, "2": 50.0}
    assert senza.told("update DEF 2 0.3 --wait")[-1] == "Update stack hello-world-2: nothing to update"


def test_creating_what_is_there_is_a_conflict_unless_told_to_update(senza: Senza) -> None:
    senza("create DEF 1 0.1")
    assert senza.changes("create DEF 1 0.2", exit_code=1) == []
    assert senza.told("create DEF 1 0.2", exit_code=1) == [
        WARNING,
        "Error: stack hello-world-1 exists already (CREATE_COMPLETE)",
        "Use another version, senza update, or senza delete hello-world 1 first.",
    ]
    assert senza.changes("create DEF 1 0.2 --update-if-exists --wait") == [
        "cloudformation:CreateChangeSet",
        "cloudformation:ExecuteChangeSet",
    ]
    assert rows(senza, "list")[0]["description"] == "Hello World (ImageVersion: 0.2)"


KEYS = {
    "list": ["stack_name", "version", "status", "creation_time", "description"],
    "resources": ["stack_name", "version", "LogicalResourceId", "resource_type", "ResourceStatus", "creation_time"],
    "events": [
        *("stack_name", "version", "resource_type", "LogicalResourceId"),
        *("ResourceStatus", "ResourceStatusReason", "event_time"),
    ],
    "domains": ["stack_name", "version", "resource_id", "domain", "weight", "type", "value", "create_time"],
    "traffic": ["stack_name", "version", "identifier", "domain", "weight%", "answers%", "status", "current", "type"],
}


@pytest.mark.parametrize("command", KEYS)
def test_tables_have_stable_keys_and_times_for_programs(senza: Senza, command: str) -> None:
    two_versions(senza)
    found = rows(senza, f"{command} hello-world")
    assert {tuple(row) for row in found} == {tuple(KEYS[command])}
    assert {row["version"] for row in found} == {"1", "2"}
    header, *lines = senza(f"{command} hello-world -o tsv").stdout.splitlines()
    assert header.split("\t") == KEYS[command]
    assert len(lines) == len(found)
    for key in set(KEYS[command]) & {"creation_time", "event_time", "create_time"}:
        times = [row[key] for row in found]
        assert {type(time) for time in times} == {int}
        assert START <= min(times) <= max(times) < START + 60
        assert [line.split("\t")[KEYS[command].index(key)] for line in lines] == [
            datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") for time in times
        ]


def test_a_switch_as_json(senza: Senza) -> None:
    two_versions(senza)
    assert json.loads(senza("traffic hello-world 2 0.5 -o json").stdout)[1] == {
        "stack_name": "hello-world",
        "version": "2",
        "identifier": "hello-world-2",
        "domain": DOMAIN,
        "old_weight%": 0.0,
        "delta": 0.5,
        "new_weight%": 0.5,
        "observed%": 0.5,
        "current": "<",
        "type": "A",
    }


def test_domains_and_resources_show_what_the_stack_has(senza: Senza) -> None:
    two_versions(senza)
    assert [(row["domain"], row["weight"], row["type"]) for row in rows(senza, "domains hello-world")] == [
        (DOMAIN, 200, "A"),
        ("hello-world-1.hello.example.org", None, "A"),
        (DOMAIN, 0, "A"),
        ("hello-world-2.hello.example.org", None, "A"),
    ]
    assert {row["LogicalResourceId"]: row["resource_type"] for row in rows(senza, "resources hello-world 2")} == {
        "AppLoadBalancer": "ElasticLoadBalancing::LoadBalancer",
        "AppLoadBalancerMainDomain": "Route53::RecordSet",
        "AppLoadBalancerVersionDomain": "Route53::RecordSet",
        "AppServer": "AutoScaling::AutoScalingGroup",
        "AppServerConfig": "EC2::LaunchTemplate",
    }
    events = rows(senza, "events hello-world 2")
    assert (events[0]["ResourceStatus"], events[-1]["ResourceStatus"]) == ("CREATE_IN_PROGRESS", "CREATE_COMPLETE")
    assert events == sorted(events, key=lambda event: event["event_time"])


def test_dump_gives_back_what_was_printed(senza: Senza) -> None:
    senza("create DEF 1 0.1")
    printed = json.loads(senza("print DEF 1 0.1").stdout)
    assert json.loads(senza("dump hello-world 1").stdout) == printed
    assert yaml.safe_load(senza("dump hello-world 1 -o yaml").stdout) == printed


def test_stacks_are_named_by_patterns_and_definition_files(senza: Senza) -> None:
    two_versions(senza)

    def listed(*words: str) -> list[str]:
        return [row["version"] for row in json.loads(senza("list", *words, "-o", "json").stdout)]

    assert listed("hello-.*") == ["1", "2"]
    assert listed("hello-world", "[2-9]") == ["2"]
    assert listed("hello-world", "1", "hello-world", "2") == ["1", "2"]
    assert [row["version"] for row in rows(senza, "list DEF 2")] == ["2"]
    assert [row["version"] for row in rows(senza, "traffic DEF")] == ["1", "2"]
    assert senza.changes("delete DEF 2") == ["cloudformation:DeleteStack"]
    assert listed("hello-world") == ["1"]


def test_tags_and_a_parameter_file_reach_the_stack(senza: Senza, aws: Aws, tmp_path: Any) -> None:
    file = tmp_path / "values.yaml"
    file.write_text("ImageVersion: '1.10'\n")
    senza("create DEF 1 --tag Team=shop -t StackVersion=mine --parameter-file", str(file))
    stack = aws.call("cloudformation", "describe_stacks", StackName="hello-world-1")["Stacks"][0]
    assert {tag["Key"]: tag["Value"] for tag in stack["Tags"]} == {
        "Name": "hello-world-1",
        "StackName": "hello-world",
        "StackVersion": "mine",
        "Team": "shop",
    }
    assert [item["ParameterValue"] for item in stack["Parameters"]] == ["1.10"]
