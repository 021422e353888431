"""What changes an app is locked and written down where there is a journal, and goes on where there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from senza.aws import Aws
from senza.clock import Clock
from senza.journal import Caller, Holder, Journal
from senza.journal.locks import SKEW
from senza.sandbox.embedded import EmbeddedSandbox
from tests.cli.conftest import StoppingClock
from tests.conftest import FakeClock
from tests.traffic.conftest import Apps

if TYPE_CHECKING:
    from tests.cli.conftest import Senza

APP = "hello-world"
DOMAIN = "hello-world.hello.example.org"


@pytest.fixture
def apps(aws: Aws) -> Apps:
    made = Apps(aws)
    for version in "12":
        made.create(f"{APP}-{version}", {"Main": DOMAIN})
    made.set({f"{APP}-1": 200, f"{APP}-2": 0}, DOMAIN)
    return made


@pytest.fixture
def journal(sandbox: EmbeddedSandbox, clock: Clock) -> Journal:
    aws = Aws(endpoint=sandbox.endpoint)
    caller = Caller(aws)
    journal = Journal(aws, clock, account_id=caller.account_id, who=caller.who)
    journal.ensure()
    journal.begin("shop", "rollout", {})
    return journal


@pytest.mark.usefixtures("apps")
def test_what_was_planned_and_what_came_of_it(senza: Senza, journal: Journal, sandbox: EmbeddedSandbox) -> None:
    senza("traffic hello-world 2 50")
    senza("create DEF 3 0.3")
    senza("traffic hello-world 2 100")
    senza("delete hello-world 1")
    sandbox.faults.add("cloudformation:ExecuteChangeSet", status=403, code="AccessDenied")
    senza("update DEF 3 0.4", exit_code=1)
    operations = [journal.open(APP, one.id) for one in reversed(journal.operations(APP))]
    kinds = [[entry.kind for entry in operation.entries] for operation in operations]
    assert sorted(kinds) == [
        *(["create", "done"], ["delete", "done"], ["traffic", "done"], ["traffic", "done"], ["update", "failed"]),
    ]
    for operation in operations:
        first, last = operation.entries
        if first.kind == "traffic":
            assert first.facts["stack"] == "hello-world-2"
            assert first.facts["planned"] == last.facts["weights"]
            assert sum(first.facts["weights"][DOMAIN].values()) == 200
            assert "Set the weights of" in first.facts["steps"][0]
        if first.kind == "create":
            assert first.facts["parameters"] == {"ImageVersion": "0.3"}
            assert last.facts["stack_id"].startswith("arn:")
        if first.kind == "update":
            assert "AccessDenied" in last.facts["because"]
    assert journal.lock(APP).holder() is None


@pytest.mark.usefixtures("apps")
def test_a_lock_stops_it_unless_it_is_forced(senza: Senza, journal: Journal) -> None:
    ident = journal.lock(APP).take("rollout of version 3", "20260601T120000Z-abcdef", resumable=True).id
    for command in ("traffic hello-world 2 50", "delete hello-world 1 --force", "create DEF 3 0.3"):
        assert f"--force-unlock {ident}" in senza(command, exit_code=1).stderr
    senza("traffic hello-world 2 50 --dry-run")
    senza("traffic hello-world")
    assert senza.changes("traffic hello-world 2 50 --force-unlock 0000", exit_code=1) == []
    said = senza("traffic hello-world 2 50 --force-unlock", ident).stderr
    assert "a rollout of hello-world was left open (20260601T120000Z-abcdef): senza rollout status hello-world" in said
    assert journal.open(APP, journal.operations(APP)[0].id).entries[0].facts["forced"] == ident


@pytest.mark.usefixtures("apps")
def test_after_a_crashed_rollout_it_goes_on_with_a_warning(senza: Senza, journal: Journal, clock: FakeClock) -> None:
    until = journal.lock(APP).take("rollout", "20260601T120000Z-abcdef", resumable=True).until
    clock.sleep(until + SKEW + 1 - clock.now())
    assert "Warning: a rollout of hello-world was left open" in senza("traffic hello-world 2 50").stderr


@pytest.mark.usefixtures("apps", "journal")
@pytest.mark.parametrize("skip", range(4))
def test_traffic_moves_though_nothing_can_be_written(senza: Senza, sandbox: EmbeddedSandbox, skip: int) -> None:
    sandbox.faults.add("s3:PutObject", times=None, skip=skip, status=403, code="AccessDenied")
    result = senza("traffic hello-world 2 50")
    warnings = [line for line in result.stderr.splitlines() if line.startswith("Warning:")]
    assert warnings
    assert all("s3 PutObject failed" in line for line in warnings)
    assert len([line for line in warnings if "not recorded" in line]) == (skip < 3)
    assert "-50.0" in result.stdout


@pytest.mark.usefixtures("apps")
def test_traffic_moves_though_nothing_can_be_read(senza: Senza, sandbox: EmbeddedSandbox) -> None:
    sandbox.faults.add("s3:", times=None, status=403, code="AccessDenied")
    assert "Warning: not recorded: s3 GetObject failed" in senza("traffic hello-world 2 50").stderr


@pytest.mark.usefixtures("apps")
def test_ctrl_c_is_written_down_and_frees_the_lock(aws: Aws, journal: Journal, sandbox: EmbeddedSandbox) -> None:
    from click.testing import CliRunner

    from senza.cli.context import Context
    from senza.cli.main import cli

    sandbox.settings.insync_polls = 3
    context = Context(aws, clock=StoppingClock(1), environ={}, interactive=False)
    assert CliRunner().invoke(cli, ["traffic", APP, "2", "50"], obj=context).exit_code == 130
    (interrupted,) = journal.operations(APP)
    assert interrupted.result == "interrupted"
    assert interrupted.last.facts["step"].startswith("Set the weights of")
    assert journal.lock(APP).holder() is None


@pytest.mark.usefixtures("apps")
def test_waiting_renews_the_lock(senza: Senza, journal: Journal, sandbox: EmbeddedSandbox) -> None:
    sandbox.settings.insync_polls = 120  # at two seconds each, of a lease of five minutes
    senza("traffic hello-world 2 50")
    bucket, key = journal.bucket, f"locks/{APP}.json"
    versions = Aws(endpoint=sandbox.endpoint).call("s3", "list_object_versions", Bucket=bucket, Prefix=key)["Versions"]
    assert len(versions) == len(["taken", "renewed", "renewed", "released"])
    body = Aws(endpoint=sandbox.endpoint).call("s3", "get_object", Bucket=bucket, Key=key)["Body"].read()
    assert not Holder.from_bytes(body).held


@pytest.mark.usefixtures("apps")
def test_several_versions_are_one_operation_of_their_app(senza: Senza, journal: Journal) -> None:
    senza("delete hello-world --force")
    (deleted,) = journal.operations(APP)
    entries = journal.open(APP, deleted.id).entries
    assert [entry.kind for entry in entries] == ["delete", "step", "done"]
    assert [entry.facts["stack"] for entry in entries[:2]] == ["hello-world-1", "hello-world-2"]
