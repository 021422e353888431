"""Scales and numbers: ticks that are round, values that stand inside, units that are right."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senza.rollout.report.axes import lasting, time_scale, value_scale, written
from senza.rollout.report.model import Unit

VALUES = st.floats(-1e12, 1e12).filter(lambda value: value == 0 or abs(value) > 1e-9)


@given(st.lists(VALUES, max_size=20))
def test_every_value_stands_between_the_ends_of_the_scale(values: list[float]) -> None:
    scale = value_scale(values, 190, 44)
    unseen = 1e-8 * (scale.high - scale.low)
    assert all(scale.low - unseen <= value <= scale.high + unseen for value in values)
    assert 2 <= len(scale.ticks) <= 7
    assert len({written(tick, Unit.NUMBER, scale.step) for tick in scale.ticks}) == len(scale.ticks)
    assert (scale.at(scale.low), scale.at(scale.high)) == (190, 44)


@given(st.floats(0, 4e9), st.floats(0, 40 * 86400))
def test_times_have_a_few_ticks_at_whole_minutes(low: float, length: float) -> None:
    scale = time_scale(low, low + length, 68, 746)
    assert scale.low <= low <= low + length <= scale.high
    assert all(tick % 60 == 0 and scale.low <= tick <= scale.high for tick in scale.ticks)
    assert len(scale.ticks) <= 10


@pytest.mark.parametrize(
    ("value", "unit", "step", "text"),
    [
        (0.0102, Unit.RATIO, None, "1.02 %"),
        (0.005, Unit.RATIO, 0.005, "0.5 %"),
        (1, Unit.RATIO, 0.25, "100 %"),
        (0.4123, Unit.SECONDS, None, "412 ms"),
        (0.6, Unit.SECONDS, 0.2, "600 ms"),
        (2, Unit.SECONDS, 0.5, "2.0 s"),
        (0.00042, Unit.SECONDS, None, "0.42 ms"),
        (300_000, Unit.NUMBER, 100_000, "300 k"),
        (2_500_000, Unit.NUMBER, 500_000, "2.5 M"),
        (1234.5, Unit.NUMBER, None, "1,234"),
        (0, Unit.NUMBER, 0.1, "0.0"),
        (-5e6, Unit.NUMBER, 5e6, "-5 M"),
    ],
)
def test_numbers_with_their_units(value: float, unit: Unit, step: float | None, text: str) -> None:
    assert written(value, unit, step) == text


def test_how_long() -> None:
    assert [lasting(seconds) for seconds in (45, 60 * 12, 3600 + 300)] == ["45 s", "12 min", "1 h 5 min"]
