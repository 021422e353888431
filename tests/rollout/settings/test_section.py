"""``SenzaInfo.Rollout``: what can be written, and what is said about mistakes."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senza.definition import bind, load
from senza.errors import DefinitionError, UsageError, Where
from senza.rollout.model import (
    DEFAULT_GATES,
    Alarm,
    Better,
    BuiltIn,
    Gate,
    Hook,
    Keep,
    Metric,
    MetricMath,
    Notify,
    Prometheus,
    Rollout,
    Stage,
    Strategy,
    When,
)
from senza.rollout.settings import override, parse, rollout_of

Reads = Callable[..., Rollout]


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Reads:
    """The rollout of a definition whose section is this YAML; the section's first line is line 4."""
    monkeypatch.chdir(tmp_path)

    def read(section: str, *arguments: str) -> Rollout:
        parameters = "  Parameters:\n  - Weight: {Default: '5'}\n"
        indented = textwrap.indent(textwrap.dedent(section).strip("\n"), "    ")
        text = f"SenzaInfo:\n  StackName: shop\n  Rollout:\n{indented}\n{parameters}SenzaComponents: []\n"
        Path("d.yaml").write_text(text)
        bound = bind(load("d.yaml"), "3", arguments, region="eu-central-1", account_info=object())
        return rollout_of(bound)

    return read


@pytest.fixture
def wrong(read: Reads) -> Callable[[str], str]:
    def wrong(section: str) -> str:
        with pytest.raises(DefinitionError) as caught:
            read(section)
        return str(caught.value)

    return wrong


def test_the_example_of_the_issue(read: Reads) -> None:
    found = read(
        """
        Strategy: Canary
        Steps: [{Weight: "{{Arguments.Weight}}", Bake: 10m}, {Weight: 25%, Bake: 1h30m}, {Weight: 100, Bake: 15m}]
        Prescale: false
        Patience: 20m
        Hooks:
        - {When: before-traffic, Run: ./smoke.sh}
        - {When: after-step, Url: "https://ci.example.org/x", Timeout: 90s}
        Keep: {Versions: 1, For: 2d}
        Notify: [{Topic: deploys}, {Url: "https://chat.example.org/T/secret"}]
        """
    )
    assert found == Rollout(
        strategy=Strategy.CANARY,
        stages=(Stage(10, 600), Stage(50, 5400), Stage(200, 900)),
        prescale=False,
        gates=DEFAULT_GATES,
        hooks=(
            Hook(When.BEFORE_TRAFFIC, run="./smoke.sh"),
            Hook(When.AFTER_STEP, url="https://ci.example.org/x", timeout=90),
        ),
        keep=Keep(1, 2 * 86400),
        notify=(Notify(topic="deploys"), Notify(url="https://chat.example.org/T/secret")),
        patience=1200,
    )


def test_arguments_go_into_it(read: Reads) -> None:
    section = 'Steps: [{Weight: "{{Arguments.Weight}}"}, {Weight: 100}]'
    assert read(section, "Weight=7.5").stages[0].weight == 15


def test_no_section_is_the_default() -> None:
    assert parse(None, Where) == Rollout()
    assert parse({}, Where) == Rollout()


@pytest.mark.parametrize(
    ("name", "strategy", "stages"),
    [
        ("Canary", Strategy.CANARY, ((5, 10), (25, 10), (100, 15))),
        ("blue-green", Strategy.BLUE_GREEN, ((100, 15),)),
        ("RECREATE", Strategy.RECREATE, ((100, 15),)),
        ("Rolling", Strategy.ROLLING, ((100, 15),)),
        ("AllAtOnce", Strategy.BLUE_GREEN, ((100, 15),)),
        ("Canary10Percent5Minutes", Strategy.CANARY, ((10, 5), (100, 15))),
        ("canary-2.5-percent-1-hour", Strategy.CANARY, ((2.5, 60), (100, 15))),
        ("Linear30PercentEvery1Minute", Strategy.LINEAR, ((30, 1), (60, 1), (90, 1), (100, 15))),
        ("Linear50PercentEvery90Seconds", Strategy.LINEAR, ((50, 1.5), (100, 15))),
    ],
)
def test_strategies_and_presets(name: str, strategy: Strategy, stages: tuple[tuple[float, float], ...]) -> None:
    expected = tuple(Stage(int(weight * 2), minutes * 60) for weight, minutes in stages)
    found = parse({"Strategy": name}, Where)
    assert (found.strategy, found.stages) == (strategy, expected)
    overridden = override(Rollout(prescale=False, keep=Keep(7)), name)
    assert overridden == Rollout(strategy, expected, prescale=False, keep=Keep(7))


def test_bake_is_how_long_all_of_the_traffic_is_watched(read: Reads) -> None:
    found = read("{Strategy: Linear50PercentEvery5Minutes, Bake: 1h}")
    assert found.stages == (Stage(100, 300), Stage(200, 3600))
    assert override(found, "BlueGreen").stages == (Stage(200, 3600),)
    assert override(found, "linear") == found


@given(st.integers(1, 199), st.integers(1, 10**5))
def test_a_linear_preset_climbs_in_equal_steps_to_100(half: int, minutes: int) -> None:
    stages = override(Rollout(), f"linear{half / 2:g}percentevery{minutes}minutes").stages
    weights = [stage.weight for stage in stages]
    climbs = [after - before for before, after in zip([0, *weights], weights, strict=False)]
    assert weights[-1] == 200
    assert set(climbs[:-1]) <= {half}
    assert 0 < climbs[-1] <= half
    assert {stage.bake for stage in stages[:-1]} == {minutes * 60}


def test_own_gates(read: Reads) -> None:
    found = read(
        """
        Gates:
        - ErrorRatio: {Confidence: 0.99, Max: 1%}
        - Latency: {Statistic: p99, MinEffect: 20%, Max: 250ms}
        - HealthyHosts: off
        - Alarm: "{stack}-errors"
        - Name: conversion
          Metric: {Namespace: Shop, Name: Conversions, Dimensions: {StackVersion: "{version}"}}
          Of: {Namespace: Shop, Name: Visits, Statistic: SampleCount, Dimensions: {StackVersion: "{version}"}}
          Direction: higher is better
          MinEffect: 5%
          Least: 100
        - {Name: queue, Metric: {Namespace: "Shop/{app}", Name: Depth, Statistic: Maximum}, Max: 1000}
        - Name: fails
          Expression: 100 * bad / all
          Metrics:
            bad: {Namespace: Shop, Name: Bad, Statistic: Sum, Dimensions: {Stack: "{stack}"}}
            all: {Namespace: Shop, Name: All, Statistic: Sum, Dimensions: {Stack: "{stack}"}}
          Compare: baseline
          Direction: lower is better
          Max: 5
        - Name: orders
          Prometheus: {Url: "https://prom.example.org/", Query: 'sum(rate(orders{job="a{2}",version="{version}"}[1m]))'}
          Direction: higher
        """
    ).gates
    version = (("StackVersion", "{version}"),)
    stack = (("Stack", "{stack}"),)
    assert found == (
        Gate("error ratio", BuiltIn.ERRORS, least=50, confidence=0.99, maximum=0.01),
        Gate("latency p50", BuiltIn.P50, effect=0.1),
        Gate("latency p99", BuiltIn.P99, effect=0.2, maximum=0.25),
        Gate("alarm {stack}-errors", Alarm("{stack}-errors"), compare=False),
        Gate(
            "conversion",
            Metric("Shop", "Conversions", "Sum", version),
            of=Metric("Shop", "Visits", "SampleCount", version),
            better=Better.HIGHER,
            effect=0.05,
            least=100,
        ),
        Gate("queue", Metric("Shop/{app}", "Depth", "Maximum"), compare=False, maximum=1000),
        Gate(
            "fails",
            MetricMath(
                "100 * bad / all",
                (("bad", Metric("Shop", "Bad", "Sum", stack)), ("all", Metric("Shop", "All", "Sum", stack))),
            ),
            maximum=5,
        ),
        Gate(
            "orders",
            Prometheus("https://prom.example.org", 'sum(rate(orders{job="a{2}",version="{version}"}[1m]))'),
            better=Better.HIGHER,
        ),
    )


def test_a_built_in_gate_may_be_changed_in_parts_and_named_alone(read: Reads) -> None:
    found = read("Gates: [{Latency: {MinEffect: 30%}}, {Latency: {Statistic: p50, Least: 9}}, ErrorRatio]").gates
    assert [(gate.name, gate.effect, gate.least) for gate in found] == [
        ("error ratio", 0.0, 50),
        ("latency p50", 0.3, 9),
        ("latency p99", 0.3, 5),
        ("healthy hosts", 0.0, 5),
    ]


METRIC = 'Metric: {Namespace: a, Name: b, Dimensions: {V: "{version}"}}'


@pytest.mark.parametrize(
    ("section", "said"),
    [
        (
            "Strateggy: Canary",
            "d.yaml:4: SenzaInfo.Rollout.Strateggy: Rollout has no key Strateggy\nDid you mean S",
        ),
        ("Strategy: Canari", "Did you mean Canary"),
        ("Strategy: Canary100Percent5Minutes", "AllAtOnce moves all"),
        ("Strategy: Linear10Percent5Minutes", "or Linear10PercentEvery10Minutes"),
        ("Strategy: Canary0Percent5Minutes", "0.5 to 100 percent"),
        ("Strategy: {Ref: X}", "Strategy must be a text, not a mapping"),
        ("[Canary]", "Rollout must be a mapping, not a list"),
        ("Strategy: Rolling\nSteps: [{Weight: 100}]", "d.yaml:5: SenzaInfo.Rollout.Steps: Rolling says its steps"),
        ("Steps: [{Weight: 5, Bake: 10m}]", "must have 100\nAdd {Weight: 100, Bake: 15m}"),
        (
            "Steps:\n- Weight: 5\n- Weight: 5\n- Weight: 100",
            "d.yaml:6: SenzaInfo.Rollout.Steps[1].Weight: Weight 5 is",
        ),
        ("Steps: [{Weight: 0.3}, {Weight: 100}]", "0.5 to 100 percent in steps of 0.5, not 0.3"),
        ("Steps: [{Weight: .nan}, {Weight: 100}]", "percent of the traffic"),
        ("Steps: [{Weight: 100, Bake: 10}]", "Bake must be a time such as 90s, 10m, 1h30m or 24h, not 10\nWrite 10s"),
        ("Steps: [{Bake: 10m}]", "a step needs a Weight"),
        ("Steps: []", "Steps must be a list"),
        ("Steps: [{Weight: 100}]\nBake: 1m", "each step has its own"),
        ("Patience: 400d", "at most 366d"),
        ("Prescale: maybe", "Prescale must be true or false, not 'maybe'"),
        ("Keep: {Version: 2}", "Did you mean Versions"),
        ("Keep: {Versions: -1}", "at least 0, not -1"),
        ("Hooks: [{When: before-trafic, Run: x}]", "Did you mean before-traffic"),
        ("Hooks: [{When: after-step}]", "either Run or Url"),
        ("Hooks: [{When: after-step, Url: 'ftp://x'}]", "must be a URL that begins with https://"),
        ("Notify: [{Topic: 'a b'}]", "is no name or ARN of an SNS topic"),
        ("Gates: [ErrorRate]", "Did you mean ErrorRatio"),
        ("Gates: [{Latencie: {}}]", "Did you mean Latency"),
        ("Gates: [{Latency: {Statistic: p95}}]", "p50 or p99, not p95"),
        ("Gates: [{Latency: {Max: 3}}]", "Max must be a time such as 250ms"),
        ("Gates: [{ErrorRatio: {Max: 5}}]", "between 0 and 1"),
        ("Gates: [{ErrorRatio: {MinEffect: 0.5}}]", "Write 0.5% or 50%, as you mean it."),
        ("Gates: [{ErrorRatio: {Confidence: 98}}]", "between 0.5 and 0.99999, not 98"),
        ("Gates: [{Metric: {}}]", "a gate needs a Name"),
        ("Gates: [{Name: x}]", "needs one of Metric, Expression, Prometheus, and has nothing"),
        (f"Gates: [{{Name: x, {METRIC}}}]", "does not say what is better"),
        (f"Gates: [{{Name: x, {METRIC}, Compare: none}}]", "the gate x asks nothing"),
        (f"Gates: [{{Name: Latency P99, {METRIC}, Max: 1}}]", "two gates called Latency P99"),
        (f"Gates: [{{Name: x, {METRIC}, Max: 1, Min: 2}}]", "could never pass"),
        ("Gates: [{Name: x, Metric: {Namespace: a, Name: b}, Direction: lower}]", "tells the two versions apart"),
        ("Gates: [{Name: x, Metric: {Namespace: a, Name: '{versio}'}, Max: 1}]", "no placeholder {versio}"),
        ("Gates: [{Name: x, Metric: {Namespace: a, Name: b, Statistic: avg}, Max: 1}]", "no statistic avg"),
        ("Gates: [{Name: x, Expression: a, Metrics: {A: {}}, Max: 1}]", "must begin with a small letter"),
        ("Gates: [{Name: x, Expression: SUM(METRICS()), Max: 1}]", "METRICS cannot be used"),
        ("Gates: [{Name: x, Prometheus: {Url: 'https://a:b@c', Query: d}, Max: 1}]", "must not hold a password"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(wrong: Callable[[str], str], section: str, said: str) -> None:
    message = wrong(section)
    assert said in message
    assert message.startswith("d.yaml:")
    assert "SenzaInfo.Rollout" in message


def test_a_url_is_not_shown(wrong: Callable[[str], str]) -> None:
    assert "secret" not in wrong("Notify: [{Url: 'htps://chat/secret'}]")


def test_a_wrong_strategy_on_the_command_line() -> None:
    with pytest.raises(UsageError, match="Did you mean BlueGreen") as caught:
        override(Rollout(), "bluegreeen")
    assert not isinstance(caught.value, DefinitionError)


KEYS = [
    *("Strategy", "Steps", "Weight", "Bake", "Gates", "Name", "Metric", "Of", "Max", "Min", "Expression", "Metrics"),
    *("Prometheus", "Url", "Query", "Alarm", "Latency", "Hooks", "Run", "When", "Namespace", "Statistic", "Dimensions"),
    *("Compare", "Direction", "Notify", "Topic", "Least", "MinEffect", "Confidence", "Patience", "Keep"),
]
VALUES = ["5%", "10m", "off", "a", "baseline", "lower", "{version}", "Sum"]
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | st.sampled_from(VALUES),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=5) | st.integers(), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["Strategy", "Steps", "Gates", "Hooks", "Keep", "Notify", "Bake"]), JUNK))
def test_junk_is_one_error_with_its_place(section: dict[str, object]) -> None:
    try:
        result: Rollout | Where | None = parse(section, lambda *path: Where("d.yaml", path, 1))
    except DefinitionError as error:
        result = error.where
    assert result is not None
