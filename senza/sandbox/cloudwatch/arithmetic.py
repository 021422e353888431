"""What metric math computes, on series of data points.

Two series are combined where both have a point; an array is reduced where any of its series has one; points that are
no finite number (a division by zero) are left out.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from senza.sandbox.cloudwatch.expressions import Array, Call, ExpressionError, Name, Node, Number, Operation, Text

BINARY: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "^": operator.pow,
    "<": lambda left, right: float(left < right),
    "<=": lambda left, right: float(left <= right),
    ">": lambda left, right: float(left > right),
    ">=": lambda left, right: float(left >= right),
    "==": lambda left, right: float(left == right),
    "!=": lambda left, right: float(left != right),
    "&&": lambda left, right: float(bool(left) and bool(right)),
    "||": lambda left, right: float(bool(left) or bool(right)),
}
REDUCERS: dict[str, Callable[[Sequence[float]], float]] = {
    "SUM": math.fsum,
    "AVG": lambda values: math.fsum(values) / len(values),
    "MIN": min,
    "MAX": max,
}
ROUNDERS: dict[str, Callable[[float], float]] = {"ABS": abs, "CEIL": math.ceil, "FLOOR": math.floor}


@dataclass(frozen=True)
class Series:
    """points: by the second at which their period begins, in order. grid: the beginnings of all periods asked for.

    known: whether there is such a metric at all; one that never had data cannot be filled.
    """

    label: str
    points: Mapping[int, float]
    grid: range
    known: bool = True


Value = float | Series | list[Series]
"""A scalar, a time series, or an array of them: S, TS and TS[] of the user guide."""


@dataclass(frozen=True)
class Scope:
    """What an expression can refer to. value: of the query with that id; raises ExpressionError. metrics: by id."""

    value: Callable[[str], Value]
    metrics: Callable[[], Mapping[str, Series]]


def evaluate(node: Node, scope: Scope) -> Value:
    """Raises ExpressionError."""
    match node:
        case Number(value):
            return value
        case Name(name):
            return scope.value(name)
        case Operation(sign, left, right):
            return combine(BINARY[sign], evaluate(left, scope), evaluate(right, scope))
        case Array(items):
            found: list[Series] = []
            for item in items:
                one = evaluate(item, scope)
                found += one if isinstance(one, list) else [series_of(one, "an array")]
            return found
        case Call(function, arguments):
            return call(function, arguments, scope)
    raise ExpressionError("a text stands where a metric or a number is expected")


def call(function: str, arguments: tuple[Node, ...], scope: Scope) -> Value:
    if function == "METRICS":
        return metrics(arguments, scope)
    if function == "IF":
        if len(arguments) not in (2, 3):
            raise ExpressionError(f"IF takes 2 or 3 arguments, not {len(arguments)}")
        condition, yes, *no = (evaluate(one, scope) for one in arguments)
        return choose(condition, yes, no[0] if no else math.nan)
    if function == "FILL":
        value, filler = exactly(function, arguments, 2)
        with_what = None if isinstance(filler, Name) and filler.name == "REPEAT" else evaluate(filler, scope)
        return each(evaluate(value, scope), lambda one: fill(one, with_what))
    if function not in (*REDUCERS, *ROUNDERS, "RATE", "DIFF", "PERIOD"):
        raise ExpressionError(f"the senza sandbox has no function {function}")
    (argument,) = exactly(function, arguments, 1)
    subject = evaluate(argument, scope)
    if function in REDUCERS:
        return reduce(REDUCERS[function], subject)
    if function in ROUNDERS:
        return combine(lambda value, _: ROUNDERS[function](value), subject, 0.0)
    if function == "PERIOD":
        return float(series_of(subject, function).grid.step)
    return each(subject, lambda one: changes(one, per_second=function == "RATE"))


def exactly(function: str, arguments: tuple[Node, ...], number: int) -> tuple[Node, ...]:
    if len(arguments) != number:
        raise ExpressionError(f"{function} takes {number} argument{'s'[: number > 1]}, not {len(arguments)}")
    return arguments


def series_of(value: Value, where: str) -> Series:
    if not isinstance(value, Series):
        raise ExpressionError(f"{where} takes a time series")
    return value


def each(value: Value, change: Callable[[Series], Series]) -> Value:
    """A function of one series, on all series of an array."""
    if isinstance(value, list):
        return [change(one) for one in value]
    return change(series_of(value, "this function"))


def metrics(arguments: tuple[Node, ...], scope: Scope) -> list[Series]:
    """All metrics of the request, or those whose id holds a text."""
    if len(arguments) > 1 or not all(isinstance(one, Text) for one in arguments):
        raise ExpressionError("METRICS takes no argument, or a text")
    part = arguments[0].value if arguments and isinstance(arguments[0], Text) else ""
    return [one for ident, one in scope.metrics().items() if part in ident]


def number(function: Callable[[float, float], float], left: float, right: float) -> float:
    try:
        found = function(left, right)
    except (ZeroDivisionError, OverflowError):
        return math.nan
    return math.nan if isinstance(found, complex) else float(found)


def combine(function: Callable[[float, float], float], left: Value, right: Value) -> Value:
    """An operator, on whatever combination of scalars, series and arrays."""
    if isinstance(left, list) or isinstance(right, list):
        lefts, rights = paired(left, right)
        return [series_of(combine(function, one, other), "an array") for one, other in zip(lefts, rights, strict=True)]
    if isinstance(left, Series) and isinstance(right, Series):
        both = [at for at in left.points if at in right.points]
        points = {at: number(function, left.points[at], right.points[at]) for at in both}
        return finite(replace(left, points=points, known=left.known and right.known))
    if isinstance(left, Series):
        assert isinstance(right, float)
        return finite(replace(left, points={at: number(function, one, right) for at, one in left.points.items()}))
    if isinstance(right, Series):
        return finite(replace(right, points={at: number(function, left, one) for at, one in right.points.items()}))
    return number(function, left, right)


def paired(left: Value, right: Value) -> tuple[Sequence[Value], Sequence[Value]]:
    length = len(left) if isinstance(left, list) else len(right) if isinstance(right, list) else 1
    if isinstance(left, list) and isinstance(right, list) and len(left) != len(right):
        raise ExpressionError("arrays of different lengths cannot be combined")
    lefts: Sequence[Value] = left if isinstance(left, list) else [left] * length
    rights: Sequence[Value] = right if isinstance(right, list) else [right] * length
    return lefts, rights


def finite(series: Series) -> Series:
    return replace(series, points={at: value for at, value in series.points.items() if math.isfinite(value)})


def reduce(function: Callable[[Sequence[float]], float], value: Value) -> Value:
    """One number of a series, one series of an array."""
    if isinstance(value, Series):
        return function(list(value.points.values())) if value.points else math.nan
    if not isinstance(value, list):
        raise ExpressionError("SUM, AVG, MIN and MAX take a time series or an array of them")
    if not value:
        raise ExpressionError("the array is empty")
    moments = sorted({at for one in value for at in one.points})
    points = {at: function([one.points[at] for one in value if at in one.points]) for at in moments}
    longest = max(value, key=lambda one: len(one.grid))
    return replace(longest, points=points, known=any(one.known for one in value))


def fill(series: Series, value: Value | None) -> Series:
    """Missing points get the value; None repeats the last one."""
    if isinstance(value, list):
        raise ExpressionError("FILL takes a number, a time series or REPEAT")
    points: dict[int, float] = {}
    last: float | None = None
    for at in series.grid if series.known else ():
        last = series.points.get(at, last)
        other = last if value is None else value.points.get(at) if isinstance(value, Series) else value
        found = series.points.get(at, other)
        if found is not None:
            points[at] = found
    return finite(replace(series, points=points))


def choose(condition: Value, yes: Value, no: Value) -> Value:
    """IF: point by point where the condition is a series."""
    if isinstance(condition, float):
        return yes if condition else no
    if isinstance(condition, list) or isinstance(yes, list) or isinstance(no, list):
        raise ExpressionError("IF takes numbers and time series, not arrays")
    points: dict[int, float] = {}
    for at, met in condition.points.items():
        chosen = yes if met else no
        found = chosen.points.get(at) if isinstance(chosen, Series) else chosen
        if found is not None:
            points[at] = found
    return finite(replace(condition, points=points))


def changes(series: Series, *, per_second: bool) -> Series:
    """From each point to the next; the first has none before it."""
    moments = list(series.points)
    points = {
        at: (series.points[at] - series.points[before]) / (at - before if per_second else 1)
        for before, at in pairwise(moments)
    }
    return replace(series, points=points)
