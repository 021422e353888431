"""Network, hosted zones, certificates."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from senza.account.certificates import Certificate
from senza.account.network import Subnet
from senza.doctor import environment
from senza.sandbox.certificates import certificate
from senza.sandbox.world import START
from tests.doctor.conftest import Doctor, said

NOW = datetime.fromtimestamp(START, UTC)
ACM = "arn:aws:acm:eu-central-1:123456789012:certificate/1"
IAM = "arn:aws:iam::123456789012:server-certificate/1"


def subnets(*names: str) -> list[Subnet]:
    """One in each zone for each name."""
    return [Subnet(f"subnet-{name}{zone}", f"{name}-{zone}", zone, "vpc-1") for name in names for zone in "ab"]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["dmz", "internal", "nat"], []),
        (["dmz", "internal"], [("info", "nat")]),
        (["dmz", "other"], [("info", "internal")]),
        (["internal", "nat"], [("info", "dmz")]),
        (["other"], [("info", "dmz")]),
        (["dmz", "nat"], [("error", "all are named dmz or nat")]),
    ],
)
def test_the_names_of_subnets_tell_what_they_are_for(names: list[str], expected: list[tuple[str, str]]) -> None:
    found = list(environment.layout("vpc-1", subnets(*names)))
    assert [finding.level for finding in found] == [level for level, _ in expected]
    assert all(word in finding.message for finding, (_, word) in zip(found, expected, strict=True))
    assert all("aws ec2 create-tags" in finding.advice for finding in found)


def test_one_zone_is_too_few() -> None:
    one = [subnet for subnet in subnets("dmz", "internal", "nat") if subnet.zone == "a"]
    assert said(list(environment.layout("vpc-1", one))) == [
        ("warning", "all subnets for servers are in one availability zone (a)"),
        ("warning", "all subnets for load balancers are in one availability zone (a)"),
    ]


def test_several_vpcs_without_a_default_one_are_told(doctor: Doctor) -> None:
    vpc = doctor.aws.call("ec2", "create_vpc", CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    (finding,) = doctor.asks(environment.NETWORK)
    assert (finding.level, vpc in finding.message) == ("warning", True)


def test_a_vpc_without_subnets_is_an_error(doctor: Doctor) -> None:
    for subnet in doctor.aws.call("ec2", "describe_subnets")["Subnets"]:
        doctor.aws.call("ec2", "delete_subnet", SubnetId=subnet["SubnetId"])
    (finding,) = doctor.asks(environment.NETWORK)
    assert (finding.level, "has no subnets" in finding.message) == ("error", True)


def test_several_zones_and_twins_are_told(doctor: Doctor) -> None:
    for number, name in enumerate(("hello.example.org", "other.example.org")):
        doctor.aws.call("route53", "create_hosted_zone", Name=name, CallerReference=str(number))
    assert [(finding.level, finding.subject) for finding in doctor.asks(environment.ZONES)] == [
        ("warning", "hello.example.org"),
        ("info", ""),
    ]


def test_no_zone_is_told(doctor: Doctor) -> None:
    doctor.aws.call("route53", "delete_hosted_zone", Id=doctor.sandbox.values["zone_ids"]["hello.example.org."])
    assert [finding.level for finding in doctor.asks(environment.ZONES)] == ["warning"]


def made(days: float, arn: str = ACM, status: str = "ISSUED", **more: bool) -> Certificate:
    until = NOW + timedelta(days=days)
    return Certificate(arn, ("www.example.org",), True, NOW, status, until=until, **more)


@pytest.mark.parametrize(
    ("found", "level", "advice"),
    [
        (made(29, in_use=True), "warning", "aws acm import-certificate"),
        (made(29, in_use=True, renewed_by_aws=True), "warning", "aws acm describe-certificate"),
        (made(6, in_use=True), "error", "aws acm import-certificate"),
        (made(-1, in_use=True, status="EXPIRED"), "error", "aws acm import-certificate"),
        (made(-1, in_use=False, status="EXPIRED"), "info", "aws acm delete-certificate"),
        (made(29, IAM), "warning", "aws acm request-certificate"),
        (made(-1, IAM, status="EXPIRED"), "warning", "aws acm request-certificate"),
        (made(99, status="FAILED", in_use=False), "warning", "aws acm describe-certificate"),
        (made(99, status="REVOKED", in_use=True), "error", "aws acm describe-certificate"),
        (made(99, status="VALIDATION_TIMED_OUT"), "warning", "aws acm describe-certificate"),
        (made(99, status="PENDING_VALIDATION"), "warning", "CNAME"),
    ],
)
def test_a_certificate_that_is_no_good_is_told(found: Certificate, level: str, advice: str) -> None:
    (finding,) = environment.judged([found], START)
    assert (finding.level, finding.subject) == (level, found.arn)
    assert advice in finding.advice


@pytest.mark.parametrize("found", [made(31, in_use=True), made(31, IAM)])
def test_a_certificate_that_lasts_is_fine(found: Certificate) -> None:
    assert list(environment.judged([found], START)) == []


@pytest.mark.parametrize("days", [20, 40])
def test_an_imported_certificate_is_looked_at(doctor: Doctor, days: int) -> None:
    pem = certificate(("shop.example.org",), NOW - timedelta(days=9), NOW + timedelta(days=days))
    doctor.aws.call("acm", "import_certificate", Certificate=pem.certificate.encode(), PrivateKey=pem.key.encode())
    doctor.aws.call(
        "iam",
        "upload_server_certificate",
        ServerCertificateName="shop",
        CertificateBody=pem.certificate,
        PrivateKey=pem.key,
    )
    for check, level in ((environment.CERTIFICATES, "info"), (environment.SERVER_CERTIFICATES, "warning")):
        assert [finding.level for finding in doctor.asks(check)] == ([level] if days == 20 else [])
