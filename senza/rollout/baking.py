"""The steps that watch: the metrics of the new version beside the old one's, and the user's own checks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from senza.journal import redacted
from senza.plan import Outcome
from senza.rollout.hooks import run_hook
from senza.rollout.judging import judge, shares
from senza.rollout.metrics import DELAY, Look, Side, find_targets, read
from senza.rollout.model import Evidence, Minute, Says, Strategy, Verdict, When
from senza.rollout.running import NotGood, Prepared, Run, Undecided, prepare
from senza.rollout.steps import Bake, CallHook, RefreshVersion, lasting
from senza.traffic.app import hosts_of
from senza.traffic.weights import percent

INTERVAL = 60.0
"""Seconds between looks: load balancers report once a minute."""
BEFORE = 15 * 60.0
"""Seconds before the first move of traffic in which the old version is looked at, too: where all traffic moves at once,
there is nothing else to compare with."""


@prepare.register
def prepare_bake(step: Bake, run: Run) -> Prepared:
    return Prepared(partial(bake, step, run))


def bake(step: Bake, run: Run) -> Outcome:
    """Look every minute until the time is over and every gate passes.

    Raises NotGood as soon as a gate fails, and Undecided where one is still inconclusive after the patience.
    """
    began = beginning(run)
    ends = began + step.seconds
    patient = max(ends, run.since) + run.rollout.patience  # whoever resumes wants it to look again
    held = run.progress.held
    while True:
        verdicts, look = judged(run, began)
        failed = [verdict for verdict in verdicts if verdict.says == Says.FAIL]
        facts = {"at": run.clock.now(), "verdicts": [noted(one) for one in verdicts], "series": series(run, look)}
        if failed:
            raise NotGood("; ".join(verdict.because for verdict in failed), facts=facts)
        now = run.clock.now()
        run.say(told(step, run, verdicts, look, now - began))
        open_ = [verdict for verdict in verdicts if verdict.says == Says.INCONCLUSIVE]
        because = "; ".join(verdict.because for verdict in open_)
        if now >= ends and not open_:
            return Outcome("all gates pass" if verdicts else "no gate to pass", facts)
        if now >= patient:
            raise Undecided(f"still inconclusive after {lasting(run.rollout.patience)} more: {because}")
        if now >= ends and not held:
            held = because
            run.say(f"inconclusive, so it waits and looks again: {held}")
            if run.aws.local:
                run.say(f"nobody uses what runs in a sandbox by itself: senza sandbox load {run.ground.app}")
            run.write("held", {"says": held, "verdicts": facts["verdicts"]})
        run.clock.sleep(min(INTERVAL, ends - now) if now < ends else INTERVAL)


def beginning(run: Run) -> float:
    """When what is watched began: the last move of traffic, or the end of the last refresh."""
    moments = [at for at, _ in run.shifts()]
    moments += [entry.at for _, entry in run.done(RefreshVersion)]
    if not moments:  # nothing moves: what is watched is the version itself since it is there
        moments = [entry.at for _, entry in run.progress.confirmed[-1:]]
    return max(moments, default=run.clock.now())


def judged(run: Run, began: float) -> tuple[list[Verdict], Look]:
    """One look at all gates: the minutes since the first move of traffic, the old version's included."""
    gates = tuple(gate for gate in run.rollout.gates if str(gate.source) not in run.ground.untold)
    first = min((at for at, _ in run.shifts()), default=began)
    app = run.ground.app
    new = Side(run.ground.stack, app, run.ground.version)
    alone = run.rollout.strategy in (Strategy.RECREATE, Strategy.ROLLING)  # nothing runs beside it to compare with
    baseline = "" if alone else run.ground.baseline
    old = Side(baseline, app, baseline.removeprefix(f"{app}-")) if baseline else None
    if run.targets is None:
        run.targets = find_targets(run.aws, [new.stack, *run.ground.others])
    now = run.clock.now()
    look = read(run.aws, run.targets, gates, new, old, first - BEFORE, now - DELAY, web=run.web, environ=run.environ)
    evidence = {name: since(found, first) for name, found in look.evidence.items()}
    look = replace(look, evidence=evidence)
    gates = tuple(gate for gate in gates if gate.name not in look.inapplicable)
    alpha = shares(gates)
    verdicts = [
        judge(gate, look.evidence[gate.name], share=alpha[gate.name], since=began, baseline=old is not None)
        for gate in gates
    ]
    return verdicts, look


def since(evidence: Evidence, first: float) -> Evidence:
    """Without what the new version did before it had traffic."""
    return replace(evidence, new=tuple(minute for minute in evidence.new if minute.at >= first))


def noted(verdict: Verdict) -> dict[str, Any]:
    return {
        "gate": verdict.gate,
        "says": str(verdict.says),
        "because": verdict.because,
        "figures": dict(verdict.figures),
    }


def series(run: Run, look: Look) -> dict[str, Any]:
    """The numbers of a look as JSON holds them: by gate, minutes as ``[at, value, of, requests]``."""
    gates = {name: minutes_of(found) for name, found in look.evidence.items() if name not in look.inapplicable}
    return {"gates": gates, "requests": {stack: rows(minutes) for stack, minutes in look.requests.items()}}


def minutes_of(evidence: Evidence) -> dict[str, Any]:
    return {"new": rows(evidence.new), "old": rows(evidence.old)}


def rows(minutes: Sequence[Minute]) -> list[list[float | None]]:
    return [[minute.at, minute.value, minute.of, minute.requests] for minute in minutes]


def told(step: Bake, run: Run, verdicts: Sequence[Verdict], look: Look, passed: float) -> str:
    """One line for people: where we are, what is really delivered, and what is not clear yet."""
    parts = [f"{percent(step.weight)} %: {passed / 60:.0f} of {step.seconds / 60:g} min"]
    if (share := observed_share(look.requests, run.ground.stack)) is not None:
        parts.append(f"{share:.3g} % of the requests")
    count = sum(verdict.says == Says.PASS for verdict in verdicts)
    if verdicts:
        parts.append(f"{count} of {len(verdicts)} gates pass")
    return "; ".join(parts)


def observed_share(requests: Mapping[str, Sequence[Minute]], stack: str) -> float | None:
    """Percent of the requests of the last five minutes that the version got; None without any."""
    latest = max((minute.at for minutes in requests.values() for minute in minutes), default=0)
    recent = {
        name: sum(minute.value for minute in minutes if minute.at > latest - 300) for name, minutes in requests.items()
    }
    total = sum(recent.values())
    return 100 * recent.get(stack, 0.0) / total if total else None


def address_of(run: Run) -> str:
    """The version's own address, "" where it has none: the name among its own that begins like the stack."""
    names = hosts_of(run.aws, run.ground.stack)
    own = sorted(name for name in names if name.partition(".")[0] == run.ground.stack.lower())
    return f"https://{own[0]}" if own else ""


@prepare.register
def prepare_hook(step: CallHook, run: Run) -> Prepared:
    hook = run.rollout.hooks[step.number]
    ground = run.ground
    facts = {
        "app": ground.app,
        "version": ground.version,
        "stack": ground.stack,
        "old_version": ground.baseline.removeprefix(f"{ground.app}-"),
        "weight": step.weight / 2,
        "url": address_of(run),
        "region": run.aws.region,
        "rollout": run.operation.id,
    }

    def act() -> Outcome:
        answer = run_hook(hook, facts, directory=run.directory, environ=run.environ, web=run.web)
        said = redacted({"said": answer.said}, run.secrets)["said"]
        if not answer.passed and hook.when in (When.BEFORE_TRAFFIC, When.AFTER_STEP):
            raise NotGood(f"{step.what} says no: {said}")
        return Outcome(said or ("yes" if answer.passed else "it failed"))

    return Prepared(act)
