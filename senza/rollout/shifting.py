"""The steps that move traffic."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from senza.errors import Conflict
from senza.plan import Outcome, perform
from senza.rollout.running import Prepared, Run, already, prepare
from senza.rollout.steps import Shift, ShiftBack
from senza.stacks.references import split_name
from senza.traffic.app import plan_return, plan_traffic
from senza.traffic.switch import SwitchPlan
from senza.traffic.weighted import DomainPlan
from senza.traffic.weights import percent


@prepare.register
def prepare_shift(step: Shift, run: Run) -> Prepared:
    app, version = split_name(step.stack)
    plan = plan_traffic(run.aws, run.zones, app, version, step.weight)
    for warning in plan.warnings:
        run.say(warning)
    for domain in plan.switch.domains:
        if domain.because:
            given = percent(domain.after[step.stack])
            run.say(f"{run.ground.key(domain.domain)}: {step.stack} gets {given} %, because {domain.because}")
    check_undisturbed(run, step, plan.switch)

    def act() -> Outcome:
        outcome = Outcome("was so already")
        for one in plan.steps:
            outcome = perform(one, run.world)
        return Outcome(outcome.says, {"weights": after(run, plan.switch.domains)})

    return Prepared(act, {"weights": before(run, plan.switch.domains)})


def before(run: Run, domains: Iterable[DomainPlan]) -> dict[str, dict[str, int]]:
    return {run.ground.key(domain.domain): dict(domain.before) for domain in domains}


def after(run: Run, domains: Iterable[DomainPlan]) -> dict[str, dict[str, int]]:
    return {run.ground.key(domain.domain): dict(domain.after) for domain in domains}


def check_undisturbed(run: Run, step: Shift, switch: SwitchPlan) -> None:
    """Raises Conflict where the weights are neither as this rollout left them nor as the step makes them.

    Somebody who moved traffic by hand in the middle of a rollout had a reason.
    """
    left = weights_left(run)
    for domain in switch.domains:
        now, expected = dict(domain.before), left.get(run.ground.key(domain.domain), {})
        if now in (dict(domain.after), {name: expected.get(name, 0) for name in now}):
            continue
        if sum(expected.values()) == 0:
            continue  # a sole version at 0 was given the whole weight on the way; or a new domain
        raise Conflict(
            f"somebody else changed the traffic of {domain.domain}: {described(now)}, and not {described(expected)}",
            hint=f"Go back to the beginning (senza rollout abort {run.ground.app}), or make it so again and resume.",
        )


def weights_left(run: Run) -> Mapping[str, Mapping[str, int]]:
    """The weights as the last confirmed step left them, else as they were before."""
    done = [entry.facts["facts"]["weights"] for _, entry in run.progress.confirmed if "weights" in entry.facts["facts"]]
    return done[-1] if done else run.ground.weights


def described(weights: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {percent(weight)} %" for name, weight in weights.items()) or "nothing"


@prepare.register
def prepare_back(step: ShiftBack, run: Run) -> Prepared:
    """All domains of all zones that the version shares, to what the snapshot says: one batch for each zone."""
    planned = plan_return(run.aws, run.zones, run.ground.weights, step.stack)
    plan = planned.plan
    led = {one.domain.name for one in plan.domains if one.domain.type != "rule" and step.stack in one.before}
    # what its own records do not lead to a rule any more never gets there
    kept = {run.ground.key(domain): dict(told) for domain, told in planned.kept.items() if domain.name not in led}
    for name in kept:
        run.say(f"{name}: {step.stack} keeps the traffic, because no version is left that could have it")
    if not plan.steps:
        said = f"keeps the traffic of {', '.join(kept)}" if kept else "has none (any more)"
        return already(said, {"weights": after(run, plan.domains) | kept})

    def act() -> Outcome:
        said = [perform(one, run.world).says for one in plan.steps]
        return Outcome("; ".join(dict.fromkeys(said)), {"weights": after(run, plan.domains) | kept})

    return Prepared(act, {"weights": before(run, plan.domains)})
