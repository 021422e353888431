"""All charts below each other in one SVG file, for chats and Markdown."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from senza.rollout.report.axes import date
from senza.rollout.report.charts import WORDS, of_gate, span, title, traffic
from senza.rollout.report.drawing import HEIGHT, LETTER, STYLE, WIDTH, clean, draw, text
from senza.rollout.report.model import Record

MARGIN = 20
LINE = 16
LETTERS = int(WIDTH / LETTER) - 4
LARGEST_TITLE = 70
STANDALONE = """
.sheet{fill:#ffffff}.chart .title{font-size:17px;font-weight:600;fill:#111827}
@media (prefers-color-scheme:dark){.sheet{fill:#0f141c}.chart .title{fill:#f3f4f6}}
"""


def svg(record: Record) -> str:
    """A complete file that refers to nothing outside."""
    parts: list[str] = []
    y = float(MARGIN)
    for height, part in blocks(record):
        parts.append(f'<g transform="translate({MARGIN},{y:g})">{part}</g>')
        y += height
    width, height = WIDTH + 2 * MARGIN, y + MARGIN
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="chart" role="img" aria-label="{clean(title(record))}" '
        f'width="{width}" height="{height:g}" viewBox="0 0 {width} {height:g}"><style>{STYLE}{STANDALONE}</style>'
        f'<rect class="sheet" width="{width}" height="{height:g}"/>{"".join(parts)}</svg>\n'
    )


def blocks(record: Record) -> Iterator[tuple[float, str]]:
    """Height and content, from above."""
    short = textwrap.shorten(title(record), LARGEST_TITLE, placeholder="…")
    yield 30, text(0, 16, short, kind="title")
    facts = f"{record.strategy}, {date(record.started)}, {span(record)}, {record.who}"
    yield from paragraph(facts)
    yield from paragraph(record.because)
    yield 10, ""
    if record.steps or record.shares:
        yield from heading("Traffic of the new version")
        yield HEIGHT + 10, draw(traffic(record))
    for gate in record.gates:
        yield from heading(gate.name)
        if gate.verdict:
            kind, word = WORDS[gate.verdict.says]
            yield from paragraph(f"{word}: {gate.verdict.because}", kind)
        if gate.new or gate.old:
            yield 4, ""
            yield HEIGHT + 10, draw(of_gate(record, gate))
        else:
            yield from paragraph("There are no numbers to show.")


def heading(name: str) -> Iterator[tuple[float, str]]:
    yield 28, text(0, 20, textwrap.shorten(name, LETTERS, placeholder="…"), kind="name")


def paragraph(content: str, kind: str = "") -> Iterator[tuple[float, str]]:
    for line in textwrap.wrap(content, LETTERS):
        yield LINE, text(0, 12, line, kind=kind)
