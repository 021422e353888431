"""Where an own gate reads from: CloudWatch metrics, metric math, Prometheus."""

from __future__ import annotations

import re

from senza.definition.suggest import did_you_mean
from senza.rollout.model import Alarm, Metric, MetricMath, Prometheus, Source
from senza.rollout.settings.placeholders import TELLING, check
from senza.rollout.settings.quantities import Wrong
from senza.rollout.settings.reading import Key, Node

BASIC = ("Average", "Sum", "Minimum", "Maximum", "SampleCount")
RATIO_STATISTICS = ("Sum", "SampleCount")
_STATISTIC = re.compile(
    r"(p|tm|wm|tc|ts)(100|\d{1,2}(\.\d{1,10})?)|IQM|(PR|TM|WM|TC|TS)\([-+0-9.e]*%?:[-+0-9.e]*%?\)", re.ASCII
)
"""As in "CloudWatch statistics definitions" of the CloudWatch user guide."""
_ID = re.compile(r"[a-z][a-zA-Z0-9_]{0,200}", re.ASCII)
LONGEST_EXPRESSION = 2000
MOST_METRICS, MOST_DIMENSIONS = 10, 30
"""Metrics of an expression; dimensions of a metric (MetricDatum in the CloudWatch API reference)."""
_SEVERAL = re.compile(r"(?i)\b(SEARCH|METRICS|SELECT|DB_PERF_INSIGHTS|LAMBDA|INSIGHT_RULE_METRIC)\b")
"""What answers with series of its own, or with those of other gates."""

METRIC_KEYS = (
    Key("Namespace", "text", "required", "E.g. `Shop`, or `AWS/ApplicationELB`."),
    Key("Name", "text", "required", "E.g. `Conversions`."),
    Key(
        "Statistic",
        "text",
        "`Average`; of a ratio `Sum`",
        "`Average`, `Sum`, `Minimum`, `Maximum`, `SampleCount`, `p99`…",
    ),
    Key("Dimensions", "mapping", "none", 'Names and values, all of the metric\'s, e.g. `{StackVersion: "{version}"}`.'),
)
EXPRESSION_KEYS = (
    Key("Expression", "text", "", "CloudWatch metric math over Metrics, with one series as result."),
    Key("Metrics", "mapping", "", "For Expression: id → metric. An id begins with a small letter."),
)
PROMETHEUS_KEYS = (
    Key("Url", "text", "required", "Of the server, without `/api/v1`."),
    Key(
        "Query",
        "text",
        "required",
        'PromQL that answers with one series, e.g. `sum(rate(orders{version="{version}"}[1m]))`.',
    ),
)


def place_text(node: Node) -> str:
    """A text in which placeholders may stand."""
    try:
        return check(node.text())
    except Wrong as wrong:
        raise node.wrong(str(wrong), wrong.hint) from None


def read_metric(node: Node, statistic: str = "Average") -> Metric:
    """statistic: which one where it does not say."""
    entries = node.mapping(METRIC_KEYS)
    for name, example in (("Namespace", "Shop"), ("Name", "Conversions")):
        if name not in entries:
            raise node.wrong(f"{node.name} needs {name}", f"Write e.g. {name}: {example}")
    if "Statistic" in entries:
        statistic = entries["Statistic"].text()
        if statistic not in BASIC and not _STATISTIC.fullmatch(statistic):
            raise entries["Statistic"].wrong(
                f"CloudWatch has no statistic {statistic}; it has {', '.join(BASIC)}, p50, p99, tm90…",
                did_you_mean(statistic, BASIC),
            )
    dimensions: list[tuple[str, str]] = []
    if "Dimensions" in entries:
        inside = entries["Dimensions"]
        if not isinstance(inside.value, dict) or len(inside.value) > MOST_DIMENSIONS:
            raise inside.wrong(f"Dimensions must be a mapping of names to values, at most {MOST_DIMENSIONS}")
        dimensions = [(str(key), place_text(inside.child(str(key), value))) for key, value in inside.value.items()]
    return Metric(place_text(entries["Namespace"]), place_text(entries["Name"]), statistic, tuple(dimensions))


def read_math(node: Node, metrics: Node | None) -> MetricMath:
    expression = node.text()
    if len(expression) > LONGEST_EXPRESSION:
        raise node.wrong(f"Expression has more than {LONGEST_EXPRESSION} characters")
    found = _SEVERAL.search(expression)
    if found:
        raise node.wrong(
            f"{found[0]} cannot be used in a gate, which needs one series", "Name each metric under Metrics."
        )
    if metrics is None or not isinstance(metrics.value, dict) or not 0 < len(metrics.value) <= MOST_METRICS:
        raise (metrics or node).wrong(
            f"Expression needs Metrics: a mapping of one to {MOST_METRICS} ids to metrics",
            "Write e.g. Metrics: {visits: {Namespace: Shop, Name: Visits}}",
        )
    read = []
    for name, value in metrics.value.items():
        inside = metrics.child(str(name), value)
        if not _ID.fullmatch(str(name)):
            raise inside.wrong(f"the id {name} must begin with a small letter, and have only letters, digits and _")
        if not re.search(rf"\b{name}\b", expression):
            raise inside.wrong(f"the Expression does not use {name}", "Remove it, or is it a slip of the pen?")
        read.append((str(name), read_metric(inside)))
    return MetricMath(expression, tuple(read))


def read_prometheus(node: Node) -> Prometheus:
    entries = node.mapping(PROMETHEUS_KEYS)
    for name, example in (
        ("Url", "https://prometheus.example.org"),
        ("Query", 'rate(orders{version="{version}"}[1m])'),
    ):
        if name not in entries:
            raise node.wrong(f"Prometheus needs {name}", f"Write e.g. {name}: {example}")
    url = entries["Url"].url()
    if "@" in url.split("/")[2] or "?" in url:
        raise entries["Url"].wrong(
            "Url must not hold a password or a query",
            "A token is read from the environment variable SENZA_PROMETHEUS_TOKEN.",
        )
    try:
        return Prometheus(url.rstrip("/"), check(entries["Query"].command()))
    except Wrong as wrong:
        raise entries["Query"].wrong(str(wrong), wrong.hint) from None


def tells_apart(source: Source) -> bool:
    """Whether the new and the old version are read from different places."""
    match source:
        case Metric():
            texts = [source.namespace, source.name, *(value for _, value in source.dimensions)]
            return any(word in text for text in texts for word in TELLING)
        case MetricMath():
            return any(tells_apart(metric) for _, metric in source.metrics)
        case Prometheus():
            return any(word in source.query for word in TELLING)
        case Alarm():
            return False
    return True
