"""One chart as SVG: lines over time, bounds, vertical lines for what happened. Everything that is text is escaped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from senza.rollout.report.axes import Scale, clock, written
from senza.rollout.report.model import Unit

WIDTH, HEIGHT = 760, 216
LEFT, RIGHT, TOP, BOTTOM = 68, 14, 44, 26
"""Margins: labels of values, the half of the last time, legend and names of moments, times."""
LETTER = 6.0
"""Pixels of a letter, about; text is measured with it, so that labels do not lie on each other."""
DOTS = 90
"""Up to so many points each is drawn as a dot, too."""

Points = Sequence[tuple[float, float, str]]
"""Moment, value, and what is said about it when it is pointed at."""

STYLE = """
.chart text{font:11px system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;fill:#4b5563}
.chart .name{font-weight:600;fill:#111827}.chart .grid{stroke:#e5e7eb}.chart .axis{stroke:#9ca3af}
.chart .line{fill:none;stroke-width:1.8;stroke-linejoin:round}.chart .new{stroke:#2563eb}.chart .old{stroke:#8b8f98}
.chart .line.old{stroke-dasharray:5 3}.chart .dot.new{fill:#2563eb;stroke:none}.chart .dot.old{fill:#8b8f98;stroke:none}
.chart .asked{stroke:#111827;stroke-width:1.4}.chart .bound{stroke:#b91c1c;stroke-dasharray:7 3 2 3;fill:none}
.chart text.bound{fill:#b91c1c;stroke:#fff;stroke-width:4;stroke-dasharray:none;paint-order:stroke}
.chart text.moved{stroke:none}.chart .moved{stroke:#9ca3af;stroke-dasharray:2 3}
.chart .bad{stroke:#b91c1c;stroke-width:1.6}.chart .good{stroke:#15803d;stroke-width:1.6}
.chart text.bad{fill:#b91c1c;stroke:none;font-weight:600}.chart text.good{fill:#15803d;stroke:none;font-weight:600}
@media (prefers-color-scheme:dark){.chart text{fill:#9ca3af}.chart .name{fill:#f3f4f6}.chart .grid{stroke:#2b3240}
.chart .axis{stroke:#6b7280}.chart .new{stroke:#60a5fa}.chart .dot.new{fill:#60a5fa}.chart .asked{stroke:#f3f4f6}
.chart .bound,.chart .bad{stroke:#f87171}.chart text.bound{fill:#f87171;stroke:#0f141c}
.chart text.bad{fill:#f87171;stroke:none}
.chart .good{stroke:#4ade80}.chart text.good{fill:#4ade80;stroke:none}}
@media print{.chart text{fill:#374151}}
"""


@dataclass(frozen=True)
class Line:
    """label: in the legend. kind: ``new``, ``old`` or ``asked``, which is drawn as steps."""

    label: str
    kind: str
    points: Points


@dataclass(frozen=True)
class Mark:
    """A vertical line. kind: ``moved``, ``good`` or ``bad``."""

    at: float
    label: str
    kind: str = "moved"


@dataclass(frozen=True)
class Drawing:
    """bounds: value and name of each horizontal line. about: the chart in a sentence, for who cannot see it."""

    unit: Unit
    times: Scale
    values: Scale
    lines: tuple[Line, ...]
    marks: tuple[Mark, ...] = ()
    bounds: tuple[tuple[float, str], ...] = ()
    about: str = ""


def draw(drawing: Drawing) -> str:
    """The inside of an ``<svg class="chart">`` of WIDTH × HEIGHT."""
    parts = [*grid(drawing), *marks(drawing)]
    for line in reversed(drawing.lines):  # the first one on top
        parts += steps(drawing, line) if line.kind == "asked" else curve(drawing, line)
    return "".join([*parts, *bounds(drawing), *legend(drawing)])


def text(x: float, y: float, content: str, anchor: str = "start", kind: str = "") -> str:
    named = f' class="{kind}"' if kind else ""
    return f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}"{named}>{clean(content)}</text>'


def clean(content: str) -> str:
    """Escaped, and without what may not stand in XML."""
    return escape("".join(char if char.isprintable() or char == "\n" else " " for char in content))


def rule(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    return f'<line class="{kind}" x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}"/>'


def grid(drawing: Drawing) -> Iterator[str]:
    floor = drawing.values.begin
    for value in drawing.values.ticks:
        y = drawing.values.at(value)
        yield rule(LEFT, y, WIDTH - RIGHT, y, "axis" if value == drawing.values.low else "grid")
        yield text(LEFT - 8, y + 4, written(value, drawing.unit, drawing.values.step), "end")
    for tick in drawing.times.ticks:
        x = drawing.times.at(tick)
        yield rule(x, floor, x, floor + 4, "axis")
        if x <= WIDTH - RIGHT - 8:
            yield text(x, floor + 17, clock(tick), "middle")
    yield text(8, floor + 17, "UTC")


def marks(drawing: Drawing) -> Iterator[str]:
    """Names stand above the plot; none lies on another. Verdicts come first, then the last move."""
    taken: list[tuple[float, float]] = []
    last = max((mark.at for mark in drawing.marks if mark.kind == "moved"), default=0.0)
    for mark in sorted(drawing.marks, key=lambda mark: (mark.kind == "moved", mark.at != last)):
        x = drawing.times.at(mark.at)
        yield f"<g><title>{clean(f'{clock(mark.at)} {mark.label}')}</title>"
        yield rule(x, TOP - 4, x, drawing.values.begin, mark.kind) + "</g>"
        half = len(mark.label) * LETTER / 2
        middle = min(max(x, LEFT + half), WIDTH - RIGHT - half)
        if all(middle + half + 4 < begin or middle - half - 4 > end for begin, end in taken):
            taken.append((middle - half, middle + half))
            yield text(middle, TOP - 8, mark.label, "middle", mark.kind)


def bounds(drawing: Drawing) -> Iterator[str]:
    for value, name in drawing.bounds:
        y = drawing.values.at(value)
        yield rule(LEFT, y, WIDTH - RIGHT, y, "bound")
        label = f"{name} {written(value, drawing.unit)}"
        if value > drawing.values.high:
            label += ", above this chart"
        low = y < drawing.values.end + 16
        yield text(WIDTH - RIGHT - 2, y + 13 if low else y - 5, label, "end", "bound")


def curve(drawing: Drawing, line: Line) -> Iterator[str]:
    """A line that is broken where minutes are missing; points that stand alone are dots."""
    runs: list[list[tuple[float, float]]] = []
    before = 0.0
    for at, value, _ in line.points:
        if not runs or at - before > 90:
            runs.append([])
        runs[-1].append((drawing.times.at(at), drawing.values.at(value)))
        before = at
    for run in runs:
        if len(run) > 1:
            yield f'<polyline class="line {line.kind}" points="{" ".join(f"{x:g},{y:g}" for x, y in run)}"/>'
    alone = {run[0] for run in runs if len(run) == 1}
    for at, value, said in line.points:
        place = drawing.times.at(at), drawing.values.at(value)
        if len(line.points) <= DOTS or place in alone:
            hint = f"<title>{clean(said)}</title>"
            yield f'<circle class="dot {line.kind}" cx="{place[0]:g}" cy="{place[1]:g}" r="2.4">{hint}</circle>'


def steps(drawing: Drawing, line: Line) -> Iterator[str]:
    """A value that holds until the next one."""
    path = ""
    for at, value, _ in line.points:
        x, y = drawing.times.at(at), drawing.values.at(value)
        path += f"H{x:g}V{y:g}" if path else f"M{x:g} {y:g}"
    if path:
        yield f'<path class="line {line.kind}" d="{path}H{WIDTH - RIGHT}"/>'


def legend(drawing: Drawing) -> Iterator[str]:
    x = float(LEFT)
    for line in drawing.lines:
        yield rule(x, 12, x + 22, 12, f"line {line.kind}")
        yield text(x + 28, 16, line.label)
        x += 28 + len(line.label) * LETTER + 26
