"""Scales: where a value stands, which ticks an axis has, and how numbers and times are written."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from senza.rollout.model import Minute
from senza.rollout.report.model import Unit

TICK_MINUTES = (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10080, 20160, 43200)


@dataclass(frozen=True)
class Scale:
    """Maps ``low``...``high`` to pixels ``begin``...``end``. ticks: values in between."""

    low: float
    high: float
    begin: float
    end: float
    ticks: tuple[float, ...]

    def at(self, value: float) -> float:
        """The pixel; what lies outside goes to the border."""
        part = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return round(self.begin + part * (self.end - self.begin), 1)

    @property
    def step(self) -> float:
        return self.ticks[1] - self.ticks[0] if len(self.ticks) > 1 else self.high - self.low


def value_scale(values: Iterable[float], begin: float, end: float, count: int = 5) -> Scale:
    """From 0 where no value is negative, to a round number that has room for all of them.

    Ticks are 1, 2 or 5 times a power of ten apart (Heckbert, "Nice numbers for graph labels", Graphics Gems, 1990).
    """
    known = [value for value in values if math.isfinite(value) and abs(value) < 1e300]
    low, high = min([0.0, *known]), max([0.0, *known])
    if high - low < 1e-12:
        high = low + 1.0
    step = nice((high - low) / (count - 1))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return Scale(first * step, last * step, begin, end, tuple(number * step for number in range(first, last + 1)))


def nice(length: float) -> float:
    """The next 1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(length))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= length * (1 - 1e-9))


def time_scale(low: float, high: float, begin: float, end: float, count: int = 8) -> Scale:
    """Whole minutes, with ticks at round times of UTC."""
    first, last = math.floor(low / 60) * 60, max(math.ceil(high / 60), math.floor(low / 60) + 1) * 60
    wanted = (last - first) / 60 / count
    step = next((minutes for minutes in TICK_MINUTES if minutes >= wanted), TICK_MINUTES[-1]) * 60
    ticks = range(math.ceil(first / step) * step, last + 1, step)
    return Scale(first, last, begin, end, tuple(float(tick) for tick in ticks))


def value_of(minute: Minute) -> float:
    """Of a ratio the ratio."""
    return minute.value if minute.of is None else minute.value / minute.of if minute.of else 0.0


def written(value: float, unit: Unit, step: float | None = None) -> str:
    """With its unit. step: between ticks, for as many digits as tell them apart; else three significant ones."""
    match unit:
        case Unit.RATIO:
            return f"{digits(value * 100, step and step * 100)} %"
        case Unit.SECONDS:
            if abs(value) < 1 and (step is None or step < 1):
                return f"{digits(value * 1000, step and step * 1000)} ms"
            return f"{digits(value, step)} s"
    for factor, letter in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e4, "k")):
        if abs(value) >= factor:
            unit_size = 1e3 if letter == "k" else factor
            return f"{digits(value / unit_size, step and step / unit_size)} {letter}"
    return digits(value, step)


def digits(value: float, step: float | None) -> str:
    if not math.isfinite(value):
        return str(value)
    if step:
        places = max(0, min(9, -math.floor(math.log10(step) + 1e-9)))
    else:
        places = max(0, 2 - math.floor(math.log10(abs(value)))) if value else 0
    text = f"{value:,.{min(places, 9)}f}"
    if step is None and "." in text:
        text = text.rstrip("0").rstrip(".")
    return text.replace("-0", "0", 1) if text.strip("-0.") == "" else text


def clock(at: float) -> str:
    """``13:07``, UTC."""
    return moment(at).strftime("%H:%M")


def date(at: float) -> str:
    return moment(at).strftime("%Y-%m-%d")


def moment(at: float) -> datetime:
    return datetime.fromtimestamp(min(max(at, 0.0), 2e11), UTC)


def lasting(seconds: float) -> str:
    """``45 s``, ``12 min``, ``1 h 5 min``."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
