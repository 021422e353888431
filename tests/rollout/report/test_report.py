"""The report: what must be in it, that nothing in it can do harm, and where lines stand."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senza.rollout.metrics import shares
from senza.rollout.model import DEFAULT_GATES, Minute, Says, Verdict
from senza.rollout.report import GateRecord, Move, Record, Unit, html, svg, unit_of

T = 1_780_315_200  # 12:00 UTC
WORSE = "error ratio 1.02 % against 0.10 %: worse with p = 2e-9"
ERRORS = GateRecord(
    "error ratio",
    Unit.RATIO,
    new=tuple(Minute(T + 60 * minute, minute, 250) for minute in range(5)),
    old=tuple(Minute(T + 60 * minute, 5, 4750) for minute in range(5)),
    maximum=0.01,
    verdict=Verdict("error ratio", Says.FAIL, WORSE, {"p_value": 2e-9}),
    decided=T + 270,
)
RECORD = Record(
    app="shop",
    new="3",
    old="2",
    strategy="Canary",
    started=T,
    ended=T + 300,
    result="taken back",
    because=WORSE,
    who="alice",
    good=False,
    steps=(Move(T + 10, 10, 0.047), Move(T + 280, 0)),
    gates=(ERRORS, GateRecord("alarm x", verdict=Verdict("alarm x", Says.PASS, "no alarm"))),
    events=((T, "created shop-3"),),
    shares=tuple(Minute(T + 60 * minute, 235, 5000) for minute in range(5)),
)


class Texts(HTMLParser):
    """Checks that tags are closed in order, and keeps the text and the names of tags."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.text = ""
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += f"{data} "


def test_the_page_says_it_all_in_words() -> None:
    text = " ".join(Texts(html(RECORD)).text.split())
    for said in (
        "shop 2 → 3",
        "taken back",
        WORSE,
        "alice",
        "2026-06-01, 12:00 to 12:05 UTC (5 min)",
        "created shop-3",
    ):
        assert said in text
    assert "12:00 5 % 4.7 %" in text  # asked and observed
    assert "12:04 1.6 % (4 of 250) 0.105 % (5 of 4,750)" in text
    assert "no alarm" in text


def test_the_picture_is_one_xml_file_with_both_charts() -> None:
    root = ET.fromstring(svg(RECORD))
    text = " ".join(root.itertext())
    assert text.count("5 %") >= 2
    for said in ("shop 2 → 3: taken back", WORSE, "Traffic of the new version", "at most 1 %", "failed", "12:04"):
        assert said in text


def test_nothing_comes_from_elsewhere() -> None:
    for made in (html(RECORD), svg(RECORD)):
        assert not re.search(r"(?i)\b(src|href)=|url\(|@import|<script", made)
        assert set(re.findall(r"https?://[^\"' <]+", made)) <= {"http://www.w3.org/2000/svg"}


def test_lines_stand_where_their_moments_are() -> None:
    page = html(RECORD)
    (decided,) = re.findall(r'<line class="bad" x1="([\d.]+)"', page)
    moved = sorted({float(x) for x in re.findall(r'<line class="moved" x1="([\d.]+)"', page)})
    last_new = max(float(x) for x in re.findall(r'class="dot new" cx="([\d.]+)"', page))
    assert float(decided) == last_new  # 12:04:30, the middle of the last minute
    assert moved[0] < float(decided) < moved[1]


def test_lines_are_broken_where_minutes_are_missing() -> None:
    gaps = tuple(Minute(T + 60 * minute, 1) for minute in (0, 1, 4, 6, 7))
    page = html(replace(RECORD, shares=(), gates=(GateRecord("x", new=gaps),)))
    drawn = re.findall(r'<polyline class="line new" points="([^"]*)"', page)
    assert [len(points.split()) for points in drawn] == [2, 2]
    assert page.count('class="dot new"') == 5


def test_names_of_moments_do_not_lie_on_each_other() -> None:
    steps = tuple(Move(T + 60 * number, number) for number in range(1, 121))
    page = html(replace(RECORD, steps=steps, ended=T + 7200, gates=()))
    places = sorted(
        float(x) for x in re.findall(r'<text x="([\d.]+)" y="[\d.]+" text-anchor="middle" class="moved"', page)
    )
    assert len(places) > 5
    assert min(after - before for before, after in pairwise(places)) > 20


def test_a_bound_far_above_does_not_press_the_values_to_the_ground() -> None:
    assert "at most 100 %, above this chart" in html(replace(RECORD, gates=(replace(ERRORS, maximum=1.0),)))


TEXT = st.text(max_size=30) | st.sampled_from(
    ["<script>alert(1)</script>", "]]>", "\x00\x1b[1m", '"><img src=x>', "&lt;"]
)
NUMBERS = st.floats(0, 1e9) | st.just(0.0)
MINUTES = st.lists(
    st.builds(Minute, st.integers(0, 5000).map(lambda minute: T + 60 * minute), NUMBERS, st.none() | NUMBERS),
    max_size=4,
).map(tuple)


@given(
    text=TEXT,
    new=MINUTES,
    old=MINUTES,
    unit=st.sampled_from(Unit),
    says=st.sampled_from(Says),
    bound=st.none() | NUMBERS,
    ended=st.none() | st.integers(0, 10**6).map(lambda seconds: T + seconds),
)
def test_any_text_is_only_text(
    text: str,
    new: tuple[Minute, ...],
    old: tuple[Minute, ...],
    unit: Unit,
    says: Says,
    bound: float | None,
    ended: float | None,
) -> None:
    gate = GateRecord(text, unit, new, old, bound, bound, Verdict(text, says, text, {text: 1.0}), T)
    record = Record(text, text, text, text, T, ended, text, text, text, (Move(T, 7),), (gate,), ((T, text),), None, new)
    ET.fromstring(svg(record))
    assert Texts(html(record)).tags <= Texts(html(RECORD)).tags


@pytest.mark.parametrize("make", [html, svg])
def test_a_rollout_that_has_only_begun(make: object) -> None:
    assert callable(make)
    made = make(Record("shop", "1", "", "Rolling", T, None, "waiting", "", ""))
    assert "since 12:00 UTC" in made


def test_units_of_gates() -> None:
    assert [unit_of(gate) for gate in DEFAULT_GATES] == [Unit.RATIO, Unit.SECONDS, Unit.SECONDS, Unit.RATIO]


def test_shares_of_the_requests() -> None:
    requests = {"shop-3": (Minute(T, 5), Minute(T + 60, 0)), "shop-2": (Minute(T, 95), Minute(T + 120, 10))}
    assert shares(requests, "shop-3") == (Minute(T, 5, 100), Minute(T + 120, 0, 10))
