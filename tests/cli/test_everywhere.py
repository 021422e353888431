"""Several environments in one table: those that can be asked are in it, and the others say why not."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from senza.aws import Aws
from senza.cli.context import Context
from senza.cli.main import cli
from senza.clock import Clock
from senza.journal import Caller, Journal
from senza.sandbox.embedded import EmbeddedSandbox
from tests.conftest import FakeClock

BUDGETS = Path(__file__).parents[2] / "docs" / "budgets.md"
STAGING, LIVE = "111111111111", "222222222222"
FILE = f"""
environments:
  staging: {{account: "{STAGING}", region: eu-central-1}}
  live: {{account: "{LIVE}", region: eu-west-1}}
  lab: {{account: "{STAGING}", region: eu-west-1}}
"""


class Everywhere:
    """A repository with environments, and the command line in it."""

    def __init__(self, sandbox: EmbeddedSandbox, clock: Clock) -> None:
        self.sandbox = sandbox
        self._clock = clock

    def context(self) -> Context:
        return Context(Aws(endpoint=self.sandbox.endpoint), clock=self._clock, environ={}, interactive=False)

    def __call__(self, command: str, exit_code: int = 0) -> Result:
        result = CliRunner().invoke(cli, command.split(), obj=self.context())
        assert result.exit_code == exit_code, f"{command}: {result.output}"
        return result

    def found(self, command: str, exit_code: int = 0) -> list[tuple[str, ...]]:
        listed = json.loads(self(f"{command} -o json", exit_code).stdout)
        return [(one["environment"], one["stack_name"], one["version"]) for one in listed]


@pytest.fixture
def empty(sandbox: EmbeddedSandbox, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Everywhere:
    """Where nothing runs."""
    (tmp_path / "senza.yaml").write_text(FILE)
    (tmp_path / "jobs.yaml").write_text("SenzaInfo: {StackName: jobs}\nResources: {Q: {Type: AWS::SQS::Queue}}\n")
    monkeypatch.chdir(tmp_path)
    return Everywhere(sandbox, clock)


@pytest.fixture
def senza(empty: Everywhere) -> Everywhere:
    for environment, version in (("live", "1"), ("staging", "2"), ("staging", "1")):
        empty(f"create jobs.yaml {version} -e {environment} --force")
    return empty


def test_all_in_the_order_of_the_file(senza: Everywhere) -> None:
    assert senza.found("list -e all") == [("staging", "jobs", "1"), ("staging", "jobs", "2"), ("live", "jobs", "1")]
    assert senza.found("list -e live,staging jobs 2") == [("staging", "jobs", "2")]
    text = senza("-e all list").stdout
    assert text.splitlines()[0].startswith("Environment│Account     │Region")
    assert f"live        {LIVE} eu-west-1" in text
    assert "eu-central-1" not in senza("-e staging,staging list").stdout, "all the same"
    senza("list -e all nothing", exit_code=1)


def test_in_one_place_it_is_the_table_that_it_always_was(senza: Everywhere) -> None:
    assert list(json.loads(senza("list -e live -o json").stdout)[0]) == [
        *("stack_name", "version", "status", "creation_time", "description"),
    ]
    asked = senza("list -e live -o tsv --field environment --field region").stdout
    assert asked == "environment\tregion\nlive\teu-west-1\n"
    assert "jobs" not in senza("list").stdout, "that is another account"


def test_one_that_cannot_be_asked_does_not_keep_the_others_away(senza: Everywhere, sandbox: EmbeddedSandbox) -> None:
    sandbox.faults.add("sts:AssumeRole", times=1, status=403, code="AccessDenied")
    result = senza("list -e all -o json", exit_code=1)
    assert result.stderr.startswith("Error: ")
    failed = result.stderr.removeprefix("Error: ").partition(":")[0]
    assert failed in ("staging", "live", "lab"), "whoever came first"
    assert {one["environment"] for one in json.loads(result.stdout)} == {"staging", "live"} - {failed}
    sandbox.faults.add("cloudformation:ListStacks", times=None, status=403, code="AccessDenied")
    result = senza("list -e all jobs -o json", exit_code=1)
    assert json.loads(result.stdout) == []
    said = [line.split(":")[1].strip() for line in result.stderr.splitlines() if line.startswith("Error:")]
    assert said == ["staging", "live", "lab"]


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("list -e nope,live", "there is no environment 'nope'"),
        ("list -e live,", "has no name"),
        ("events -e all", "one environment is needed here, and all means each of them"),
        ("traffic jobs -e live,staging", "one environment is needed here, and 'live,staging' names several"),
        ("history jobs 20260101T000000Z-000000 -e all", "an operation is of one environment"),
        ("history --metrics --plot x.svg -e all", "a drawing is of one environment\nName one: staging, live, lab."),
    ],
)
def test_what_names_no_environment(empty: Everywhere, sandbox: EmbeddedSandbox, command: str, said: str) -> None:
    assert said in empty(command, exit_code=2).stderr
    assert sandbox.log == []


def calls(senza: Everywhere, sandbox: EmbeddedSandbox, command: str) -> Counter[str]:
    sandbox.log.clear()
    senza(command)
    return Counter(map(str, sandbox.log))


def test_an_account_that_is_listed_costs_three_calls(senza: Everywhere, sandbox: EmbeddedSandbox) -> None:
    made = calls(senza, sandbox, "list -e all")
    assert made == dict.fromkeys(("sts:AssumeRole", "sts:GetCallerIdentity", "cloudformation:ListStacks"), 3)
    row = next(line for line in BUDGETS.read_text().splitlines() if line.startswith("| `list -e all`"))
    assert int(row.split("|")[2]) == made.total()


def test_all_cost_what_each_costs_alone(senza: Everywhere, sandbox: EmbeddedSandbox) -> None:
    for command in ("status", "domains", "health", "instances jobs", "history", "history --metrics"):
        places = ("staging", "live") if "jobs" in command else ("staging", "live", "lab")
        alone = sum((calls(senza, sandbox, f"{command} -e {place}") for place in places), Counter[str]())
        assert calls(senza, sandbox, f"{command} -e {','.join(places)}") == alone, command


def test_other_tables_say_where_too(senza: Everywhere) -> None:
    assert senza.found("status jobs -e all") == [
        ("staging", "jobs", "1"),
        ("staging", "jobs", "2"),
        ("live", "jobs", "1"),
    ]
    assert json.loads(senza("instances jobs 2 -e all -o json").stdout) == [], "it is in staging, and has none"
    for command in ("status", "health", "domains", "instances"):
        assert "there is no stack nothing in staging, live, lab" in senza(f"{command} nothing -e all", 1).stderr
    measured = json.loads(senza("history --metrics -e all -o json").stdout)
    assert [(one["environment"], one["app"], one["deployments"]) for one in measured] == [
        ("staging", "jobs", 2),
        ("live", "jobs", 1),
    ]


def test_the_history_of_all_is_one(sandbox: EmbeddedSandbox, clock: FakeClock, senza: Everywhere) -> None:
    for environment in ("live", "staging", "live"):
        clock.sleep(60)
        aws = senza.context().in_environment(environment).aws()
        caller = Caller(aws)
        journal = Journal(aws, clock, account_id=caller.account_id, who=caller.who)
        journal.ensure()
        journal.begin("jobs", "update", {"version": environment})
    result = senza("history -e all -o json")
    assert [(one["environment"], one["what"]) for one in json.loads(result.stdout)] == [
        *(("live", "update"), ("staging", "update"), ("live", "update")),
    ]
    assert "There is no journal in environment lab yet" in result.stderr
    assert len(json.loads(senza("history jobs -e all --limit 2 -o json").stdout)) == 2
