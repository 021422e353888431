"""Prometheus: what is asked, and what counts as an answer."""

from __future__ import annotations

import json
from typing import Any

import pytest
import urllib3

from senza.aws import Aws
from senza.clock import Clock
from senza.rollout.metrics import Look, find_targets, read
from senza.rollout.metrics.prometheus import headers
from senza.rollout.model import Gate, Minute, Prometheus
from tests.rollout.metrics.conftest import NEW, OLD, Server

QUERY = 'sum(rate(orders{version="{version}"}[1m]))'
START = 1_780_315_200


def matrix(*series: list[tuple[float, str]]) -> dict[str, Any]:
    result = [{"metric": {"pod": str(number)}, "values": values} for number, values in enumerate(series)]
    return {"status": "success", "data": {"resultType": "matrix", "result": result}}


def look(aws: Aws, web: urllib3.PoolManager, url: str, **environ: str) -> Look:
    gate = Gate("orders", Prometheus(url, QUERY))
    return read(aws, find_targets(aws, ["shop-2"]), [gate], NEW, OLD, START + 1, START + 239, web=web, environ=environ)


def test_the_value_at_the_end_of_a_minute_is_that_minutes(
    aws: Aws, clock: Clock, web: urllib3.PoolManager, server: Server
) -> None:
    server.answer(matrix([(START + 120, "1.5"), (START + 180, "NaN")]))
    evidence = look(aws, web, f"{server.url}/prom", SENZA_PROMETHEUS_TOKEN="s3cret").evidence["orders"]
    assert evidence.new == evidence.old == (Minute(START + 60, 1.5),)
    method, target, sent, _ = server.asked[0]
    assert (method, target.partition("?")[0]) == ("GET", "/prom/api/v1/query_range")
    assert sent["Authorization"] == "Bearer s3cret"
    asked = sorted((server.fields(number) for number in (0, 1)), key=lambda fields: fields["query"])
    assert [fields.pop("query") for fields in asked] == [QUERY.replace("{version}", name) for name in "12"]
    assert asked[0] == {"start": str(START + 120), "end": str(START + 180), "step": "60"}


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (200, matrix([(START, "1")], [(START, "2")]), "answers with 2 series (by pod); a gate needs one"),
        (400, {"status": "error", "error": "parse error\nat char 3"}, "HTTP 400: parse error at char 3"),
        (200, {"status": "success", "data": {"resultType": "scalar", "result": [1, "1"]}}, "no series of numbers"),
        (200, {"status": "success", "data": {}}, "not what its documentation says"),
        (302, [], "HTTP 302 and no JSON"),
        (401, "no", "HTTP 401 and no JSON"),
    ],
)
def test_what_is_no_answer(
    aws: Aws, web: urllib3.PoolManager, server: Server, status: int, body: object, said: str
) -> None:
    server.status, server.body = status, json.dumps(body).encode()
    server.headers["Location"] = "/elsewhere"
    evidence = look(aws, web, f"{server.url}/t0ken", SENZA_PROMETHEUS_TOKEN="s3cret").evidence["orders"]
    assert said in evidence.unavailable
    assert "t0ken" not in evidence.unavailable
    assert "s3cret" not in evidence.unavailable
    assert all("elsewhere" not in target for _, target, _, _ in server.asked)


def test_no_series_is_silence(aws: Aws, web: urllib3.PoolManager, server: Server) -> None:
    server.answer(matrix())
    evidence = look(aws, web, server.url).evidence["orders"]
    assert (evidence.new, evidence.unavailable) == ((), "")


def test_nobody_there(aws: Aws, web: urllib3.PoolManager) -> None:
    evidence = look(aws, web, "http://127.0.0.1:1/t0ken").evidence["orders"]
    assert evidence.unavailable == "Prometheus: http://127.0.0.1:1 cannot be reached"


def test_the_token_goes_over_https_only() -> None:
    environ = {"SENZA_PROMETHEUS_TOKEN": "s3cret"}
    assert headers("https://prom.example.org", environ) == {"Authorization": "Bearer s3cret"}
    assert headers("http://prom.example.org", environ) == {}
    assert headers("https://prom.example.org", {"SENZA_PROMETHEUS_TOKEN": "two\nlines"}) == {}
