"""Which version is meant where nobody says so."""

from __future__ import annotations

import pytest

from senza.errors import UsageError
from senza.promotion.running import chosen
from senza.traffic.app import Share

MAIN, OTHER = "shop.example.org", "other.example.org"


def share(version: str, effective: float, domain: str = MAIN, identifier: str = "") -> Share:
    name = identifier or f"shop-{version}"
    return Share(domain, "A", name, version, round(effective * 2), effective, "CREATE_COMPLETE")


def test_the_one_with_all_the_traffic() -> None:
    assert chosen("shop", [share("1", 0), share("2", 100)], [], "staging") == "2"
    assert chosen("shop", [share("2", 100), share("2", 100, OTHER), share("1", 0)], [], "staging") == "2"


def test_the_only_one_there_is() -> None:
    assert chosen("shop", [], ["7"], "staging") == "7"
    with pytest.raises(UsageError, match=r"no weighted domain in staging, .*: 1, 2"):
        chosen("shop", [], ["1", "2"], "staging")


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ([share("1", 90), share("2", 10)], "shop.example.org: 1 90 %, 2 10 %"),
        ([share("1", 50), share("2", 50)], "shop.example.org: 1 50 %, 2 50 %"),
        ([share("1", 100), share("2", 100, OTHER)], "shop.example.org: 1 100 %; other.example.org: 2 100 %"),
        ([share("1", 75), share("", 25, identifier="by-hand")], "shop.example.org: 1 75 %, by-hand 25 %"),
        ([share("", 100, identifier="by-hand")], "shop.example.org: by-hand 100 %"),
    ],
)
def test_several_are_told_with_their_shares(found: list[Share], said: str) -> None:
    with pytest.raises(UsageError) as caught:
        chosen("shop", found, [], "staging")
    assert caught.value.message == f"no version of shop has all the traffic in staging: {said}"
    assert caught.value.hint == "Say which one: senza promote shop VERSION --from staging ..."
