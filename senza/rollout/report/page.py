"""The report as one HTML page that needs nothing else: light and dark, on screens and on paper, without scripts."""

from __future__ import annotations

from collections.abc import Iterator

from senza.rollout.model import Minute
from senza.rollout.report.axes import clock, date, written
from senza.rollout.report.charts import WORDS, exact, of_gate, span, title, traffic
from senza.rollout.report.drawing import HEIGHT, STYLE, WIDTH, Drawing, clean, draw
from senza.rollout.report.model import GateRecord, Record, Unit
from senza.traffic.weights import percent

PAGE_STYLE = """
:root{color-scheme:light dark;--ink:#111827;--soft:#4b5563;--line:#e5e7eb;--paper:#ffffff;--bad:#b91c1c;--good:#15803d;
--open:#92400e}
@media (prefers-color-scheme:dark){:root{--ink:#f3f4f6;--soft:#9ca3af;--line:#2b3240;--paper:#0f141c;--bad:#f87171;
--good:#4ade80;--open:#fbbf24}}
body{max-width:50rem;margin:2rem auto;padding:0 1rem;background:var(--paper);color:var(--ink);
font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
h1{font-size:1.5rem;line-height:1.25;margin:0 0 .5rem;overflow-wrap:anywhere}
h2{font-size:1.1rem;margin:2.2rem 0 .4rem;overflow-wrap:anywhere}
p{margin:.3rem 0;overflow-wrap:anywhere}.because{font-size:1.05rem}.soft,dt{color:var(--soft)}
.good{color:var(--good)}.bad{color:var(--bad)}.open{color:var(--open)}
.verdict::before{content:"";display:inline-block;width:.7em;height:.7em;border-radius:50%;background:currentColor;
margin-right:.5em}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.1rem 1rem;margin:1rem 0}dd{margin:0;overflow-wrap:anywhere}
svg.chart{width:100%;height:auto;display:block}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:.9rem}
th,td{text-align:right;padding:.15rem 1.2rem .15rem 0;border-bottom:1px solid var(--line);font-weight:400}
th{color:var(--soft)}th:first-child,td:first-child{text-align:left}.text{text-align:left}
details{margin:.4rem 0}summary{cursor:pointer;color:var(--soft)}section{break-inside:avoid-page}
@media print{:root{color-scheme:light;
--ink:#000;--soft:#374151;--line:#d1d5db;--paper:#fff;--bad:#b91c1c;--good:#15803d;
--open:#92400e}body{margin:0;max-width:none}summary{display:none}
details::details-content{display:block;content-visibility:visible}}
"""


def html(record: Record) -> str:
    """A complete page that refers to nothing outside."""
    head = (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{clean(title(record))}</title><style>{PAGE_STYLE}{STYLE}</style></head>\n<body>\n"
    )
    return head + "\n".join(body(record)) + "\n</body></html>\n"


def body(record: Record) -> Iterator[str]:
    kind = {True: "good", False: "bad", None: "open"}[record.good]
    change = f"{record.old} → {record.new}" if record.old else record.new
    yield f'<h1>{clean(f"{record.app} {change}")}: <span class="{kind}">{clean(record.result)}</span></h1>'
    if record.because:
        yield f'<p class="because">{clean(record.because)}</p>'
    facts = {
        "Strategy": record.strategy,
        "When": f"{date(record.started)}, {span(record)}",
        "Who": record.who,
    }
    rows = "".join(f"<dt>{name}</dt><dd>{clean(value)}</dd>" for name, value in facts.items() if value)
    yield f"<dl>{rows}</dl>"
    if record.steps or record.shares:
        yield f"<section><h2>Traffic of the new version</h2>{figure(traffic(record))}</section>"
        yield moves_table(record)
    for gate in record.gates:
        yield from gate_section(record, gate)
    if record.events:
        yield "<h2>What happened</h2>"
        lines = "".join(
            f'<tr><td>{clock(at)}</td><td class="text">{clean(said)}</td></tr>' for at, said in record.events
        )
        yield f"<table><tbody>{lines}</tbody></table>"
    yield '<p class="soft">All times are UTC.</p>'


def figure(drawing: Drawing) -> str:
    return (
        f'<svg class="chart" role="img" aria-label="{clean(drawing.about)}" viewBox="0 0 {WIDTH} {HEIGHT}">'
        f"{draw(drawing)}</svg>"
    )


def moves_table(record: Record) -> str:
    if not record.steps:
        return ""
    rows = "".join(
        f"<tr><td>{clock(move.at)}</td><td>{percent(move.weight)} %</td>"
        f"<td>{'–' if move.observed is None else written(move.observed, Unit.RATIO)}</td></tr>"
        for move in record.steps
    )
    return f"<table><thead><tr><th>UTC</th><th>asked</th><th>observed</th></tr></thead><tbody>{rows}</tbody></table>"


def gate_section(record: Record, gate: GateRecord) -> Iterator[str]:
    yield f"<section><h2>{clean(gate.name)}</h2>"
    if gate.verdict:
        kind, word = WORDS[gate.verdict.says]
        said = f": {clean(gate.verdict.because)}" if gate.verdict.because else ""
        yield f'<p><strong class="verdict {kind}">{word}</strong>{said}</p>'
    if gate.new or gate.old:
        yield figure(of_gate(record, gate))
    else:
        yield '<p class="soft">There are no numbers to show.</p>'
    yield "</section>"
    if gate.verdict and gate.verdict.figures:
        figures = "".join(
            f'<tr><td class="text">{clean(name)}</td><td>{value:.6g}</td></tr>'
            for name, value in gate.verdict.figures.items()
        )
        yield f"<details><summary>figures of the verdict</summary><table><tbody>{figures}</tbody></table></details>"
    if gate.new or gate.old:
        yield numbers(record, gate)


def numbers(record: Record, gate: GateRecord) -> str:
    """Every minute of both versions."""
    new, old = ({minute.at: minute for minute in minutes} for minutes in (gate.new, gate.old))

    def cell(found: Minute | None) -> str:
        return f"<td>{'–' if found is None else exact(found, gate.unit)}</td>"

    rows = "".join(
        f"<tr><td>{clock(at)}</td>{cell(new.get(at))}{cell(old.get(at)) if gate.old else ''}</tr>"
        for at in sorted({*new, *old})
    )
    names = [record.new, *([record.old or "before"] if gate.old else [])]
    head = "".join(f"<th>{clean(name)}</th>" for name in names)
    return (
        "<details><summary>all numbers</summary><table>"
        f"<thead><tr><th>UTC</th>{head}</tr></thead><tbody>{rows}</tbody></table></details>"
    )
