"""Rollouts of versions that share a load balancer: their listener rule gives them exact shares at once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from senza.aws import Call
from senza.clock import Clock
from senza.rollout.made_of import stored
from senza.rollout.steps import Shift
from senza.sandbox.embedded import EmbeddedSandbox
from senza.sandbox.load.settings import Load
from tests.branches import Killed
from tests.rollout.conftest import APP, DOMAIN, Rollouts
from tests.rollout.shared import Shared

OFF = "Gates: [{Latency: off}, {HealthyHosts: off}]"
STEPS = "Steps: [{Weight: 20, Bake: 3m}, {Weight: 100, Bake: 2m}]"
GOES = "Keep: {Versions: 0, For: 1s}"
URL = "Hooks: [{When: before-traffic, Run: 'echo asks $SENZA_URL'}]"


@pytest.fixture
def shared(sandbox: EmbeddedSandbox, clock: Clock, tmp_path: Path) -> Shared:
    return Shared(sandbox, clock, tmp_path)


def neighbour(shared: Shared) -> None:
    """Another app behind the same load balancer, which answers all its requests with 503: nobody is there."""
    path = Path(shared.definition).with_name("neighbour.yaml")
    path.write_text(shared.source().replace(f"  StackName: {APP}\n", "  StackName: neighbour\n"))
    shared.senza(f"create {path} 1 0.1")
    shared.senza("traffic neighbour 1 100")
    shared.senza("scale neighbour 1 0")
    shared.sandbox.load("neighbour", Load(9000))


def test_a_canary_gets_exact_shares_and_is_judged_by_itself(shared: Shared) -> None:
    """Whatever the neighbour does. The old version goes at the end, out of the rule before."""
    neighbour(shared)
    shared.define(STEPS, GOES, URL)
    shared.start()
    begun = len(shared.sandbox.log)
    result = shared.senza("deploy DEF 2 0.2")
    assert result.stdout == "hello-world-2 is promoted.\n"
    assert [step.weight for step, _ in shared.progress().confirmed if isinstance(step, Shift)] == [40, 200]
    assert f"asks https://hello-world-2.{DOMAIN.partition('.')[2]}" in result.stderr
    assert "20.4 % of the requests; 4 of 4 gates pass" in result.stderr
    assert shared.weights() == {"2": 200}
    assert shared.stacks() == {"2": "CREATE_COMPLETE"}
    asked = [str(one) for one in shared.sandbox.log[begun:]]
    assert asked.count("elbv2:ModifyRule") == 2
    assert "route53:ChangeResourceRecordSets" not in asked
    text = shared.senza(f"rollout status {APP}").stdout
    assert f"{DOMAIN}: hello-world-2 100 %" in text
    assert "error ratio 0." in text, "and not that of all apps together"


def test_one_that_fails_more_often_is_taken_back_at_once(shared: Shared) -> None:
    shared.start(errors="2=10%")
    result = shared.senza("deploy DEF 2 0.2", exit_code=1)
    assert "hello-world-2 was taken back: error ratio" in result.stderr
    assert "The traffic: it is as before." in result.stderr
    assert shared.weights() == {"1": 200, "2": 0}
    assert list(shared.named().values()) == [200], "the rule does not hold the bad version back"
    assert shared.progress().result == "taken back"
    shared.senza(f"delete {APP} 2")
    assert shared.stacks() == {"1": "CREATE_COMPLETE"}


def test_blue_green_and_back(shared: Shared) -> None:
    """With something before the load balancer that has the domain's name; it may send everything on, or nothing."""
    shared.define("Strategy: BlueGreen", "Bake: 2m", OFF)
    shared.start()
    record = {"Name": DOMAIN, "Type": "CNAME", "TTL": 60, "ResourceRecords": [{"Value": "d1.cloudfront.net"}]}
    changes = [{"Action": "CREATE", "ResourceRecordSet": record}]
    zone = shared.sandbox.values["zone_ids"]["hello.example.org."]
    shared.aws.call("route53", "change_resource_record_sets", HostedZoneId=zone, ChangeBatch={"Changes": changes})
    result = shared.senza("deploy DEF 2 0.2")
    assert "records of this very name that lead elsewhere (d1.cloudfront.net)" in result.stderr
    assert "starts cold" not in result.stderr, "the balancer is there and warm"
    assert shared.weights() == {"1": 0, "2": 200}
    shared.senza(f"rollout abort {APP}")
    assert shared.weights() == {"1": 200, "2": 0}


def test_recreate_and_rolling(shared: Shared) -> None:
    """Recreate: the rule leads to nobody while nobody is there, and all of it comes back where it is taken back."""
    shared.define("Strategy: Recreate", "Bake: 2m", OFF, "Hooks: [{When: after-step, Run: 'exit 1'}]")
    shared.start()
    shared.senza("deploy DEF 2 0.2", exit_code=1)
    assert shared.weights() == {"1": 200, "2": 0}
    assert {version: desired for version, (_, desired) in shared.sizes().items()} == {"1": 2, "2": 0}
    before = instances(shared)
    shared.define("Strategy: Rolling", "Bake: 2m", OFF)
    shared.senza("deploy DEF 1 0.9")
    assert before.isdisjoint(instances(shared))
    assert shared.weights() == {"1": 200, "2": 0}


def instances(shared: Shared) -> set[str]:
    """Those that serve."""
    groups = [arn for arn, version in shared.groups().items() if version == "1"]
    found = shared.aws.call("elbv2", "describe_target_health", TargetGroupArn=groups[0])["TargetHealthDescriptions"]
    return {one["Target"]["Id"] for one in found if one["TargetHealth"]["State"] == "healthy"}


def test_the_first_version_brings_its_rule_and_keeps_it(shared: Shared) -> None:
    shared.define(STEPS, OFF, "Hooks: [{When: after-step, Run: 'exit 1'}]")
    result = shared.senza("deploy DEF 1 0.1", exit_code=1)
    assert "hello-world-1 keeps 100 % of it: no other version is left" in result.stderr
    assert shared.weights() == {"1": 200}


def test_versions_without_traffic_are_nobodys_baseline(shared: Shared) -> None:
    """Without a rule nobody has traffic, while Route 53 would give all of it to a sole record of weight 0."""
    shared.define(STEPS, OFF)
    shared.senza("create DEF 1 0.1")
    shared.load()
    dies(shared, 2, "CreateRule", 1)
    shared.senza(f"rollout abort {APP}{lock(shared)}")
    assert shared.weights() == {"1": 0, "2": 0}
    shared.senza(f"delete {APP} 2")
    shared.senza("deploy DEF 2 0.2")
    assert shared.operation().entries[0].facts["old"] == ""
    assert shared.weights() == {"1": 0, "2": 200}


def test_a_hand_in_the_middle_stops_it(shared: Shared) -> None:
    shared.define(STEPS, OFF)
    shared.start()
    done: list[object] = []

    def observe(call: Call) -> None:
        if call.operation == "GetMetricData" and not done:
            groups = [{"TargetGroupArn": arn, "Weight": 100} for arn in shared.groups()]
            actions = [{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}]
            (rule,) = shared.rules()
            done.append(shared.aws.call("elbv2", "modify_rule", RuleArn=rule["RuleArn"], Actions=actions))

    result = shared.senza("deploy DEF 2 0.2", observe=observe, exit_code=1)
    assert f"somebody else changed the traffic of {DOMAIN}" in result.stderr
    assert set(shared.weights().values()) == {100}
    shared.senza(f"rollout abort {APP}")
    assert shared.weights() == {"1": 200, "2": 0}


def records(shared: Shared) -> dict[str, int]:
    """Version to weight in Route 53."""
    return Rollouts.weights(shared)


def test_an_app_moves_behind_the_shared_balancer(shared: Shared, tmp_path: Path) -> None:
    """By a version with a record that leads there, and not without: nothing would come to it, and gates would wait."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    Rollouts(shared.sandbox, shared.clock, elsewhere).start(errors="3=10%")
    shared.define(STEPS, OFF)
    for how in ("", " --dry-run"):
        refused = shared.senza(f"deploy DEF 2 0.2{how}", exit_code=1)
        assert f"{DOMAIN}: Route 53 leads to the load balancers of the versions there are, and not to edge-1" in (
            refused.stderr
        )
    assert shared.stacks() == {"1": "CREATE_COMPLETE"}

    path = Path(shared.definition)
    alone = path.read_text()
    path.write_text(alone.replace("      HTTPPort:", "      WeightedRecords: [A]\n      HTTPPort:"))
    bad = shared.senza("deploy DEF 3 0.3", exit_code=1)
    assert "hello-world-3 was taken back" in bad.stderr
    assert "The traffic: it is as before." in bad.stderr
    assert records(shared) == {"1": 200, "3": 0}
    assert shared.weights() == {"3": 200}, "whoever still has the address is answered"
    rows = json.loads(shared.senza(f"traffic {APP} -o json").stdout)
    answers = {("hello-world-1", "A"): 100.0, ("hello-world-3", "A"): 0.0, ("hello-world-3", "rule"): 0.0}
    assert {(row["identifier"], row["type"]): row["answers%"] for row in rows} == answers
    going = shared.senza(f"delete {APP} 3 --dry-run").stdout
    assert f"Set the weights of {DOMAIN}: hello-world-3 100 -> 0 %" in going, "and nothing is in the way of its end"

    asked: list[str] = []
    good = shared.senza("deploy DEF 2 0.2", observe=lambda call: asked.append(call.operation))
    assert good.stdout == "hello-world-2 is promoted.\n"
    assert shared.operation().entries[0].facts["old"] == "hello-world-1", "and not 3, which the rule still names"
    assert records(shared) == {"1": 0, "2": 200, "3": 0}
    changes = [one for one in asked if one in ("CreateRule", "ModifyRule", "ChangeResourceRecordSets")]
    assert changes == ["ModifyRule", "ChangeResourceRecordSets", "ChangeResourceRecordSets"], "nobody comes to 3 by it"
    assert shared.weights() == {"2": 200, "3": 0}
    assert "20 %: 3 of 3 min; 9.31 % of the requests" in good.stderr, "of the last five minutes, two of them at 20 %"

    path.write_text(alone)
    assert shared.senza("deploy DEF 4 0.4").stdout == "hello-world-4 is promoted.\n"
    assert shared.weights() == {"2": 0, "3": 0, "4": 200}
    assert records(shared) == {"1": 0, "2": 200, "3": 0}
    shared.senza(f"rollout abort {APP}")
    assert shared.weights() == {"2": 200, "3": 0, "4": 0}
    told = shared.operation().entries[-1].facts["weights"]
    assert told[f"{DOMAIN} (rule)"] == {f"{APP}-{version}": weight for version, weight in shared.weights().items()}


def dies(shared: Shared, version: int, operation: str, count: int, after: int = 0) -> None:
    """The process dies before the n-th call of that name, or before the n-th call after that one."""
    left, later = [count], [after]

    def observe(call: Call) -> None:
        left[0] -= call.operation == operation
        if left[0] <= 0:
            later[0] -= 1
            if later[0] < 0:
                raise Killed

    with pytest.raises(Killed):
        shared.senza(f"deploy DEF {version} 0.{version}", observe=observe)
    assert sum(shared.named().values()) == (0 if operation == "CreateRule" else 200), "nobody's requests are lost"


def lock(shared: Shared) -> str:
    holder = shared.journal.lock(APP).holder()
    return f" --force-unlock {holder.id}" if holder else ""


def test_killed_around_the_rule_it_is_resumed_or_taken_back(shared: Shared) -> None:
    quick = "{Latency: off}, {HealthyHosts: off}, {ErrorRatio: {Least: 1}}"
    shared.define("Steps: [{Weight: 50, Bake: 1m}, {Weight: 100, Bake: 1m}]", f"Gates: [{quick}]", GOES)
    shared.start(errors="0%")
    current = 1
    places = [
        ("CreateStack", 1, 0),
        ("ModifyRule", 1, 0),
        ("ModifyRule", 1, 1),
        ("ModifyRule", 2, 1),
        ("ModifyRule", 2, 0),
    ]
    for number, (operation, count, after) in enumerate(places):
        shared.sandbox.advance(1)
        new = number + 2
        dies(shared, new, operation, count, after)
        targets = stored(shared.operation()).weighted_targets
        assert [one.domain for one in targets] == [DOMAIN], "whoever goes on knows them, too"
        if number % 2:
            shared.senza(f"rollout abort {APP}{lock(shared)}")
            assert shared.weights() == {str(current): 200, str(new): 0}
            shared.senza(f"delete {APP} {new}")
        else:
            shared.senza(f"rollout resume {APP}{lock(shared)}")
            assert shared.weights() == {str(new): 200}
            assert shared.stacks() == {str(new): "CREATE_COMPLETE"}
            told = shared.operation().entries[-1].facts
            assert told["result"] == "promoted"
            assert told["weights"][DOMAIN][f"{APP}-{new}"] == 200
            current = new
