"""What was done to the apps, as people and programs read it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from senza.aws import Aws
from senza.cli.history import commit_times
from senza.clock import Clock
from senza.journal import Caller, Entry, Journal
from senza.journal.delivery import Past
from tests.conftest import FakeClock
from tests.traffic.conftest import Apps

if TYPE_CHECKING:
    from tests.cli.conftest import Senza

APP = "hello-world"
DOMAIN = "hello-world.hello.example.org"


@pytest.fixture
def journal(aws: Aws, clock: Clock) -> Journal:
    caller = Caller(aws)
    journal = Journal(aws, clock, account_id=caller.account_id, who=caller.who)
    journal.ensure()
    journal.begin("shop", "rollout", {"version": "7"})
    return journal


def test_without_a_journal_it_says_so(senza: Senza) -> None:
    result = senza("history -o json")
    assert json.loads(result.stdout) == []
    assert "There is no journal in this region yet" in result.stderr
    assert "There is no journal" in senza(f"history {APP}").stderr


def test_operations_newest_first_and_one_in_full(senza: Senza, journal: Journal, clock: FakeClock) -> None:
    clock.sleep(60)
    operation = journal.begin(APP, "traffic", {"version": "2"})
    clock.sleep(30)
    operation.write("done", {"weights": {DOMAIN: {"hello-world-2": 200}}})
    found = json.loads(senza("history -o json").stdout)
    assert [(row["app"], row["version"], row["what"], row["result"], row["duration"]) for row in found] == [
        (APP, "2", "traffic", "done", 30),
        ("shop", "7", "rollout", "open", None),
    ]
    assert found[0]["who"].startswith("arn:aws:")
    assert [row["id"] for row in json.loads(senza(f"history {APP} -o json").stdout)] == [operation.id]
    assert len(json.loads(senza("history --limit 1 -o json").stdout)) == 1
    clock.sleep(3600)
    assert json.loads(senza("history --since 30m -o json").stdout) == []
    entries = json.loads(senza(f"history {APP} {operation.id} -o json").stdout)
    assert [(row["seq"], row["kind"]) for row in entries] == [(0, "traffic"), (1, "done")]
    assert entries[1]["facts"]["weights"] == {DOMAIN: {"hello-world-2": 200}}
    assert "traffic" in senza(f"history {APP}").stdout
    assert "hello-world-2" in senza(f"history {APP} {operation.id}").stdout


@pytest.mark.usefixtures("journal")
def test_what_cannot_be_understood(senza: Senza) -> None:
    assert "is no period" in senza("history --since soon", exit_code=2).stderr
    assert "--metrics --plot" in senza("history --plot x.svg", exit_code=2).stderr
    assert "there is no operation" in senza(f"history {APP} 20200101T000000Z-000000", exit_code=1).stderr


@pytest.mark.usefixtures("journal")
def test_a_switch_that_was_taken_back_counts_in_the_metrics(
    senza: Senza, aws: Aws, clock: FakeClock, tmp_path: Path
) -> None:
    apps = Apps(aws)
    for version in "12":
        apps.create(f"{APP}-{version}", {"Main": DOMAIN})
        clock.sleep(10)
    apps.set({f"{APP}-1": 200, f"{APP}-2": 0}, DOMAIN)
    senza(f"traffic {APP} 2 100")
    clock.sleep(1200)
    senza(f"traffic {APP} 1 100")
    file = tmp_path / "delivery.svg"
    (found,) = json.loads(senza(f"history --metrics {APP} -o json --plot", str(file)).stdout)
    assert (found["deployments"], found["fail_rate"]) == (2, 0.5)  # version 1 is known from its stack
    assert 1200 <= found["time_to_restore"] < 1300
    assert found["lead_time"] is None
    assert file.read_text().startswith("<svg")
    assert "50%" in senza(f"history --metrics {APP}").stdout


def test_git_tells_when_the_commits_of_parameters_were_made(tmp_path: Path) -> None:
    def git(*words: str) -> str:
        settings = ["-c", "user.name=me", "-c", "user.email=me@example.org"]
        return subprocess.run(
            ["git", "-C", str(tmp_path), *settings, *words],
            capture_output=True,
            text=True,
            check=True,
            env={"PATH": "/usr/bin:/bin", "GIT_COMMITTER_DATE": "1700000000 +0100", "HOME": str(tmp_path)},
        ).stdout.strip()

    git("init", "-q")
    git("commit", "-q", "--allow-empty", "-m", "one\n\ncommitter nobody 1 +0000")
    whole = git("rev-parse", "HEAD")
    parameters = {"A": whole, "B": whole[:9], "C": "0" * 40, "D": "1.2", "E": "fffffff"}
    past = Past(APP, [Entry(0, "create", 0, "", "", {"parameters": parameters})])
    assert commit_times([past], str(tmp_path)) == {whole: 1_700_000_000, whole[:9]: 1_700_000_000}
    assert commit_times([past], str(tmp_path / "nowhere")) == {}
