"""TLS certificates of the account, and which of them is good for a domain."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from senza.aws import Aws

KEY_TYPES = ["RSA_1024", "RSA_2048", "RSA_3072", "RSA_4096", "EC_prime256v1", "EC_secp384r1", "EC_secp521r1"]
"""ListCertificates leaves out all but RSA up to 2048 bits unless these are asked for."""


@dataclass(frozen=True)
class Certificate:
    arn: str
    names: tuple[str, ...]
    """Domain names it is for, wildcards included; for an IAM server certificate its own name."""
    complete: bool
    """False where ACM listed only the first of many names."""
    since: datetime
    """When it was issued, imported or uploaded."""
    status: str
    """``ISSUED``, or what ACM says is wrong with it."""
    until: datetime | None = None
    """When it expires, where that is known."""
    in_use: bool | None = None
    """Whether an AWS service uses it; None where that is not known (IAM server certificates)."""
    renewed_by_aws: bool = False
    """Whether ACM renews it by itself as long as its validation stays in place (CertificateSummary)."""


def look_up_certificates(aws: Aws) -> tuple[Certificate, ...]:
    """All ACM certificates, newest first, from the list alone (no call for each certificate)."""
    found = []
    for item in aws.pages("acm", "list_certificates", "CertificateSummaryList", Includes={"keyTypes": KEY_TYPES}):
        names = dict.fromkeys([item["DomainName"], *item.get("SubjectAlternativeNameSummaries", ())])
        since = (
            item.get("IssuedAt") or item.get("ImportedAt") or item.get("CreatedAt") or datetime.min.replace(tzinfo=UTC)
        )
        status = item.get("Status", "ISSUED")
        if status == "ISSUED" and "NotAfter" in item and item["NotAfter"] <= datetime.now(UTC):
            status = "EXPIRED"
        complete = not item.get("HasAdditionalSubjectAlternativeNames")
        renewed = item.get("Type") == "AMAZON_ISSUED" and item.get("RenewalEligibility") != "INELIGIBLE"
        found.append(
            Certificate(
                *(item["CertificateArn"], tuple(names), complete, since, status),
                until=item.get("NotAfter"),
                in_use=item.get("InUse"),
                renewed_by_aws=renewed,
            )
        )
    return newest_first(found)


def look_up_names(aws: Aws, arn: str) -> tuple[str, ...]:
    """All the names of one ACM certificate."""
    detail = aws.call("acm", "describe_certificate", CertificateArn=arn)["Certificate"]
    return tuple(dict.fromkeys([detail["DomainName"], *detail.get("SubjectAlternativeNames", ())]))


def look_up_server_certificates(aws: Aws) -> tuple[Certificate, ...]:
    """All IAM server certificates, newest first."""
    found = []
    for item in aws.pages("iam", "list_server_certificates", "ServerCertificateMetadataList"):
        expired = "Expiration" in item and item["Expiration"] <= datetime.now(UTC)
        since = item.get("UploadDate", datetime.min.replace(tzinfo=UTC))
        status = "EXPIRED" if expired else "ISSUED"
        names = (item["ServerCertificateName"],)
        found.append(Certificate(item["Arn"], names, True, since, status, until=item.get("Expiration")))
    return newest_first(found)


def newest_first(certificates: Sequence[Certificate]) -> tuple[Certificate, ...]:
    by_arn = sorted(certificates, key=lambda certificate: certificate.arn)
    return tuple(sorted(by_arn, key=lambda certificate: certificate.since, reverse=True))


def covers(pattern: str, domain: str) -> bool:
    """Whether a certificate for the pattern is good for the domain: RFC 6125, a wildcard is one whole first label."""
    pattern, domain = pattern.lower().rstrip("."), domain.lower().rstrip(".")
    if pattern.startswith("*."):
        label, _, rest = domain.partition(".")
        return bool(label) and rest == pattern[2:]
    return pattern == domain


def acm_certificate_for(
    domain: str, certificates: Sequence[Certificate], all_names: Callable[[str], Sequence[str]]
) -> Certificate | None:
    """The first (newest) valid one that covers the domain; ``all_names(arn)`` is asked only where the list was cut."""
    for certificate in certificates:
        if certificate.status != "ISSUED":
            continue
        if any(covers(name, domain) for name in certificate.names):
            return certificate
        if not certificate.complete and any(covers(name, domain) for name in all_names(certificate.arn)):
            return certificate
    return None


def server_certificate_for(zone: str, certificates: Sequence[Certificate]) -> Certificate | None:
    """The newest valid one whose name starts with the zone (dots as dashes)."""
    prefix = zone.rstrip(".").lower().replace(".", "-")
    for certificate in certificates:
        if certificate.status == "ISSUED" and certificate.names[0].lower().startswith(prefix):
            return certificate
    return None
