"""Deployments per week and their lead times as an SVG. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from html import escape

from senza.journal.delivery import DAY, WEEK, Deployment

WIDTH, HEIGHT, LEFT, GAP = 720, 180, 60, 50
GOOD, FAILED, INK = "#2e7d32", "#c62828", "#444"


def plot(deployments: Sequence[Deployment], since: float, until: float, title: str) -> str:
    """Above: deployments a week, good and failed. Below: the lead time of each, where it is known."""
    shown = [one for one in deployments if since <= one.at <= until]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + WIDTH + 20} {2 * (HEIGHT + GAP) + 30}" '
        f'font-family="sans-serif" font-size="12" fill="{INK}">',
        f'<text x="{LEFT}" y="18" font-size="14">{escape(title)}</text>',
        *bars(shown, since, until, 40 + HEIGHT),
        *dots([one for one in shown if one.lead is not None], since, until, 40 + 2 * HEIGHT + GAP),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def bars(deployments: Sequence[Deployment], since: float, until: float, base: float) -> list[str]:
    weeks = max(1, -(-int(until - since) // int(WEEK)))
    counts = [[0, 0] for _ in range(weeks)]
    for one in deployments:
        counts[min(weeks - 1, int((one.at - since) // WEEK))][one.failed] += 1
    top = max([sum(pair) for pair in counts] + [1])
    slot = WIDTH / weeks
    parts = axis(base, since, until, f"{top} a week")
    for number, (good, failed) in enumerate(counts):
        y = base
        for count, colour in ((good, GOOD), (failed, FAILED)):
            height = count / top * (HEIGHT - 20)
            y -= height
            if count:
                x, width = LEFT + number * slot + slot * 0.1, slot * 0.8
                parts.append(
                    f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{colour}"/>'
                )
    return parts


def dots(deployments: Sequence[Deployment], since: float, until: float, base: float) -> list[str]:
    top = max([one.lead or 0.0 for one in deployments] + [1.0])
    unit = f"{top / DAY:.1f} d" if top >= DAY else f"{top / 3600:.1f} h"
    parts = axis(base, since, until, f"{unit} lead")
    for one in deployments:
        x = LEFT + (one.at - since) / max(until - since, 1.0) * WIDTH
        y = base - (one.lead or 0.0) / top * (HEIGHT - 20)
        colour = FAILED if one.failed else GOOD
        parts.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}"><title>{escape(one.stack)}</title></circle>'
        )
    return parts


def axis(base: float, since: float, until: float, top: str) -> list[str]:
    def day(moment: float) -> str:
        return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d")

    right = LEFT + WIDTH
    return [
        f'<line x1="{LEFT}" y1="{base}" x2="{right}" y2="{base}" stroke="{INK}"/>',
        f'<text x="{LEFT}" y="{base + 16}">{day(since)}</text>',
        f'<text x="{right}" y="{base + 16}" text-anchor="end">{day(until)}</text>',
        f'<text x="{LEFT}" y="{base - HEIGHT + 14}">{escape(top)}</text>',
    ]
