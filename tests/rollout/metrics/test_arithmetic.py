"""The figures of balancers become minutes: bounds that hold whatever CloudWatch says."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from senza.rollout.metrics.builtin import errors, healthy, slowness
from senza.rollout.metrics.cloudwatch import Window

VALUES = st.integers(0, 10**9).map(lambda thousandths: thousandths / 1000)
SERIES = st.dictionaries(st.integers(0, 5).map(lambda minute: 60 * minute), VALUES, max_size=6)
PAIRS = st.lists(st.tuples(SERIES, SERIES), max_size=3)


@given(SERIES, SERIES)
def test_there_are_never_more_errors_than_requests(requests: dict[int, float], failed: dict[int, float]) -> None:
    made = list(errors(requests, failed))
    assert [minute.at for minute in made] == sorted({at for one in (requests, failed) for at in one if one[at]})
    assert all(minute.of is not None and 0 <= minute.value <= minute.of for minute in made)


@given(PAIRS)
def test_the_share_of_healthy_hosts_is_a_share(pairs: list[tuple[dict[int, float], dict[int, float]]]) -> None:
    made = list(healthy(pairs))
    assert all(0 <= minute.value <= 1 for minute in made)
    assert {minute.at for minute in made} == {at for pair in pairs for one in pair for at in one}


@given(PAIRS)
def test_a_mean_lies_between_its_parts(pairs: list[tuple[dict[int, float], dict[int, float]]]) -> None:
    for minute in slowness(pairs):
        parts = [slow[minute.at] for slow, _ in pairs if minute.at in slow]
        assert min(parts) * (1 - 1e-9) <= minute.value <= max(parts) * (1 + 1e-9)


@given(st.integers(0, 10**13), st.integers(-(10**5), 10**9))
def test_a_window_holds_only_whole_minutes(begun: int, lasted: int) -> None:
    start, length = begun / 1000, lasted / 1000  # moments are known to the millisecond
    window = Window.of(start, start + length)
    assert window.start % 60 == window.end % 60 == 0
    if window:
        assert start <= window.start < window.end <= start + length
    else:
        assert length < 120
