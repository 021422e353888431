"""Prometheus: a range query of one point a minute ("HTTP API", "Range queries", in the Prometheus documentation)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from senza.rollout.metrics.cloudwatch import PERIOD, Points, Unknown, Window
from senza.rollout.metrics.targets import Side
from senza.rollout.model import Prometheus
from senza.rollout.settings.placeholders import fill
from senza.rollout.web import Unanswered, get, shown

if TYPE_CHECKING:
    import urllib3

TOKEN = "SENZA_PROMETHEUS_TOKEN"  # noqa: S105 - the name of a variable
"""Environment variable with a bearer token. It is sent over https, and to this machine, and never shown."""
TIMEOUT = 20.0
"""Seconds."""
LOCAL = ("localhost", "127.0.0.1", "::1")


def ask_prometheus(
    web: urllib3.PoolManager, source: Prometheus, side: Side, window: Window, environ: Mapping[str, str]
) -> Points | Unknown:
    """A query's value at the end of a minute is the value of that minute. No series is no points."""
    fields = {
        "query": fill(source.query, side.values),
        "start": str(window.start + PERIOD),
        "end": str(window.end),
        "step": str(PERIOD),
    }
    host = shown(source.url)
    try:
        answer = get(web, f"{source.url}/api/v1/query_range", fields, headers(source.url, environ), TIMEOUT)
    except Unanswered as error:
        return Unknown(f"Prometheus: {error}")
    body = answer.json()
    if not isinstance(body, dict):
        return Unknown(f"Prometheus: {host} answers with HTTP {answer.status} and no JSON")
    if not answer.good or body.get("status") != "success":
        said = " ".join(str(body.get("error", "no reason")).split())[:200]
        return Unknown(f"Prometheus: {host} answers with HTTP {answer.status}: {said}")
    return points_of(body)


def headers(url: str, environ: Mapping[str, str]) -> dict[str, str]:
    token = environ.get(TOKEN, "").strip()
    parts = urlsplit(url)
    safe = parts.scheme.lower() == "https" or parts.hostname in LOCAL
    return {"Authorization": f"Bearer {token}"} if token and safe and token.isprintable() else {}


def points_of(body: Mapping[str, Any]) -> Points | Unknown:
    """The points of the only series of an answer; what is no number (``NaN``, ``+Inf``) is left out."""
    try:
        result = body["data"]["result"]
        if body["data"]["resultType"] != "matrix":
            return Unknown("Prometheus: the query answers with no series of numbers")
        if len(result) > 1:
            labels = ", ".join(sorted({str(name) for series in result for name in series["metric"]})[:5])
            return Unknown(f"Prometheus: the query answers with {len(result)} series (by {labels}); a gate needs one")
        values = [(int(float(at)) - PERIOD, float(value)) for series in result for at, value in series["values"]]
    except (KeyError, TypeError, ValueError, IndexError):
        return Unknown("Prometheus: the answer is not what its documentation says")
    return {at: value for at, value in values if math.isfinite(value)}
