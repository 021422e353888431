"""The account of a fresh sandbox: a team's, with everything that the hello-world definition looks up.

Made directly on moto's backends, which is some twenty times faster than over HTTP, so that every test can have a
fresh one. What is in it, and why:

* the alias ``acme-hello``: team ``hello``, mint bucket of ``acme``;
* exactly one VPC (no default one), with subnets ``dmz-*`` (load balancers), ``internal-*`` (servers) and ``nat-*`` in
  three zones, an internet gateway, and NAT gateways in each ``nat-*`` subnet and in the first ``dmz-*`` one;
* one hosted zone, so that nothing has to ask which;
* security groups tagged with ``Name``, but ``app-kio*``, which can only be found by their group name;
* an ACM certificate for the zone, one for another domain, and an IAM server certificate;
* Taupage images (data/amis.json), SNS topics, a KMS key with an encrypted value, the mint bucket;
* images of Amazon Linux, Ubuntu, Flatcar and Bottlerocket, with the public SSM parameters that name them;
* an ECR repository ``hello-world`` with images for both architectures, since no other registry can be reached.
"""

from __future__ import annotations

import base64
import copy
import json
from dataclasses import dataclass, field
from functools import cache
from ipaddress import ip_network
from typing import Any

from senza.sandbox import published
from senza.sandbox.certificates import certificate
from senza.sandbox.world import world

ALIAS = "acme-hello"
ZONE = "hello.example.org."
DOMAIN = ZONE.rstrip(".")
MATCHING = (f"*.{DOMAIN}", DOMAIN)
"""The names of the certificate that fits the zone."""
SEED = 20260101
"""Of moto's random numbers: a reset gives the same ids again."""
SECURITY_GROUPS = (
    *("app-hello-world", "app-hello-world-lb", "app-kio", "app-kio-lb", "app-lsd", "app-lsd-lb"),
    *("app-hello-hello-world", "redis-hello"),
)
ROLES = ("app-hello-world", "app-kio", "app-lsd", "app-hello-hello-world")
TOPICS = ("stups-ops", "senza-operators")
ANYWHERE = "0.0.0.0/0"


@dataclass
class Account:
    """What was seeded: labels ``{id: "<label>"}`` for the random ids, values for what tests and definitions need."""

    region: str
    number: str
    labels: dict[str, str] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)

    @property
    def partition(self) -> str:
        from moto.utilities.utils import get_partition

        return str(get_partition(self.region))

    def label(self, ident: str, text: str) -> None:
        self.labels[ident] = f"<{text}>"


def seed(region: str) -> dict[str, Any]:
    """Wipe moto and fill the account; returns ``{"labels": ..., "values": ...}``."""
    from moto.core import DEFAULT_ACCOUNT_ID
    from moto.core.base_backend import BackendDict
    from moto.core.model_instances import reset_model_data
    from moto.ec2.models import ec2_backends
    from moto.moto_api._internal import mock_random

    BackendDict.reset()
    reset_model_data()
    ec2_backends[DEFAULT_ACCOUNT_ID][region]  # else moto makes it, with many ids, now or below: as it was used before
    mock_random.seed(SEED)
    account = Account(region, DEFAULT_ACCOUNT_ID, values={"account_id": DEFAULT_ACCOUNT_ID})
    everywhere(account)
    in_region(account)
    world.place = (account.number, region)
    world.places.extend([(account.number, ""), world.place])
    return {"labels": account.labels, "values": account.values}


def everywhere(account: Account) -> None:
    """What an account has once, not in each region."""
    dns(account)
    identities(account)
    server_certificate(account)


def in_region(account: Account) -> None:
    network(account)
    security_groups(account)
    images(account)
    certificates(account)
    topics_and_keys(account)
    for ident, text in published.seed(account.number, account.region).items():
        account.label(ident, text)


def network(account: Account) -> None:
    from moto.ec2.models import ec2_backends

    ec2 = ec2_backends[account.number][account.region]
    drop_default_vpc(ec2)
    vpc = ec2.create_vpc("172.20.0.0/16")
    ec2.create_tags([vpc.id], {"Name": "team-vpc"})
    account.label(vpc.id, "vpc")
    account.values["vpc_id"] = vpc.id
    gateway = ec2.create_internet_gateway()
    ec2.attach_internet_gateway(gateway.id, vpc.id)
    public = ec2.create_route_table(vpc.id)
    ec2.create_route(public.id, ANYWHERE, gateway_id=gateway.id)
    subnets: dict[str, str] = {}
    for number, (kind, zone) in enumerate((kind, zone) for kind in ("dmz", "internal", "nat") for zone in "abc"):
        name = f"{kind}-{account.region}{zone}"
        subnet = ec2.create_subnet(vpc.id, f"172.20.{number * 8}.0/24", availability_zone=account.region + zone)
        ec2.create_tags([subnet.id], {"Name": name})
        account.label(subnet.id, f"subnet:{name}")
        subnets[name] = subnet.id
        if kind != "internal":
            ec2.associate_route_table(public.id, subnet_id=subnet.id)
    account.values["subnets"] = subnets
    gateways = [name for name in subnets if name.startswith("nat-")]
    for name in (f"dmz-{account.region}a", *gateways):
        nat = ec2.create_nat_gateway(subnets[name], ec2.allocate_address("vpc").allocation_id)
        account.label(nat.id, f"nat:{name}")
        for address in nat.address_set:
            account.label(address["privateIp"], f"nat-ip:{name}")
        zone = name[-1]
        if name in gateways:
            private = ec2.create_route_table(vpc.id)
            ec2.create_route(private.id, ANYWHERE, nat_gateway_id=nat.id)
            ec2.associate_route_table(private.id, subnet_id=subnets[f"internal-{account.region}{zone}"])
    addresses_of_both_families(account, ec2, gateway.id, public.id)


def addresses_of_both_families(account: Account, ec2: Any, gateway: str, public: str) -> None:
    """IPv6 for the VPC and each of its subnets, as load balancers with dual stack need it."""
    block = ec2.associate_vpc_cidr_block(account.values["vpc_id"], "", True)["cidr_block"]
    ranges = ip_network(block).subnets(new_prefix=64)
    for subnet, own in zip(account.values["subnets"].values(), ranges, strict=False):
        ec2.associate_subnet_cidr_block(subnet, str(own))
    ec2.create_route(public, None, destination_ipv6_cidr_block="::/0", gateway_id=gateway)


def drop_default_vpc(ec2: Any) -> None:
    vpc = ec2.default_vpc
    for subnet in list(ec2.get_default_subnets().values()):
        ec2.delete_subnet(subnet.id)
    for gateway in ec2.describe_internet_gateways(filters={"attachment.vpc-id": [vpc.id]}):
        ec2.detach_internet_gateway(gateway.id, vpc.id)
        ec2.delete_internet_gateway(gateway.id)
    ec2.delete_vpc(vpc.id)


def security_groups(account: Account) -> None:
    from moto.ec2.models import ec2_backends

    ec2 = ec2_backends[account.number][account.region]
    vpc_id = account.values["vpc_id"]
    for name in SECURITY_GROUPS:
        tags = {} if name.startswith("app-kio") else {"Name": name}
        ec2.create_security_group(name, "Application security group", vpc_id, tags=tags)
    for group in ec2.describe_security_groups(filters={"vpc-id": [vpc_id]}):
        account.label(group.id, f"sg:{group.name}")
        port = 443 if group.name.endswith("-lb") else 8080
        if group.name != "default":
            ec2.authorize_security_group_ingress(group.id, "tcp", str(port), str(port), [{"CidrIp": ANYWHERE}])


def images(account: Account) -> None:
    from moto.ec2.models import ec2_backends

    ec2 = ec2_backends[account.number][account.region]
    for image in ec2.amis.values():
        account.label(image.id, f"ami:{image.name}")


def dns(account: Account) -> None:
    from moto.route53.models import route53_backends

    zone = route53_backends[account.number][account.partition].create_hosted_zone(
        ZONE, False, caller_reference="seed-0"
    )
    account.label(zone.resource_id, f"zone:{ZONE}")
    account.values["zone_ids"] = {ZONE: zone.id}


def identities(account: Account) -> None:
    from moto.iam.models import iam_backends

    iam = iam_backends[account.number][account.partition]
    iam.create_account_alias(ALIAS)
    trust = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    for role in ROLES:
        iam.create_role(role, policy(trust), "/", None, "", [], None)
        for suffix, action in (("mint-read", "s3:GetObject"), ("metrics", "cloudwatch:PutMetricData")):
            sid = role.replace("-", "")
            statement = {"Effect": "Allow", "Action": [action], "Resource": ["*"], "Sid": sid}
            iam.put_role_policy(role, f"{role}-{suffix}", policy(statement))


def policy(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def server_certificate(account: Account) -> None:
    from moto.iam.models import iam_backends

    pem = certificate(MATCHING)
    name = DOMAIN.replace(".", "-")
    iam = iam_backends[account.number][account.partition]
    account.label(
        iam.upload_server_certificate(name, pem.certificate, pem.key, cert_chain=pem.certificate).arn,
        f"iam-cert:{name}",
    )


def certificates(account: Account) -> None:
    from moto.acm.models import acm_backends
    from moto.acm.utils import make_arn_for_certificate

    acm = acm_backends[account.number][account.region]
    for names in (MATCHING, ("*.unrelated.example.net",)):
        bundle = issued(account.number, account.region, names)
        bundle.arn = make_arn_for_certificate(account.number, account.region)
        acm._certificates[bundle.arn] = bundle
        account.label(bundle.arn, f"acm-cert:{names[0]}")
        account.values.setdefault("acm_arn", bundle.arn)


def issued(number: str, region: str, names: tuple[str, ...]) -> Any:
    """An ACM certificate that Amazon issued."""
    from moto.core.utils import utcnow

    made = copy.copy(checked_bundle(number, region, names))
    made.created_at, made.in_use_by, made.tags = utcnow(), [], type(made.tags)()
    return made


@cache
def checked_bundle(number: str, region: str, names: tuple[str, ...]) -> Any:
    """moto checks the key of each one it makes, which takes longer than all the rest: one is made, and copied."""
    from moto.acm.models import CertBundle

    pem = certificate(names)
    return CertBundle(
        number,
        pem.certificate.encode(),
        pem.key.encode(),
        region=region,
        cert_type="AMAZON_ISSUED",
        cert_status="ISSUED",
    )


def topics_and_keys(account: Account) -> None:
    from moto.kms.models import kms_backends
    from moto.s3.models import s3_backends
    from moto.sns.models import sns_backends

    for name in TOPICS:
        topic = sns_backends[account.number][account.region].create_topic(name)
        account.label(topic.arn, f"topic:{name}")
        account.values["topic_arn"] = topic.arn
    kms = kms_backends[account.number][account.region]
    key = kms.create_key(None, "ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT", "senza parameters", [])
    kms.create_alias(key.id, "alias/senza")
    account.label(key.arn, "kms-key-arn")
    account.label(key.id, "kms-key-id")
    secret = base64.b64encode(kms.encrypt(key.id, b"top secret", {})[0]).decode()
    account.values["kms_ciphertext"] = secret
    account.label(secret, "KMS_CIPHERTEXT")
    bucket = f"{ALIAS.split('-')[0]}-stups-mint-{account.number}-{account.region}"
    s3_backends[account.number][account.partition].create_bucket(bucket, account.region)
    account.values["mint_bucket"] = bucket
