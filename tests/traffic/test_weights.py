"""The arithmetic of traffic, as promises that hold for any weights."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senza.traffic.weights import TOTAL, apportion, effective, percent, shift

WEIGHTS = st.dictionaries(st.sampled_from("abcdefghij"), st.integers(0, 255), min_size=1)


@st.composite
def requests(draw: st.DrawFn) -> tuple[dict[str, int], str, int]:
    current = draw(WEIGHTS)
    return current, draw(st.sampled_from(sorted(current))), draw(st.integers(0, TOTAL))


@given(requests())
def test_the_sum_is_exactly_200_unless_the_last_traffic_is_taken_away(
    request_: tuple[dict[str, int], str, int],
) -> None:
    current, target, asked = request_
    others = sum(weight for key, weight in current.items() if key != target)
    expected = 0 if asked == 0 and others == 0 else TOTAL
    assert sum(shift(current, target, asked).weights.values()) == expected


@given(requests())
def test_the_asked_version_gets_what_was_asked_or_a_reason(request_: tuple[dict[str, int], str, int]) -> None:
    current, target, asked = request_
    result = shift(current, target, asked)
    assert (result.weights[target] == asked) == (result.because is None)
    with_traffic = [key for key, weight in current.items() if weight and key != target]
    if asked in (0, TOTAL) or (with_traffic and len(with_traffic) <= TOTAL - asked):
        assert result.because is None


@given(requests())
def test_nobody_without_traffic_gains_and_nobody_with_traffic_loses_all(
    request_: tuple[dict[str, int], str, int],
) -> None:
    current, target, asked = request_
    after = shift(current, target, asked).weights
    assert set(after) == set(current)
    for key in set(current) - {target}:
        if current[key] == 0 or asked == TOTAL:
            assert after[key] == 0
        else:
            assert after[key] >= 1


@given(requests())
def test_the_same_request_twice_changes_nothing(request_: tuple[dict[str, int], str, int]) -> None:
    current, target, asked = request_
    once = shift(current, target, asked).weights
    if sum(once.values()):
        assert shift(once, target, asked).weights == once


@given(st.dictionaries(st.integers(), st.integers(1, 1000), min_size=1, max_size=40), st.integers(0, 200))
def test_the_split_is_in_proportion_to_within_one_unit(shares: dict[int, int], spare: int) -> None:
    seats = len(shares) + spare
    result = apportion(shares, seats)
    assert sum(result.values()) == seats
    total = sum(shares.values())
    lifted = any(
        share * seats < total for share in shares.values()
    )  # somebody was given the minimum, others pay for it
    for key, share in shares.items():
        off = result[key] - share * seats / total
        assert off < 1 or result[key] == 1
        assert off > -1 or lifted


@given(st.dictionaries(st.integers(), st.integers(1, 1000), min_size=1, max_size=40), st.integers(0, 200))
def test_more_traffic_before_is_never_less_after(shares: dict[int, int], spare: int) -> None:
    result = apportion(shares, len(shares) + spare)
    ordered = sorted(shares, key=lambda key: shares[key])
    for smaller, larger in itertools.pairwise(ordered):
        if shares[smaller] < shares[larger]:
            assert result[smaller] <= result[larger]


def test_examples() -> None:
    assert shift({"1": 200, "2": 0}, "2", 100).weights == {"1": 100, "2": 100}
    assert shift({"1": 120, "2": 80, "3": 0}, "3", 100).weights == {"1": 60, "2": 40, "3": 100}
    assert shift({"1": 100, "2": 60, "3": 40}, "1", 200).weights == {"1": 200, "2": 0, "3": 0}
    assert shift({"1": 100, "2": 100}, "1", 0).weights == {"1": 0, "2": 200}


def test_nobody_else_has_traffic_so_the_version_gets_all_of_it() -> None:
    result = shift({"1": 0, "2": 0}, "2", 20)
    assert (result.weights, result.because) == ({"1": 0, "2": 200}, "no other version has traffic")


def test_too_little_is_left_for_the_others_so_the_asked_one_gives_way() -> None:
    result = shift({"1": 80, "2": 80, "3": 40, "4": 0}, "4", 199)
    assert result.weights == {"1": 1, "2": 1, "3": 1, "4": 197}
    assert result.because == "each of the 3 other versions with traffic keeps at least 0.5 %"


def test_a_sum_that_was_not_200_becomes_200() -> None:
    assert shift({"1": 255, "2": 255, "3": 0}, "3", 20).weights == {"1": 90, "2": 90, "3": 20}


@pytest.mark.parametrize("asked", [-1, 201])
def test_a_weight_out_of_range_is_a_bug_of_the_caller(asked: int) -> None:
    with pytest.raises(ValueError, match="0 to 200"):
        shift({"1": 0}, "1", asked)


def test_more_shares_than_seats_is_a_bug_of_the_caller() -> None:
    with pytest.raises(ValueError, match="not enough"):
        apportion({"a": 1, "b": 1}, 1)


def test_all_zero_means_everybody() -> None:
    assert effective({"1": 0, "2": 0}) == {"1": 50.0, "2": 50.0}
    assert effective({"1": 150, "2": 50}) == {"1": 75.0, "2": 25.0}


def test_half_percents_are_written_as_percents() -> None:
    assert [percent(weight) for weight in (0, 1, 100, 199, 200)] == ["0", "0.5", "50", "99.5", "100"]
