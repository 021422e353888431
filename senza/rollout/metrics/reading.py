"""One look at everything that the gates of a rollout are judged by."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from senza.aws import Aws
from senza.errors import AwsError
from senza.rollout.metrics import builtin
from senza.rollout.metrics.cloudwatch import Answers, Points, Question, Unknown, Window, alarm_evidence, ask, filled
from senza.rollout.metrics.prometheus import ask_prometheus
from senza.rollout.metrics.targets import Balancers, Side, Targets, hopeless, locate
from senza.rollout.model import Alarm, BuiltIn, Evidence, Gate, Metric, MetricMath, Minute, Prometheus

if TYPE_CHECKING:
    import urllib3

DELAY = 60.0
"""Seconds until now that a look should leave out: load balancers report a minute some time after it is over."""


@dataclass(frozen=True)
class Look:
    """evidence: by gate. requests: by stack, of all versions that were asked about, minute by minute.

    inapplicable: built-in gates that the load balancers of these versions can never say anything about, and why; their
    evidence is unavailable, too.
    """

    evidence: Mapping[str, Evidence]
    requests: Mapping[str, tuple[Minute, ...]]
    inapplicable: Mapping[str, str] = field(default_factory=dict)


def read(
    aws: Aws,
    targets: Targets,
    gates: Sequence[Gate],
    new: Side,
    old: Side | None,
    start: float,
    end: float,
    *,
    web: urllib3.PoolManager,
    environ: Mapping[str, str] | None = None,
) -> Look:
    """The whole minutes between two moments, seconds since the epoch.

    A source that cannot be read makes the gates that need it unavailable. Raises only where AWS accepts the
    credentials no more (AwsError, UsageError), as nothing else would work then either.
    """
    window = Window.of(start, end)
    sides = [side for side in (new, old) if side]
    if not window:
        because = "no minute is over yet"
        return Look({gate.name: Evidence(unavailable=because) for gate in gates}, {})
    behind, because = located(aws, targets)
    jobs: dict[object, Callable[[], Any]] = {"cloudwatch": partial(ask_all, aws, gates, sides, behind, window)}
    alarms = {gate.name: gate.source.name for gate in gates if isinstance(gate.source, Alarm)}
    if alarms:
        jobs["alarms"] = partial(alarm_evidence, aws, targets, new, alarms)
    for gate in gates:
        if isinstance(gate.source, Prometheus):
            for side in sides:
                jobs[gate.name, side] = partial(ask_prometheus, web, gate.source, side, window, environ or {})
    answered = aws.parallel(jobs)
    answers: Answers = answered["cloudwatch"]
    evidence: dict[str, Evidence] = dict(answered.get("alarms", {}))
    for gate in gates:
        match gate.source:
            case BuiltIn():
                found = of_built_in(gate.source, sides, behind, answers)
                evidence[gate.name] = Evidence(unavailable=because) if because else found
            case Prometheus():
                evidence[gate.name] = joined([series(answered[gate.name, side]) for side in sides])
            case Metric() | MetricMath():
                evidence[gate.name] = joined([of_own(gate.source, gate.of, side, answers) for side in sides])
    requests = {stack: builtin.counted(one, answers) for stack, one in behind.items()}
    return Look(evidence, requests, {} if because else inapplicable(gates, sides, behind))


def shares(requests: Mapping[str, Sequence[Minute]], stack: str) -> tuple[Minute, ...]:
    """How many of all requests the version got, minute by minute: what is delivered, whatever the weight says.

    requests: of a look. Minutes without requests are left out.
    """
    total = builtin.summed({minute.at: minute.value for minute in minutes} for minutes in requests.values())
    own = {minute.at: minute.value for minute in requests.get(stack, ())}
    return tuple(Minute(at, own.get(at, 0.0), total[at]) for at in sorted(total) if total[at] > 0)


def located(aws: Aws, targets: Targets) -> tuple[Mapping[str, Balancers], str]:
    """The balancers by stack, and why they are not known."""
    try:
        return locate(aws, targets), ""
    except AwsError as error:
        if hopeless(error):
            raise
        return {}, error.message


def ask_all(
    aws: Aws, gates: Sequence[Gate], sides: Sequence[Side], behind: Mapping[str, Balancers], window: Window
) -> Answers:
    built_in: list[Question] = [one for of in behind.values() for one in builtin.requests_of(of)]
    own: list[Question] = []
    for gate in gates:
        for side in sides:
            if isinstance(gate.source, BuiltIn):
                built_in += builtin.questions(gate.source, behind.get(side.stack, Balancers()))
            elif isinstance(gate.source, Metric | MetricMath):
                own += [filled(one, side) for one in (gate.source, gate.of) if one]
    return ask(aws, built_in, own, window)


def of_built_in(source: BuiltIn, sides: Sequence[Side], behind: Mapping[str, Balancers], answers: Answers) -> Evidence:
    for side in sides:
        if not told(source, side, behind):
            return Evidence(unavailable=why_untold(side, behind))
    return joined([builtin.minutes(source, behind[side.stack], answers) for side in sides])


def told(source: BuiltIn, side: Side, behind: Mapping[str, Balancers]) -> bool:
    """Whether the version has a balancer that tells this."""
    return bool(builtin.questions(source, behind.get(side.stack, Balancers())))


def why_untold(side: Side, behind: Mapping[str, Balancers]) -> str:
    if not behind.get(side.stack, Balancers()).sources:
        return f"{side.stack} has no load balancer"
    return f"the load balancer of {side.stack} sees connections and no requests"


def inapplicable(gates: Sequence[Gate], sides: Sequence[Side], behind: Mapping[str, Balancers]) -> dict[str, str]:
    """The built-in gates that none of the versions has figures for."""
    return {
        gate.name: why_untold(sides[0], behind)
        for gate in gates
        if isinstance(gate.source, BuiltIn) and not any(told(gate.source, side, behind) for side in sides)
    }


def of_own(
    source: Metric | MetricMath, of: Metric | None, side: Side, answers: Answers
) -> tuple[Minute, ...] | Unknown:
    """A series as it is; of a ratio the minutes in which there was something to count."""
    answer = answers[filled(source, side)]
    if of is None or isinstance(answer, Unknown):
        return series(answer)
    whole = answers[filled(of, side)]
    if isinstance(whole, Unknown):
        return whole
    return tuple(Minute(at, answer.get(at, 0.0), count) for at, count in sorted(whole.items()) if count)


def series(answer: Points | Unknown) -> tuple[Minute, ...] | Unknown:
    return answer if isinstance(answer, Unknown) else tuple(Minute(at, answer[at]) for at in sorted(answer))


def joined(sides: Sequence[tuple[Minute, ...] | Unknown]) -> Evidence:
    """The evidence of the new version, and of the old one where there is one."""
    known: list[tuple[Minute, ...]] = []
    for side in sides:
        if isinstance(side, Unknown):
            return Evidence(unavailable=side.because)
        known.append(side)
    return Evidence(new=known[0], old=known[1] if len(known) > 1 else ())
