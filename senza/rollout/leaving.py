"""The steps in which old versions leave: scaled down, then deleted, and never one that somebody still uses."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from senza.aws.failures import EXPIRED, INVALID
from senza.errors import AwsError, OperationFailed, Refused, SenzaError, TimedOut
from senza.fleet.metrics import figures
from senza.journal import Summary
from senza.plan import Outcome, perform
from senza.rollout.capacity import groups_by_stack, pause_until, resize, sizes_of
from senza.rollout.past import had, last_traffic, taken_back
from senza.rollout.running import Prepared, Run, already, prepare
from senza.rollout.steps import DeleteOld, ScaleDown, lasting
from senza.stacks.changes import DEAD, AwaitStacks
from senza.stacks.summaries import Stack, describe_stack
from senza.stacks.watch import DELETED
from senza.traffic.app import shares, stacks_of
from senza.traffic.deleting import before_delete

WARM = 1
"""Instances that a version without traffic keeps, so that there is something to go back to."""

REPORTED = 120.0
"""Seconds until CloudWatch has told of the last requests: the end of their minute, and a minute of delay."""
HISTORY = 20
"""So many of the app's newest operations are asked since when a version has no traffic."""


@prepare.register
def prepare_scale_down(step: ScaleDown, run: Run) -> Prepared:
    if describe_stack(run.aws, step.stack) is None:
        return already("is gone")

    def act() -> Outcome:
        since = max((at for at, weight in run.shifts() if weight), default=0.0)
        why = "its last requests end" if run.ground.shared else "who cached its address may still ask it"
        pause_until(run, since + step.after + REPORTED, f"{step.stack} keeps its capacity while {why}")
        if busy := in_use(run, [step.stack])[step.stack]:
            return Outcome(f"left as it is: {busy}")
        groups = groups_by_stack(run.aws, [step.stack])[step.stack]
        large = {name: group for name, group in groups.items() if group.desired > WARM or group.minimum > WARM}
        for group in large.values():
            resize(run.aws, group, MinSize=min(group.minimum, WARM), DesiredCapacity=WARM)
        return Outcome(", ".join(f"{name} {WARM}" for name in large) or "is small already")

    groups = groups_by_stack(run.aws, [step.stack])[step.stack]
    return Prepared(act, {"sizes": sizes_of(groups)})


def in_use(run: Run, stacks: Sequence[str]) -> dict[str, str]:
    """Why a version cannot go: its weight, or requests in the last five minutes; "" where nothing speaks against it."""
    weighed: dict[str, float] = {}
    for share in shares(run.aws, run.zones, run.ground.app):
        weighed[share.identifier] = max(weighed.get(share.identifier, 0.0), share.effective)
    seen = figures(run.aws, stacks, run.clock.now())
    result = {}
    for stack in stacks:
        requests = seen[stack].requests_per_sec if stack in seen else None
        result[stack] = (
            f"it has {weighed[stack]:g} % of the traffic"
            if weighed.get(stack)
            else f"its load balancer still gets {requests:g} requests a second"
            if requests
            else ""
        )
    return result


@dataclass(frozen=True)
class Leaver:
    """An old version: why it stays for now ("" if it goes)."""

    stack: Stack
    because: str


def leavers(run: Run, step: DeleteOld) -> list[Leaver]:
    """The old versions, oldest first by creation time, and why each stays or that it goes."""
    new = run.ground.stack
    old = [stack for stack in stacks_of(run.aws, run.ground.app) if stack.full_name != new]
    history: list[Summary] | None = None
    usable = [stack for stack in old if stack.status not in DEAD]  # a version that could not be made is no way back
    if 0 < step.versions < len(usable):
        history = newest(run)
        usable = [stack for stack in usable if not taken_back(history, stack.full_name)]
    usable.sort(key=lambda one: one.full_name in run.ground.others)  # what had the traffic last goes last
    kept = {stack.full_name for stack in usable[len(usable) - min(step.versions, len(usable)) :]}
    asked = [stack.full_name for stack in old if stack.full_name not in kept]
    busy = in_use(run, asked) if asked else {}
    because = dict.fromkeys(kept, f"it is one of the {step.versions} that are kept") | busy
    left = [stack for stack in old if not because[stack.full_name]]
    for stack in left:
        since = in_this_rollout(run, stack.full_name)
        if since is None:
            history = newest(run) if history is None else history
            since = until_when(run, history, stack.full_name)
        because[stack.full_name] = young(stack, since, run.clock.now(), step.seconds)
    return [Leaver(stack, because[stack.full_name]) for stack in old]


def newest(run: Run) -> list[Summary]:
    """The app's newest operations that came before this rollout."""
    found = run.journal.operations(run.ground.app, limit=HISTORY)
    return [one for one in found if one.id != run.operation.id]


def looked_at(run: Run, step: DeleteOld) -> list[tuple[str, str]]:
    """The old versions by name, and why each stays; "" for those that go."""
    return [(one.stack.full_name, one.because) for one in leavers(run, step)]


def young(stack: Stack, since: float | None, now: float, least: float) -> str:
    if stack.status.endswith("_IN_PROGRESS"):
        return f"it is {stack.status}"
    if since is None:
        return "the journal does not tell since when it has no traffic"
    if since + least <= now:
        return ""
    ago = now - since
    unit = 3600 if ago >= 2 * 3600 else 60 if ago >= 2 * 60 else 1
    return f"it had traffic until {lasting(round(ago / unit) * unit)} ago"


def in_this_rollout(run: Run, stack: str) -> float | None:
    """When this rollout took the version's traffic, seconds since the epoch; None where it had none."""
    if had(run.operation.entries[0].facts, stack):
        return max((at for at, _ in run.shifts()), default=None)
    return None


def until_when(run: Run, history: Sequence[Summary], stack: str) -> float | None:
    """When the version had traffic last, seconds since the epoch, as the journal tells of earlier operations."""
    return last_traffic(history, stack) or had_none_since(run, stack)


def had_none_since(run: Run, stack: str) -> float | None:
    """The beginning of this rollout, where the version had no traffic by then."""
    first = run.operation.entries[0]
    return first.at if had(first.facts, stack) is False else None


@prepare.register
def prepare_delete(step: DeleteOld, run: Run) -> Prepared:
    found = leavers(run, step)
    going = [one.stack for one in found if not one.because]
    staying = {one.stack.full_name: one.because for one in found if one.because}
    for name, because in staying.items():
        run.say(f"{name} stays: {because}")
    if not going:
        return already("none to delete", {"kept": staying})

    def act() -> Outcome:
        deleted: list[str] = []
        failed: dict[str, str] = {}
        for stack in going:
            try:
                delete(run, stack)
                deleted.append(stack.full_name)
            except (Refused, OperationFailed, TimedOut, AwsError) as error:  # the rollout itself is done
                if out_of_touch(error):
                    raise
                again = f"senza rollout cleanup {run.ground.app} tries again"
                run.say("\n".join(filter(None, (f"{stack.full_name} stays: {error.message}", error.hint, again))))
                failed[stack.full_name] = error.message
        facts = {"deleted": deleted, "kept": staying, **({"failed": failed} if failed else {})}
        return Outcome(", ".join(deleted) or "none deleted", facts)

    return Prepared(act, {"going": [stack.full_name for stack in going]})


def delete(run: Run, stack: Stack) -> None:
    removal = before_delete(run.aws, run.zones, stack)
    for one in removal.steps:
        perform(one, run.world)
    perform(AwaitStacks((stack,), DELETED, token=removal.token), run.world)


def out_of_touch(error: SenzaError) -> bool:
    """Whether no other call would work either, so that the journal could not even be told."""
    return isinstance(error, AwsError) and error.code in EXPIRED | INVALID | {"Connection"}


def clean_up(run: Run, step: DeleteOld) -> Outcome:
    """Carry the step out alone, with a last entry in the journal whatever comes of it. Raises what the step raises."""
    try:
        outcome = prepare_delete(step, run).act()
    except KeyboardInterrupt:
        with suppress(SenzaError):
            run.operation.write("interrupted", {})
        raise
    except SenzaError as error:
        with suppress(SenzaError):
            run.operation.write("failed", {"because": error.message})
        raise
    facts = {"says": outcome.says, "facts": dict(outcome.facts)}
    run.operation.write("failed" if outcome.facts.get("failed") else "done", facts)
    return outcome
