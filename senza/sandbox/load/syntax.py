"""A load as the command line writes it: ``--requests 5000/m --errors 2=5% --metric 2:conversion=30%``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from senza.errors import UsageError
from senza.sandbox.load.settings import LATENCY, OTHERS, Load

RATE = re.compile(r"(\d+(?:\.\d+)?)(?:/(s|m|h))?")
PER_MINUTE = {"s": 60.0, "m": 1.0, "h": 1 / 60, None: 1.0}
PERCENT = re.compile(r"(\d+(?:\.\d+)?)%")
DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m)")
SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0}
METRIC = re.compile(r"(?:([A-Za-z0-9]+):)?([A-Za-z][\w.]*)=(.*)")


def rate(text: str) -> float:
    """``5000/m``, ``80/s``, ``5000`` as requests a minute. Raises UsageError."""
    found = RATE.fullmatch(text)
    if not found:
        raise UsageError(f"{text!r} is no number of requests", hint="For example: 5000/m, 80/s.")
    return float(found[1]) * PER_MINUTE[found[2]]


def percent(text: str) -> float:
    """``5%`` as 0.05. Raises UsageError."""
    found = PERCENT.fullmatch(text)
    if not found or float(found[1]) > 100:
        raise UsageError(f"{text!r} is no percentage", hint="For example: 5%, 0.1%.")
    return float(found[1]) / 100


def seconds(text: str) -> float:
    """``100ms`` as 0.1. Raises UsageError."""
    found = DURATION.fullmatch(text)
    if not found:
        raise UsageError(f"{text!r} is no duration", hint="For example: 80ms, 1.5s, 2m.")
    return float(found[1]) * SECONDS[found[2]]


def by_version(texts: Iterable[str]) -> dict[str, str]:
    """``2=5%`` by version; a value alone is that of all others."""
    found = {}
    for text in texts:
        version, equals, value = text.rpartition("=")
        if equals and not version:
            raise UsageError(f"a version is missing before {text!r}")
        found[version or OTHERS] = value
    return found


def latencies(texts: Iterable[str]) -> tuple[dict[str, float], dict[str, float]]:
    """(median by version, delay by version) of ``80ms``, ``2=+100ms`` (later) and ``2=+10%`` (longer, all of them)."""
    given = by_version(texts)
    medians: dict[str, float] = {}
    delays: dict[str, float] = {}
    basis = given.get(OTHERS, "")
    usual = seconds(basis) if basis and not basis.startswith("+") else LATENCY
    for version, text in given.items():
        if not text.startswith("+"):
            medians[version] = seconds(text)
        elif text.endswith("%"):
            longer = PERCENT.fullmatch(text[1:])
            if not longer:
                raise UsageError(f"{text!r} is no percentage", hint="For example: +10%.")
            medians[version] = usual * (1 + float(longer[1]) / 100)
        else:
            delays[version] = seconds(text[1:])
    return medians, delays


def metrics(texts: Iterable[str]) -> dict[str, dict[str, float]]:
    """``conversion=25%`` and ``2:conversion=30%`` as shares by name and version."""
    found: dict[str, dict[str, float]] = {}
    for text in texts:
        parts = METRIC.fullmatch(text)
        if not parts:
            raise UsageError(
                f"{text!r} is no metric with a share", hint="For example: conversion=25%, 2:conversion=30%."
            )
        found.setdefault(parts[2], {})[parts[1] or OTHERS] = percent(parts[3])
    return found


def load_of(requests: str, given: Mapping[str, Iterable[str]], lag: str = "0s", seed: int = 0) -> Load:
    """The load of the options. given: the texts of ``errors``, ``latency`` and ``metrics``. Raises UsageError."""
    medians, delays = latencies(given["latency"])
    return Load(
        requests=rate(requests),
        errors={version: percent(text) for version, text in by_version(given["errors"]).items()},
        latency=medians,
        delay=delays,
        metrics=metrics(given["metrics"]),
        lag=seconds(lag),
        seed=seed,
    )
