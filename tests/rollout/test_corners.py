"""What goes wrong at 3 a.m.: corners of rollouts that a straight run does not meet."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from senza.aws import Call
from senza.clock import Clock
from senza.rollout.steps import AwaitHealthy
from tests.rollout.conftest import APP, Rollouts
from tests.rollout.metrics.conftest import Server, server

__all__ = ["server"]

OFF = "Gates: [{ErrorRatio: off}, {Latency: off}, {HealthyHosts: off}]"
QUICK = ("Steps: [{Weight: 50, Bake: 2m}, {Weight: 100, Bake: 2m}]", OFF)


class Gone(BaseException):
    """The process was killed."""


def killed_at(rollouts: Rollouts, command: str, operation: str, count: int = 1) -> None:
    """The process dies at the n-th call of that name, and at every later call."""
    left = [count]
    dead: list[bool] = []

    def observe(call: Call) -> None:
        left[0] -= call.operation == operation
        if dead or left[0] <= 0:
            dead.append(True)
            raise Gone

    with pytest.raises(Gone):
        rollouts.senza(command, observe=observe)


def lock(rollouts: Rollouts) -> str:
    holder = rollouts.journal.lock(APP).holder()
    return f" --force-unlock {holder.id}" if holder else ""


def test_the_way_back_waits_for_the_capacity_of_before(rollouts: Rollouts) -> None:
    rollouts.define(*QUICK, minimum=1, maximum=10)
    rollouts.start()
    rollouts.senza(f"scale {APP} 1 5")
    rollouts.senza("deploy DEF 2 0.2")
    assert rollouts.sizes()["1"] == (1, 1)
    rollouts.senza(f"rollout abort {APP}")
    healthy = [
        e.facts["facts"]["healthy"] for step, e in rollouts.progress().confirmed if step == AwaitHealthy(f"{APP}-1")
    ]
    assert healthy == [{"AppServer": 5}]


def test_the_last_version_is_not_said_to_be_without_traffic(rollouts: Rollouts) -> None:
    rollouts.define("Steps: [{Weight: 100, Bake: 2m}]", OFF, "Hooks: [{When: after-step, Run: 'exit 1'}]")
    result = rollouts.senza("deploy DEF 1 0.1", exit_code=1)
    assert rollouts.weights() == {"1": 200}
    assert "hello-world-1 keeps 100 % of it: no other version is left" in result.stderr


def test_a_rollout_that_is_promoted_on_its_way_back_is_promoted(rollouts: Rollouts) -> None:
    rollouts.start()
    rollouts.define(*QUICK, "Hooks: [{When: after-step, Run: 'exit 1'}]")
    killed_at(rollouts, "deploy DEF 2 0.2", "ChangeResourceRecordSets", 2)
    assert rollouts.progress().phase == "back"
    result = rollouts.senza(f"rollout promote {APP}{lock(rollouts)}")
    assert "hello-world-2 is promoted." in result.stdout
    assert rollouts.weights() == {"1": 0, "2": 200}


def test_an_open_rollout_is_not_forgotten_by_whoever_dies_going_on_with_it(rollouts: Rollouts) -> None:
    rollouts.define(*QUICK)
    rollouts.start()
    killed_at(rollouts, "deploy DEF 2 0.2", "ChangeResourceRecordSets")
    killed_at(rollouts, f"deploy DEF 2 0.2{lock(rollouts)}", "DescribeStacks")
    result = rollouts.senza(f"deploy DEF 3 0.3{lock(rollouts)}", exit_code=1)
    assert "a rollout of hello-world-2 is open" in result.stderr
    again = rollouts.senza("deploy DEF 3 0.3", exit_code=1)
    assert "a rollout of hello-world-2 is open" in again.stderr


def test_deploy_does_not_go_on_with_a_rollout_of_something_else(rollouts: Rollouts) -> None:
    rollouts.define(*QUICK, "Hooks: [{When: after-step, Run: 'true'}]")
    rollouts.start()
    killed_at(rollouts, "deploy DEF 2 0.2", "ChangeResourceRecordSets")
    other = rollouts.senza(f"deploy DEF 2 0.9{lock(rollouts)}", exit_code=1)
    assert "a rollout of hello-world-2 is open, begun with other parameters" in other.stderr
    rollouts.define(*QUICK)
    fewer = rollouts.senza("deploy DEF 2 0.2", exit_code=1)
    assert "begun with another Rollout section" in fewer.stderr
    faster = rollouts.senza("deploy DEF 2 0.2 --strategy recreate", exit_code=1)
    assert "begun with another Rollout section, another strategy on the command line" in faster.stderr
    rollouts.senza(f"rollout resume {APP}")
    assert rollouts.weights() == {"1": 0, "2": 200}


def secret_definition(rollouts: Rollouts, *lines: str) -> None:
    rollouts.define(*lines)
    path = Path(rollouts.definition)
    parameter = "  Parameters:\n    - Key: {Description: a key, NoEcho: true}\n"
    path.write_text(path.read_text().replace("  Parameters:\n", parameter))


def test_no_secret_of_a_hook_gets_into_the_journal(rollouts: Rollouts) -> None:
    rollouts.start()
    said, after = "'echo bad {{Arguments.Key}}; exit 1'", "'true {{Arguments.Key}}'"
    hooks = f"[{{When: after-step, Run: {said}}}, {{When: after-abort, Run: {after}}}]"
    secret_definition(rollouts, *QUICK, f"Hooks: {hooks}")
    rollouts.senza("deploy DEF 2 hush-hush 0.2", exit_code=1)
    kept = [entry.to_bytes() for entry in rollouts.operation().entries]
    assert not [entry for entry in kept if b"hush-hush" in entry]


def test_a_rollout_whose_section_holds_secrets_can_be_aborted(rollouts: Rollouts) -> None:
    rollouts.start()
    secret_definition(rollouts, *QUICK, "Hooks: [{When: after-abort, Url: '{{Arguments.Key}}'}]")
    killed_at(rollouts, "deploy DEF 2 https://chat.example.org/hush 0.2", "ChangeResourceRecordSets")
    result = rollouts.senza(f"rollout abort {APP}{lock(rollouts)}")
    assert rollouts.weights() == {"1": 200, "2": 0}
    assert "not asked or told from here: 1 hook; the Rollout section holds secrets" in result.stderr


def test_of_hooks_only_those_with_a_secret_are_left_out(rollouts: Rollouts, tmp_path: Path) -> None:
    rollouts.start()
    seen = tmp_path / "seen"
    said = ("'echo {{Arguments.Key}} >> seen'", "'echo plain >> seen'")
    hooks = ", ".join("{When: after-abort, Run: " + one.replace("seen", str(seen)) + "}" for one in said)
    secret_definition(rollouts, *QUICK, f"Hooks: [{hooks}]")
    killed_at(rollouts, "deploy DEF 2 hush-hush 0.2", "ChangeResourceRecordSets")
    refused = rollouts.senza(f"rollout resume {APP}{lock(rollouts)}", exit_code=1)
    assert "the Rollout section of the definition holds secrets" in refused.stderr
    rollouts.senza(f"rollout abort {APP}{lock(rollouts)}")
    assert seen.read_text() == "plain\n"


def test_a_webhook_is_kept_by_its_host(rollouts: Rollouts, server: Server) -> None:
    rollouts.start()
    hook = f"{{Url: '{server.url}/services/T0/B0/t0ken'}}"
    rollouts.define(*QUICK, f"Notify: [{hook}, {{Topic: deploys}}]", "Hooks: [{When: after-step, Run: 'true'}]")
    killed_at(rollouts, "deploy DEF 2 0.2", "ChangeResourceRecordSets", 2)
    told = len(server.asked)
    assert told
    assert not [entry for entry in rollouts.operation().entries if b"t0ken" in entry.to_bytes()]
    assert rollouts.operation().entries[0].facts["section"]["Notify"] == [
        {"Url": f"{server.url}/***"},
        {"Topic": "deploys"},
    ]
    resumed = rollouts.senza(f"rollout resume {APP}{lock(rollouts)}").stderr
    assert "not asked or told from here: 1 webhook; the Rollout section holds secrets" in resumed
    assert "the topic deploys was not told" in resumed
    assert len(server.asked) == told, "nobody knows where it was"


def test_the_same_deploy_again_tells_the_webhook(rollouts: Rollouts, server: Server) -> None:
    rollouts.start()
    rollouts.define(*QUICK, f"Notify: [{{Url: '{server.url}/t0ken'}}]")
    killed_at(rollouts, "deploy DEF 2 0.2", "ChangeResourceRecordSets")
    result = rollouts.senza(f"deploy DEF 2 0.2{lock(rollouts)}")
    assert "left out" not in result.stderr
    assert [request[1] for request in server.asked] == ["/t0ken"] * len(server.asked) != []


def test_recreate_goes_back_to_a_version_that_it_stopped(rollouts: Rollouts) -> None:
    rollouts.define("Strategy: Recreate", OFF)
    rollouts.start()
    rollouts.senza("deploy DEF 2 0.2")
    assert rollouts.sizes()["1"] == (0, 0)
    refused = rollouts.senza("deploy DEF 1 0.1 --strategy canary", exit_code=1)
    assert "was stopped by an earlier Recreate" in refused.stderr
    rollouts.senza("deploy DEF 1 0.1")
    assert rollouts.weights() == {"1": 200, "2": 0}
    assert rollouts.sizes()["1"] == (1, 1)
    assert rollouts.sizes()["2"] == (0, 0)


def worker(rollouts: Rollouts) -> None:
    """The definition without load balancer and domain."""
    rollouts.define("Strategy: Recreate", OFF)
    path = Path(rollouts.definition)
    text = path.read_text().partition("  - AppLoadBalancer:")[0]
    path.write_text(text.replace("      ElasticLoadBalancer: AppLoadBalancer\n", ""))


def test_a_worker_is_taken_back_though_older_versions_stand_still(rollouts: Rollouts) -> None:
    worker(rollouts)
    for version in (1, 2):
        rollouts.senza(f"deploy DEF {version} 0.{version}")
    rollouts.senza("deploy DEF 3 0.3")
    rollouts.senza(f"rollout abort {APP}")
    assert {version: desired for version, (_, desired) in rollouts.sizes().items()} == {"1": 0, "2": 1, "3": 0}


def test_a_failed_version_is_not_one_of_those_that_are_kept(rollouts: Rollouts) -> None:
    from senza.sandbox.world import Failure

    rollouts.define(*QUICK, "Keep: {Versions: 1, For: 1h}")
    rollouts.start()
    rollouts.sandbox.settings.failures.append(Failure("hello-world-2", "AppServer", reason="no such image"))
    rollouts.senza("deploy DEF 2 0.2", exit_code=1)
    rollouts.senza("deploy DEF 3 0.3")
    rollouts.sandbox.advance(2 * 3600)
    said = rollouts.senza(f"rollout cleanup {APP} --dry-run").stdout
    assert "hello-world-1: it is one of the 1 that are kept" in said


def test_abort_does_not_ask_a_process_that_does_something_else(rollouts: Rollouts) -> None:
    rollouts.define(*QUICK)
    rollouts.start()
    killed_at(rollouts, "deploy DEF 2 0.2", "ChangeResourceRecordSets", 2)
    rollouts.journal.lock(APP).force_unlock(lock(rollouts).split()[-1])
    rollouts.journal.lock(APP).take("traffic of 2", "")
    result = rollouts.senza(f"rollout abort {APP}", exit_code=1)
    assert "hello-world is locked: traffic of 2" in result.stderr


class Interrupting:
    """A clock on which whoever waits is interrupted: at the first wait by a signal, at the third the test fails."""

    def __init__(self, clock: Clock, number: int) -> None:
        self.clock, self.number, self.waits = clock, number, 0

    def now(self) -> float:
        return self.clock.now()

    def sleep(self, seconds: float) -> None:
        self.waits += 1
        assert self.waits < 3, "it waits on"
        signal.raise_signal(self.number)
        self.clock.sleep(seconds)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_watching_and_waiting_at_once(rollouts: Rollouts, number: int) -> None:
    rollouts.define(*QUICK)
    rollouts.start()
    killed_at(rollouts, "deploy DEF 2 0.2", "ChangeResourceRecordSets", 2)
    before = signal.signal(number, signal.default_int_handler)  # CI may run where it is ignored, and it stays so then
    try:
        for command in (f"rollout status {APP} -W", f"rollout pause {APP}"):
            clock = Interrupting(rollouts.clock, number)
            rollouts.senza(command, clock=clock, exit_code=130)
            assert clock.waits == 1
    finally:
        signal.signal(number, before)


def test_a_signal_during_a_hook_is_answered_at_once(rollouts: Rollouts) -> None:
    """The hook ends as it would have, and nothing comes after it; until then the terminal is not silent."""
    hook = "kill -INT $PPID; echo looks good"
    rollouts.define("Steps: [{Weight: 100, Bake: 2m}]", OFF, f"Hooks: [{{When: before-traffic, Run: '{hook}'}}]")
    rollouts.start()
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        result = rollouts.senza("deploy DEF 2 0.2", exit_code=130)
    finally:
        signal.signal(signal.SIGINT, before)
    soon, _, rest = result.stderr.partition("it stops when the request or hook under way has ended")
    assert "interrupted: " in soon
    assert "looks good" in rest
    assert "the rollout of hello-world-2 stopped: interrupted" in rest
    assert rollouts.weights() == {"1": 200, "2": 0}


def test_what_a_hook_was_interrupted_for_comes_before_the_next_step(rollouts: Rollouts) -> None:
    """A hook does not listen: who asks for an abort during it does not want to see the traffic move after it."""
    rollouts.start()
    rollouts.define("Steps: [{Weight: 100, Bake: 2m}]", OFF, "Hooks: [{When: before-traffic, Run: 'true'}]")

    asked: list[object] = []
    calls: list[Call] = []

    def observe(call: Call) -> None:
        calls.append(call)
        if rollouts.journal.newest(APP, "rollout") is None or asked:
            return
        stands = rollouts.progress()
        if stands.under_way and type(stands.current).__name__ == "CallHook":
            asked.append(rollouts.operation().ask("abort"))

    rollouts.senza("deploy DEF 2 0.2", observe=observe, exit_code=1)
    assert asked
    assert not [call for call in calls if call.operation == "ChangeResourceRecordSets"]


def test_resume_has_patience_anew(rollouts: Rollouts) -> None:
    rollouts.define("Steps: [{Weight: 20, Bake: 3m}, {Weight: 100, Bake: 2m}]", "Patience: 5m")
    rollouts.start("0/m")
    rollouts.senza("deploy DEF 2 0.2", exit_code=1)
    rollouts.sandbox.advance(3600)
    before = rollouts.clock.now()
    rollouts.senza(f"rollout resume {APP}", exit_code=1)
    assert rollouts.clock.now() - before >= 300


def test_a_pause_of_a_process_that_died_does_not_stop_the_next_one(rollouts: Rollouts) -> None:
    rollouts.define(*QUICK)
    rollouts.start()
    killed_at(rollouts, "deploy DEF 2 0.2", "ChangeResourceRecordSets", 2)
    rollouts.senza(f"rollout pause {APP}", exit_code=1)
    rollouts.senza(f"rollout resume {APP}{lock(rollouts)}")
    assert rollouts.weights() == {"1": 0, "2": 200}


class Elsewhere:
    """The clock of another machine: while it waits, the process that is asked refuses."""

    def __init__(self, rollouts: Rollouts) -> None:
        self.rollouts = rollouts

    def now(self) -> float:
        return self.rollouts.clock.now()

    def sleep(self, seconds: float) -> None:
        operation = self.rollouts.operation()
        ask = operation.asked()
        assert ask
        operation.write("heard", {"ask": ask.id, "because": "not there yet"})
        self.rollouts.clock.sleep(seconds)


def test_promote_that_is_refused_says_why(rollouts: Rollouts) -> None:
    rollouts.define(*QUICK)
    rollouts.start()
    killed_at(rollouts, "deploy DEF 2 0.2", "ChangeResourceRecordSets", 2)
    result = rollouts.senza(f"rollout promote {APP}", clock=Elsewhere(rollouts), exit_code=1)
    assert "not there yet" in result.stderr


def test_a_version_whose_last_update_failed_can_be_deployed(rollouts: Rollouts) -> None:
    from senza.sandbox.world import Failure

    rollouts.define(*QUICK)
    rollouts.start()
    rollouts.senza("deploy DEF 2 0.2")
    rollouts.sandbox.settings.failures.append(Failure("hello-world-1", "AppServer", "update", "no such image", times=1))
    rollouts.senza("update DEF 1 0.3", exit_code=None)
    assert rollouts.stacks()["1"] == "UPDATE_ROLLBACK_COMPLETE"
    rollouts.senza("deploy DEF 1 0.1")
    assert rollouts.weights() == {"1": 200, "2": 0}


@pytest.mark.parametrize("word", ["other", "hello", "Shift", "number", "Canary", "after-step"])
def test_a_secret_that_is_a_word_of_ours_or_a_public_name_spoils_no_journal(rollouts: Rollouts, word: str) -> None:
    """Whoever goes on with a rollout finds the names in the journal that are there."""
    rollouts.define("Strategy: Canary", *QUICK, "Hooks: [{When: after-step, Run: 'true'}]")
    path = Path(rollouts.definition)
    path.write_text(path.read_text().replace("  Parameters:\n", "  Parameters:\n    - Word: {NoEcho: true}\n"))
    rollouts.senza(f"create DEF 1 {word} 0.1")
    rollouts.senza(f"traffic {APP} 1 100")
    rollouts.sandbox.advance(60)
    killed_at(rollouts, f"deploy DEF 2 {word} 0.2", "ChangeResourceRecordSets", 2)
    rollouts.senza(f"rollout resume {APP}{lock(rollouts)}")
    assert rollouts.weights() == {"1": 0, "2": 200}
    assert json.loads(rollouts.senza(f"rollout status {APP} -o json").stdout)["result"] == "promoted"


@pytest.mark.parametrize("word", ["back", "taken", "Shift"])
def test_nor_the_way_back(rollouts: Rollouts, word: str) -> None:
    """Else one that was taken back would be written down as promoted."""
    secret_definition(rollouts, *QUICK, "Hooks: [{When: after-step, Run: 'exit 1'}]")
    rollouts.senza(f"create DEF 1 {word} 0.1")
    rollouts.senza(f"traffic {APP} 1 100")
    rollouts.sandbox.advance(60)
    rollouts.senza(f"deploy DEF 2 {word} 0.2", exit_code=1)
    assert rollouts.weights()["1"] == 200
    assert rollouts.progress().result == "taken back"
