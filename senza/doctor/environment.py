"""What stacks are put into: network, hosted zones, certificates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC

from senza.account.certificates import Certificate
from senza.account.network import Subnet
from senza.doctor.facts import Facts
from senza.doctor.model import Check, Finding, Level
from senza.errors import NotFound, UsageError

EXPIRING_DAYS = 30
URGENT_DAYS = 7
DAY = 86400.0
KINDS = ("dmz", "internal", "nat")
"""What a subnet's Name tag says about it, see Senza::SubnetAutoConfiguration."""
INVALID = ("FAILED", "VALIDATION_TIMED_OUT", "REVOKED", "INACTIVE")


def network(facts: Facts) -> Iterator[Finding]:
    try:
        vpc = facts.account.vpc()
        subnets = facts.account.subnets(vpc)
    except NotFound as error:
        yield Finding("error", error.message, error.hint)
        return
    except UsageError as error:  # a definition can say which one
        yield Finding("warning", error.message, error.hint)
        return
    yield from layout(vpc.id, subnets)


def layout(vpc: str, subnets: Sequence[Subnet]) -> Iterator[Finding]:
    """Pure: whether the subnets' names say where servers and load balancers go."""
    kinds = {kind: [subnet for subnet in subnets if kind in subnet.name] for kind in KINDS}
    named = {subnet.id for found in kinds.values() for subnet in found}
    servers = [*kinds["internal"], *(subnet for subnet in subnets if subnet.id not in named)]
    if not servers:
        yield Finding(
            "error",
            f"VPC {vpc} has no subnet for servers: all are named dmz or nat",
            f"{tagged('internal-...')} Or give the component PublicOnly: true.",
            vpc,
        )
    elif not kinds["dmz"]:
        yield Finding(
            "info",
            f"VPC {vpc} has no subnet whose Name tag contains dmz: load balancers share the servers' subnets",
            tagged("dmz-..."),
            vpc,
        )
    elif not kinds["internal"]:
        yield Finding(
            "info",
            f"VPC {vpc} has no subnet whose Name tag contains internal: servers go to all that are neither dmz nor nat",
            tagged("internal-..."),
            vpc,
        )
    if kinds["dmz"] and kinds["internal"] and not kinds["nat"]:
        yield Finding(
            "info",
            f"VPC {vpc} has no subnet whose Name tag contains nat: see that servers reach the Internet another way",
            tagged("nat-..."),
            vpc,
        )
    for what, found in (("servers", servers), ("load balancers", kinds["dmz"])):
        zones = {subnet.zone for subnet in found}
        if len(zones) == 1:
            message = f"all subnets for {what} are in one availability zone ({zones.pop()})"
            yield Finding("warning", message, "Create one in another zone: aws ec2 create-subnet.", vpc)


def tagged(name: str) -> str:
    return f"Name them: aws ec2 create-tags --resources SUBNET_ID --tags Key=Name,Value={name}."


def zones(facts: Facts) -> Iterator[Finding]:
    public = [zone.name.rstrip(".") for zone in facts.account.zones() if not zone.private]
    if not public:
        yield Finding(
            "warning",
            "there is no public hosted zone, so load balancers get no domain",
            "Create one: aws route53 create-hosted-zone --name DOMAIN --caller-reference $(date +%s)",
        )
    for name, times in Counter(public).items():
        if times > 1:
            yield Finding(
                "warning",
                f"{times} public hosted zones are called {name}; the world sees the one that the parent zone names",
                f"See which: dig NS {name}. Delete the others: aws route53 delete-hosted-zone --id ID",
                name,
            )
    if len(set(public)) > 1:
        yield Finding(
            "info",
            f"there are several hosted zones ({', '.join(sorted(set(public)))}), so nothing can choose one for you",
            "Give MainDomain and VersionDomain (or Domains) in full in definitions.",
        )


def certificates(facts: Facts) -> Iterator[Finding]:
    return judged(facts.account.certificates(), facts.now)


def server_certificates(facts: Facts) -> Iterator[Finding]:
    return judged(facts.account.server_certificates(), facts.now)


def judged(found: Iterable[Certificate], now: float) -> Iterator[Finding]:
    """Pure: what is wrong with certificates at that time (seconds since the epoch)."""
    for certificate in found:
        name = f"the certificate for {certificate.names[0]}"
        used = certificate.in_use is not False
        if certificate.status in INVALID:
            level: Level = "error" if certificate.in_use else "warning"
            said = certificate.status.lower().replace("_", " ")
            advice = (
                f"See why: aws acm describe-certificate --certificate-arn {certificate.arn}; then request a new one."
            )
            yield Finding(level, f"{name} is no good: {said}", advice, certificate.arn)
        elif certificate.status == "PENDING_VALIDATION":
            advice = (
                "Create the CNAME records that validate it, see: "
                f"aws acm describe-certificate --certificate-arn {certificate.arn} (ACM waits 72 hours)."
            )
            yield Finding("warning", f"{name} waits for its validation", advice, certificate.arn)
        elif certificate.until is not None:
            left = (certificate.until.timestamp() - now) / DAY
            if left < EXPIRING_DAYS:
                yield expiring(certificate, name, left, used)


def expiring(certificate: Certificate, name: str, days: float, used: bool) -> Finding:
    assert certificate.until is not None
    day = certificate.until.astimezone(UTC).date().isoformat()
    message = f"{name} expired on {day}" if days <= 0 else f"{name} expires on {day}, in {days:.0f} days"
    level: Level = "info"
    if used:
        level = "error" if certificate.in_use and days < URGENT_DAYS else "warning"
    if ":acm:" not in certificate.arn:
        advice = "Move to ACM, which renews by itself: aws acm request-certificate --domain-name DOMAIN"
    elif not used:
        message, advice = (
            f"{message}; nothing uses it",
            f"aws acm delete-certificate --certificate-arn {certificate.arn}",
        )
    elif certificate.renewed_by_aws:
        message = f"{message}; ACM should have renewed it long ago"
        advice = (
            "Put its CNAME records back, see RenewalSummary in: "
            f"aws acm describe-certificate --certificate-arn {certificate.arn}"
        )
    else:
        advice = f"Import a new one: aws acm import-certificate --certificate-arn {certificate.arn} --certificate ..."
    return Finding(level, message, advice, certificate.arn)


NETWORK = Check(
    "network",
    "There is a VPC whose subnets tell where servers and load balancers go",
    "VPCs, subnets and their Name tags (dmz, internal, nat)",
    "https://docs.aws.amazon.com/vpc/latest/userguide/configure-subnets.html",
    network,
)
ZONES = Check(
    "zones",
    "There is a hosted zone for domains",
    "hosted zones",
    "https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/hosted-zones-working-with.html",
    zones,
)
CERTIFICATES = Check(
    "certificates",
    f"No ACM certificate is invalid, or expires within {EXPIRING_DAYS} days",
    "ACM certificates of the region",
    "https://docs.aws.amazon.com/acm/latest/userguide/troubleshooting-renewal.html",
    certificates,
)
SERVER_CERTIFICATES = Check(
    "server-certificates",
    f"No IAM server certificate expires within {EXPIRING_DAYS} days",
    "IAM server certificates",
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_server-certs.html",
    server_certificates,
)
