"""What a rollout is, as data: what ``SenzaInfo.Rollout`` says, or the default.

Weights are half percents out of 200, as everywhere below the command line; times are seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

MINUTE = 60.0
HOUR = 60 * MINUTE


class Strategy(StrEnum):
    """How traffic gets from the old version to the new one."""

    RECREATE = "Recreate"
    """Stop the old version, then start the new one: for singletons, which must never run twice."""
    ROLLING = "Rolling"
    """Replace the instances inside one version, a few at a time (an instance refresh)."""
    BLUE_GREEN = "BlueGreen"
    """The new version at full size, one switch, the old one kept warm."""
    CANARY = "Canary"
    """A small share first, then more, judged after each step."""
    LINEAR = "Linear"
    """Equal shares at equal times, judged after each step."""


@dataclass(frozen=True)
class Stage:
    """One increase of traffic. weight: half percents, 1 to 200. bake: seconds to watch it before the next one."""

    weight: int
    bake: float


# -- gates ----


class BuiltIn(StrEnum):
    """What the load balancer tells of every version, without a word in the definition."""

    ERRORS = "ErrorRatio"
    """5xx answers of the targets per request."""
    P50 = "p50"
    P99 = "p99"
    HOSTS = "HealthyHosts"
    """Targets that are healthy, of those that are registered."""


@dataclass(frozen=True)
class Metric:
    """One CloudWatch metric. Placeholders ``{app}``, ``{version}`` and ``{stack}`` (APP-VERSION) in namespace, name and
    dimension values are filled in for the new and for the old version."""

    namespace: str
    name: str
    statistic: str = "Average"
    dimensions: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class MetricMath:
    """A CloudWatch metric math expression over metrics by their ids."""

    expression: str
    metrics: tuple[tuple[str, Metric], ...] = ()


@dataclass(frozen=True)
class Prometheus:
    """A query with the same placeholders, asked as a range query of one point a minute. url: of the server."""

    url: str
    query: str


@dataclass(frozen=True)
class Alarm:
    """A CloudWatch alarm: its name, or its logical id in the stack of the new version."""

    name: str


Source = BuiltIn | Metric | MetricMath | Prometheus | Alarm


class Better(StrEnum):
    HIGHER = "higher is better"
    LOWER = "lower is better"


@dataclass(frozen=True)
class Gate:
    """One question to the metrics of a rollout.

    of: where given, source and this one are counts, and their ratio is compared (two-proportion test).
    compare: with the old version over the same minutes; else only the bounds count.
    minimum, maximum: bounds on the new version's value (a ratio is between 0 and 1).
    effect: the smallest worsening that counts, relative to the old version's value (0.1 is 10 %).
    confidence: of the whole rollout, between 0.5 and 1. least: requests (of a ratio), else minutes with a value,
    before anything is concluded, for each of the two versions.
    """

    name: str
    source: Source
    of: Metric | None = None
    compare: bool = True
    better: Better = Better.LOWER
    minimum: float | None = None
    maximum: float | None = None
    effect: float = 0.0
    confidence: float = 0.98
    least: int = 5


# -- what gates are judged by ----


@dataclass(frozen=True)
class Minute:
    """One minute of one version. at: its beginning, seconds since the epoch. value: of a series; of a ratio the events.

    of: of a ratio, out of how many; None for a series. requests: how many the value of a series was made from, where
    that is known: percentiles of few requests and of many do not compare.
    """

    at: int
    value: float
    of: float | None = None
    requests: float | None = None


@dataclass(frozen=True)
class Evidence:
    """What is known about one gate. unavailable: why nothing could be read, "" where it could.

    alarming: names of alarms in state ALARM, with AWS's reason.
    """

    new: tuple[Minute, ...] = ()
    old: tuple[Minute, ...] = ()
    unavailable: str = ""
    alarming: tuple[str, ...] = ()


class Says(StrEnum):
    PASS = "pass"  # noqa: S105 - no password
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True)
class Verdict:
    """What a gate says at one look. figures: ``new``, ``old``, ``p_value``, ``alpha``, ``n_new``... as known."""

    gate: str
    says: Says
    because: str
    figures: Mapping[str, float] = field(default_factory=dict)


# -- the rest of the section ----


class When(StrEnum):
    BEFORE_TRAFFIC = "before-traffic"
    AFTER_STEP = "after-step"
    AFTER_ROLLOUT = "after-rollout"
    AFTER_ABORT = "after-abort"


@dataclass(frozen=True)
class Hook:
    """A check of the user's own: a command run here, or a URL that gets a POST. It passes with exit code 0, or 2xx."""

    when: When
    run: str = ""
    url: str = ""
    timeout: float = 10 * MINUTE


@dataclass(frozen=True)
class Notify:
    """Who is told: an SNS topic (name or ARN), or a URL that gets a POST."""

    topic: str = ""
    url: str = ""


@dataclass(frozen=True)
class Keep:
    """Old versions without traffic: how many stay, and for how many seconds each stays at least."""

    versions: int = 2
    seconds: float = 24 * HOUR


DEFAULT_STAGES = (Stage(10, 10 * MINUTE), Stage(50, 10 * MINUTE), Stage(200, 15 * MINUTE))
DEFAULT_GATES = (
    Gate("error ratio", BuiltIn.ERRORS, least=50),
    Gate("latency p50", BuiltIn.P50, effect=0.1),
    Gate("latency p99", BuiltIn.P99, effect=0.1),
    Gate("healthy hosts", BuiltIn.HOSTS, compare=False, better=Better.HIGHER, minimum=1.0),
)


@dataclass(frozen=True)
class Rollout:
    """The whole section. patience: seconds that an inconclusive step may hold before the rollout stops where it is."""

    strategy: Strategy = Strategy.CANARY
    stages: tuple[Stage, ...] = DEFAULT_STAGES
    prescale: bool = True
    gates: tuple[Gate, ...] = DEFAULT_GATES
    hooks: tuple[Hook, ...] = ()
    unknown: frozenset[int] = frozenset()
    """Numbers of the hooks that are left out: they hold secrets, and were read from a journal."""
    keep: Keep = Keep()
    notify: tuple[Notify, ...] = ()
    patience: float = 30 * MINUTE
