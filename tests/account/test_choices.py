"""Rules for choosing among facts, as values: zones, certificates, images, groups, VPCs."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senza.account.certificates import Certificate, acm_certificate_for, covers, newest_first, server_certificate_for
from senza.account.dns import HostedZone, account_zone, zone_of
from senza.account.images import Image, newest
from senza.account.network import SecurityGroup, Vpc, choose_group, choose_vpc
from senza.errors import NotFound, UsageError

ZONES = [HostedZone("1", "example.org."), HostedZone("2", "hello.example.org."), HostedZone("3", "lo.example.org.")]


@pytest.mark.parametrize(
    ("domain", "zone"),
    [
        ("shop.hello.example.org", "2"),
        ("shop.hello.example.org.", "2"),
        ("hello.example.org", "2"),
        ("SHOP.Hello.Example.ORG", "2"),
        ("othello.example.org", "1"),
        ("example.org.", "1"),
        ("notexample.org", None),
        ("org", None),
    ],
)
def test_the_zone_of_a_domain(domain: str, zone: str | None) -> None:
    found = zone_of(domain, ZONES)
    assert (found.id if found else None) == zone


@given(st.permutations(ZONES), st.from_regex(r"([a-z]{1,5}\.){0,3}hello\.example\.org\.?", fullmatch=True))
def test_the_order_of_zones_does_not_count(zones: list[HostedZone], domain: str) -> None:
    found = zone_of(domain, zones)
    assert found is not None
    assert found.id == "2"


def test_the_zone_of_an_account() -> None:
    public, private = HostedZone("1", "a.org."), HostedZone("2", "b.local.", private=True)
    assert account_zone([private, public]) == public
    assert account_zone([private]) == private
    assert account_zone([public, HostedZone("3", "a.org.", private=True)]) == public
    with pytest.raises(NotFound, match="no hosted zone"):
        account_zone([])
    with pytest.raises(UsageError, match=r"a\.org, c\.org"):
        account_zone([public, HostedZone("4", "c.org.")])


@pytest.mark.parametrize(
    ("pattern", "domain", "covered"),
    [
        ("*.example.org", "a.example.org", True),
        ("*.example.org", "A.Example.org.", True),
        ("*.example.org", "a.b.example.org", False),
        ("*.example.org", "example.org", False),
        ("*.example.org", ".example.org", False),
        ("example.org", "example.org", True),
        ("xexample.org", "example.org", False),
        ("*.org", "example.org", True),
    ],
)
def test_certificates_cover_one_label(pattern: str, domain: str, covered: bool) -> None:
    assert covers(pattern, domain) is covered


def certificate(arn: str, *names: str, day: int = 1, status: str = "ISSUED", complete: bool = True) -> Certificate:
    return Certificate(arn, names, complete, datetime(2026, 1, day, tzinfo=UTC), status)


def no_details(arn: str) -> tuple[str, ...]:
    raise AssertionError(f"nobody needs to ask about {arn}")


def test_the_newest_valid_certificate_is_taken() -> None:
    found = newest_first(
        [
            certificate("old", "*.a.org", day=1),
            certificate("new", "b.org", "*.a.org", day=3),
            certificate("expired", "*.a.org", day=5, status="EXPIRED"),
            certificate("pending", "*.a.org", day=6, status="PENDING_VALIDATION"),
            certificate("other", "*.c.org", day=7),
        ]
    )
    chosen = acm_certificate_for("x.a.org", found, no_details)
    assert chosen is not None
    assert chosen.arn == "new"
    assert acm_certificate_for("x.d.org", found, no_details) is None


def test_only_a_cut_list_of_names_is_asked_for() -> None:
    asked = []

    def names(arn: str) -> tuple[str, ...]:
        asked.append(arn)
        return ("first.org", "*.a.org")

    found = newest_first([certificate("long", "first.org", day=2, complete=False), certificate("old", "*.a.org")])
    chosen = acm_certificate_for("x.a.org", found, names)
    assert chosen is not None
    assert (chosen.arn, asked) == ("long", ["long"])


def test_server_certificates_are_told_by_their_names() -> None:
    found = newest_first(
        [certificate("1", "a-org", day=1), certificate("2", "a-org-2026", day=2), certificate("3", "b-org", day=3)]
    )
    chosen = server_certificate_for("a.org.", found)
    assert chosen is not None
    assert chosen.arn == "2"
    assert server_certificate_for("c.org", found) is None


def image(name: str, public: bool = False) -> Image:
    return Image(f"id of {name}", name, "123456789012", public)


def test_images_private_first_and_never_a_strangers() -> None:
    private = [image("Taupage-AMI-20250101"), image("Taupage-AMI-20260101"), image("TaupageDev-AMI-20270101")]
    public = [image("Taupage-Public-AMI-20260601", public=True), image("Taupage-AMI-20990101", public=True)]
    assert newest("Taupage", [*private, *public]) == private[1]
    assert newest("Taupage", public) == public[0]
    assert newest("Taupage", [public[1]]) is None
    assert newest("TaupageDev", private) == private[2]


def test_choosing_a_vpc() -> None:
    one, two, default = Vpc("vpc-1", "one", False), Vpc("vpc-2", "", False), Vpc("vpc-3", "", True)
    assert choose_vpc([one], None) == one
    assert choose_vpc([one, two, default], None) == default
    assert choose_vpc([one, two], "vpc-2") == two
    with pytest.raises(UsageError, match=r"vpc-1 \(one\), vpc-2"):
        choose_vpc([one, two], None)
    with pytest.raises(NotFound, match="no VPC vpc-9"):
        choose_vpc([one], "vpc-9")
    with pytest.raises(NotFound, match="no VPC in this account"):
        choose_vpc([], None)


def test_choosing_a_security_group() -> None:
    here, there, again = (
        SecurityGroup("sg-1", "a", "vpc-1"),
        SecurityGroup("sg-2", "a", "vpc-2"),
        SecurityGroup("sg-3", "a", "vpc-1"),
    )
    assert choose_group("a", [there], "vpc-1") == there
    assert choose_group("a", [here, there], "vpc-1") == here
    for groups in ([here, again], [here, there, again]):
        with pytest.raises(UsageError, match="several security groups"):
            choose_group("a", groups, "vpc-1")
    with pytest.raises(NotFound, match='no security group "a"'):
        choose_group("a", [], "vpc-1")
