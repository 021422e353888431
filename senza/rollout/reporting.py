"""From the journal of a rollout to the report that people read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from senza.journal import Entry, Operation
from senza.rollout.made_of import settings_of
from senza.rollout.model import Gate, Minute, Rollout, Says, Verdict
from senza.rollout.progress import BACK, PROMOTED, Progress, progress
from senza.rollout.report import GateRecord, Move, Record, html, svg, unit_of
from senza.rollout.steps import Shift

HTML, SVG = "report.html", "report.svg"
"""The attachments of a finished rollout."""


def page(operation: Operation) -> str:
    """Of an open rollout, too: as far as its journal tells. Self-contained HTML."""
    return html(record_of(operation))


def picture(operation: Operation) -> str:
    return svg(record_of(operation))


def record_of(operation: Operation, result: str = "") -> Record:
    """result: of one that is about to be finished."""
    first, stands = operation.entries[0], progress(operation.entries)
    facts, last = first.facts, operation.entries[-1]
    result = result or stands.result
    requests = requests_of(operation.entries, facts["stack"])
    return Record(
        app=facts["app"],
        new=facts["version"],
        old=str(facts["old"]).removeprefix(f"{facts['app']}-"),
        strategy=facts["strategy"],
        started=first.at,
        ended=last.at if result else None,
        result=result or (f"stopped: {stands.stopped}" if stands.stopped else "on its way"),
        because=stands.because,
        who=f"{first.who}, {first.where}",
        steps=moves(stands, requests),
        gates=tuple(gates_of(settings_of(operation), operation.entries)),
        events=tuple(events_of(operation.entries)),
        good=result == PROMOTED if result else None,
        shares=requests,
    )


def looks(entries: Sequence[Entry]) -> list[Mapping[str, Any]]:
    """What looks at the metrics have left: ``at``, ``verdicts`` and ``series``, oldest first."""
    found = [entry.facts.get("facts") if entry.kind == "confirmed" else entry.facts for entry in entries]
    return [facts for facts in found if facts and "series" in facts]


def minutes(rows: Sequence[Sequence[Any]]) -> tuple[Minute, ...]:
    return tuple(Minute(*row) for row in rows)


def requests_of(entries: Sequence[Entry], stack: str) -> tuple[Minute, ...]:
    """By minute, the requests of the new version of all requests."""
    found = looks(entries)
    if not found:
        return ()
    own: dict[int, float] = {}
    every: dict[int, float] = {}
    for name, rows in found[-1]["series"]["requests"].items():
        for minute in minutes(rows):
            every[minute.at] = every.get(minute.at, 0.0) + minute.value
            if name == stack:
                own[minute.at] = minute.value
    return tuple(Minute(at, own.get(at, 0.0), total) for at, total in sorted(every.items()) if total)


def moves(stands: Progress, requests: Sequence[Minute]) -> tuple[Move, ...]:
    """The moves of traffic, each with the share that was observed until the next one."""
    shifted = [(entry.at, step.weight) for step, entry in stands.confirmed if isinstance(step, Shift)]
    ends = [*(at for at, _ in shifted[1:]), float("inf")][: len(shifted)]
    result = []
    for (at, weight), end in zip(shifted, ends, strict=True):
        within = [minute for minute in requests if at <= minute.at < end]
        total = sum(minute.of or 0.0 for minute in within)
        result.append(Move(at, weight, sum(minute.value for minute in within) / total if total else None))
    return tuple(result)


def gates_of(rollout: Rollout, entries: Sequence[Entry]) -> list[GateRecord]:
    found = looks(entries)
    if not found:
        return []
    last = found[-1]
    verdicts = {said["gate"]: said for said in last["verdicts"]}
    return [gate_record(gate, last, verdicts[gate.name]) for gate in rollout.gates if gate.name in verdicts]


def gate_record(gate: Gate, look: Mapping[str, Any], said: Mapping[str, Any]) -> GateRecord:
    series = look["series"]["gates"][gate.name]
    verdict = Verdict(said["gate"], Says(said["says"]), said["because"], said["figures"])
    return GateRecord(
        gate.name,
        unit_of(gate),
        minutes(series["new"]),
        minutes(series["old"]),
        gate.minimum,
        gate.maximum,
        verdict,
        look["at"] if verdict.says == Says.FAIL else None,
    )


def events_of(entries: Sequence[Entry]) -> list[tuple[float, str]]:
    """What a reader of the report should know besides the moves of traffic."""
    told = []
    for entry in entries[1:]:
        facts = entry.facts
        text = {
            "held": f"waits: {facts.get('says')}",
            "plan": f"{'goes back' if facts.get('phase') == BACK else 'is promoted'}: {facts.get('because')}",
            "stopped": f"stops: {facts.get('because')}",
            "resumed": f"goes on ({facts.get('by')}): {entry.who}, {entry.where}",
            "finished": str(facts.get("result")),
        }.get(entry.kind)
        if text:
            told.append((entry.at, text))
    return told
