"""What was written can be read by everybody, and only one process goes on with an operation."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senza.aws import Aws
from senza.clock import Clock
from senza.errors import AwsError, Conflict, NotFound
from senza.journal import Entry, Journal, Operation, redacted
from senza.journal.model import encoded
from senza.sandbox.embedded import EmbeddedSandbox
from tests.conftest import FakeClock
from tests.journal.conftest import Machine

APP = "hello-world"


def test_another_machine_reads_what_was_written(machine: Machine, clock: Clock) -> None:
    written = machine().begin(APP, "rollout", {"version": "2"}, attachments={"stack.json": b"{}"})
    written.write("step", {"number": 0, "weights": {("a.example.org.", "A"): 20}})
    written.attach("report.html", b"<p>good</p>", "text/html")
    read = machine().open(APP, written.id)
    assert read.entries == written.entries
    assert [(entry.seq, entry.kind) for entry in read.entries] == [(0, "rollout"), (1, "step")]
    assert read.entries[1].facts == {"number": 0, "weights": {"a.example.org. A": 20}}
    first = read.entries[0]
    assert first.at == clock.now()
    assert first.who.startswith("arn:aws:")
    assert "@" in first.where
    assert [read.attachment(name) for name in ("report.html", "stack.json", "plan")] == [b"<p>good</p>", b"{}", None]
    with pytest.raises(NotFound):
        machine().open(APP, "20200101T000000Z-000000")


def test_only_one_of_two_processes_goes_on(machine: Machine) -> None:
    begun = machine().begin(APP, "rollout", {})
    one, other = machine().open(APP, begun.id), machine().open(APP, begun.id)
    one.write("step", {"number": 0})
    with pytest.raises(Conflict, match="another process goes on with this rollout: arn:aws:"):
        other.write("stopped", {})  # of whatever kind
    assert [entry.kind for entry in machine().open(APP, begun.id).entries] == ["rollout", "step"]


def test_what_others_wrote_is_caught_up_with(aws: Aws, machine: Machine) -> None:
    begun = machine().begin(APP, "rollout", {})
    here = machine(aws).open(APP, begun.id)
    for number in range(10):
        begun.write("step", {"number": number})
    begun.attach("report.html", b"", "text/html")
    begun.ask("pause")
    before = len(aws.calls)
    here.catch_up()
    assert here.entries == begun.entries
    assert [call.operation for call in aws.calls[before:]] == ["ListObjectsV2", *["GetObject"] * 10]
    here.catch_up()
    assert [call.operation for call in aws.calls[before + 11 :]] == ["ListObjectsV2"]
    here.write("stopped", {})
    begun.catch_up()
    assert begun.entries == here.entries


def test_who_looks_again_reads_what_is_new(aws: Aws, machine: Machine, clock: FakeClock) -> None:
    begun = machine().begin(APP, "rollout", {})
    begun.write("step", {"number": 0})
    journal = machine(aws)
    known = journal.newest(APP, "rollout")
    assert known is not None
    begun.write("confirmed", {"number": 0})

    def again() -> tuple[Operation | None, list[str]]:
        before = len(aws.calls)
        found = journal.newest(APP, "rollout", known)
        return found, [call.operation for call in aws.calls[before:] if call.service == "s3"]

    assert again() == (known, ["ListObjectsV2", "ListObjectsV2", "GetObject"])
    assert known.entries == begun.entries
    assert again() == (known, ["ListObjectsV2", "ListObjectsV2"])
    clock.sleep(10)
    later = machine().begin(APP, "rollout", {})
    found, calls = again()
    assert found is not None
    assert (found.id, len(found.entries), calls[2:]) == (later.id, 1, ["GetObject"])


@pytest.mark.parametrize("code", ["InternalError", "ConditionalRequestConflict"])
def test_an_entry_whose_answer_was_lost_is_recognised(sandbox: EmbeddedSandbox, machine: Machine, code: str) -> None:
    operation = machine().begin(APP, "rollout", {})
    sandbox.faults.add("s3:PutObject", when="after", status=500 if code == "InternalError" else 409, code=code)
    operation.write("step", {})
    operation.write("done", {})
    assert [entry.seq for entry in operation.entries] == [0, 1, 2]
    assert machine().open(APP, operation.id).entries == operation.entries


def test_after_an_unknown_outcome_the_next_entry_finds_the_last(sandbox: EmbeddedSandbox, machine: Machine) -> None:
    operation = machine().begin(APP, "rollout", {})
    sandbox.faults.add("s3:PutObject", when="after", status=400, code="ExpiredToken")
    with pytest.raises(AwsError):
        operation.write("step", {})
    operation.write("stopped", {})
    assert [entry.kind for entry in machine().open(APP, operation.id).entries] == ["rollout", "step", "stopped"]
    assert [entry.kind for entry in operation.entries] == ["rollout", "step", "stopped"]


def test_what_is_asked_on_another_machine_is_heard(machine: Machine) -> None:
    running = machine().begin(APP, "rollout", {})
    assert running.asked() is None
    elsewhere = machine().open(APP, running.id)
    elsewhere.ask("pause")
    ask = elsewhere.ask("abort")
    assert running.asked() == ask
    assert [entry.kind for entry in machine().open(APP, running.id).entries] == ["rollout"]


def several(machine: Machine, clock: FakeClock) -> list[str]:
    """Five operations of two apps, a minute apart; the last one is open."""
    journal = machine()
    ids = []
    for app, kind in ((APP, "create"), ("shop", "create"), (APP, "traffic"), (APP, "rollout"), (APP, "traffic")):
        operation = journal.begin(app, kind, {"version": "1"})
        ids.append(operation.id)
        clock.sleep(60)
        if len(ids) < 5:
            operation.attach("report.html", b"", "text/html")
            operation.write("step")
            operation.write("finished" if kind == "rollout" else "done", {"result": "promoted"})
    return ids


def test_the_history_is_newest_first(machine: Machine, clock: FakeClock) -> None:
    ids = several(machine, clock)
    everything = machine().operations()
    assert [operation.id for operation in everything] == ids[::-1]
    assert [operation.app for operation in everything] == [APP, APP, APP, "shop", APP]
    assert [operation.result for operation in everything] == ["", *["promoted"] * 4]
    assert [operation.seconds for operation in everything] == [None, 60, 60, 60, 60]
    assert [operation.id for operation in machine().operations(APP, limit=2)] == [ids[4], ids[3]]
    late = machine().operations(APP, since=everything[1].first.at)
    assert [operation.id for operation in late] == [ids[4], ids[3]]


def test_the_history_takes_two_lists_an_app_and_the_ends_of_each_operation(
    machine: Machine, clock: FakeClock, sandbox: EmbeddedSandbox
) -> None:
    several(machine, clock)
    aws = Aws(endpoint=sandbox.endpoint)
    machine(aws).operations(APP, limit=3)
    calls = sorted(str(call) for call in aws.calls)
    assert calls == [*["s3:GetObject"] * 5, *["s3:ListObjectsV2"] * 2, "sts:GetCallerIdentity"]


@pytest.mark.parametrize(("later", "looks"), [(4, 1), (5, 2), (54, 2), (55, 3)])
def test_the_newest_of_a_kind_is_looked_for_among_the_last_five_first(
    aws: Aws, machine: Machine, clock: FakeClock, later: int, looks: int
) -> None:
    wanted = machine().begin(APP, "rollout", {})
    for _ in range(later):
        clock.sleep(1)
        machine(aws).begin(APP, "traffic", {})
    before = len(aws.calls)
    found = machine(aws).newest(APP, "rollout")
    assert found is not None
    assert found.id == wanted.id
    made = [call.operation for call in aws.calls[before:]]
    assert made.count("ListObjectsV2") == 1 + looks


def test_the_newest_of_a_kind(machine: Machine, clock: FakeClock) -> None:
    ids = several(machine, clock)
    found = machine().newest(APP, "create")
    assert found is not None
    assert (found.id, len(found.entries)) == (ids[0], 3)
    assert machine().newest(APP, "delete") is None
    assert machine().newest("nobody", "create") is None


def test_of_two_within_a_second_the_later_is_the_newest(machine: Machine, clock: FakeClock) -> None:
    begun = []
    for _ in range(8):
        begun.append(machine().begin(APP, "rollout", {}).id)
        clock.sleep(0.1)
    assert begun == sorted(begun)
    assert len({ident.rpartition("-")[0] for ident in begun}) == 1
    found = machine().newest(APP, "rollout")
    assert found is not None
    assert found.id == begun[-1]


def test_a_prefix_of_a_name_is_another_app(machine: Machine) -> None:
    machine().begin("hello-world-2", "create", {})
    assert machine().operations("hello-world") == []


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(), VALUES, max_size=4))
def test_an_entry_is_read_as_it_was_written(facts: dict[str, Any]) -> None:
    entry = Entry(7, "done", 1_800_000_000.25, "arn:aws:iam::123456789012:user/me", "me@here 1", facts, "abc")
    assert Entry.from_bytes(entry.to_bytes()) == entry


@given(st.dictionaries(st.text(), VALUES, max_size=4), st.sets(st.text(min_size=1), max_size=3))
def test_no_secret_is_left(facts: dict[str, Any], secrets: set[str]) -> None:
    def texts(node: Any) -> list[str]:
        if isinstance(node, dict):
            keys = [key for key in node if not re.fullmatch("[a-z][a-z_]*", key)]  # those are fields of the journal
            return keys + [text for part in node.values() for text in texts(part)]
        if isinstance(node, list):
            return [text for part in node for text in texts(part)]
        return [node] if isinstance(node, str) else []

    left = texts(redacted(facts, secrets))
    assert not any(secret in text.replace("***", "\0") for text in left for secret in secrets - {"\0"})


def test_keys_are_known_by_their_looks() -> None:
    facts = {"Key": "AKIAIOSFODNN7EXAMPLE", "steps": ["use ghp_" + "a" * 36], "Image": "1.2"}
    assert redacted(facts) == {"Key": "***", "steps": ["use ***"], "Image": "1.2"}


def test_json_can_say_everything(journal: Journal) -> None:
    odd: dict[Any, object] = {1: {2, 1}, ("a", "b"): float("nan"), "path": object}
    assert json.loads(encoded(odd)) == {"1": [1, 2], "a b": None, "path": str(object)}
