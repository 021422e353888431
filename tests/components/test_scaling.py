"""Durations, success requirements and thresholds, as values."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senza.components.scaling import iso_duration, network_threshold, success_requires


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("4 within 1h20m30s", (4, "PT1H20M30S")),
        (2, (2, "PT15M")),
        ("2", (2, "PT15M")),
        ("1 within 90s", (1, "PT90S")),
        ("within 20m", (1, "PT20M")),  # classic: a count of ""
        ("3 healthy instances within 5m", (3, "PT5M")),  # classic: a count of "3 healthy instances"
        ("1 instance", (1, "PT15M")),
    ],
)
def test_success_requires(value: object, expected: tuple[int, str]) -> None:
    assert success_requires(value) == expected


@pytest.mark.parametrize(
    "value", ["", "20m", "1 within", "1 within foo", "two", "1 within 2 minutes", True, "-1", "1 within 0s"]
)
def test_what_says_nothing(value: object) -> None:
    with pytest.raises(ValueError, match=r"write e\.g\.|between 1s and 12h"):
        success_requires(value)


@given(st.integers(0, 11), st.integers(0, 59), st.integers(0, 59))
def test_durations_keep_their_length(hours: int, minutes: int, seconds: int) -> None:
    parts = [f"{number}{unit}" for number, unit in ((hours, "h"), (minutes, "m"), (seconds, "s")) if number]
    if parts:
        found = re.fullmatch(r"PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?", iso_duration("".join(parts)))
        assert found
        assert [int(group or 0) for group in found.groups()] == [hours, minutes, seconds]


@given(st.text(max_size=20))
def test_any_text_is_a_requirement_or_a_value_error(text: str) -> None:
    try:
        count, timeout = success_requires(text)
    except ValueError:
        return
    assert count >= 0
    assert timeout.startswith("PT")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("20 GB", ("20", "Gigabytes")),
        ("2.5TB", ("2.5", "Terabytes")),
        (500, ("500", "Bytes")),
        ("1 kb", ("1", "Kilobytes")),
        ("7 B", ("7", "Bytes")),
        ("3 MB", ("3", "Megabytes")),
    ],
)
def test_network_thresholds(value: object, expected: tuple[str, str]) -> None:
    assert network_threshold(value) == expected


@pytest.mark.parametrize("value", ["GB", "-1 GB", "1 XB", "1 GB/s", True, ""])
def test_no_amount_of_data(value: object) -> None:
    with pytest.raises(ValueError, match="no amount of data"):
        network_threshold(value)
