"""``postgresapp``: a PostgreSQL cluster of Spilo instances (PostgreSQL with Patroni).

The environment variables are those of Spilo's documentation, "Environment Configuration Settings"; ports 5432 and 8008
are those of PostgreSQL and of Patroni's REST API, whose ``/primary`` and ``/replica`` answer 200 on the instance that
is it (Patroni documentation, "Patroni REST API").
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from senza.account import Account
from senza.starters import apps
from senza.starters.buckets import Bucket
from senza.starters.keys import Key, Password
from senza.starters.model import Starter, Wanted
from senza.starters.questions import (
    ALLOWED_CIDR,
    APPLICATION_ID,
    HOSTED_ZONE,
    INSTANCE_TYPE,
    VPC_ID,
    Answers,
    Question,
    integer,
    matching,
)
from senza.starters.roles import Policy, Role
from senza.starters.security_groups import Rule, SecurityGroup
from senza.starters.text import scalar

IMAGE = "ghcr.io/zalando/spilo-18:4.1-p2"
"""The current Spilo, with PostgreSQL 18. ``Image=...`` chooses another one when a version is created."""
POSTGRES = 5432
PATRONI = 8008
PASSWORDS = ("PGPASSWORD_SUPERUSER", "PGPASSWORD_ADMIN", "PGPASSWORD_STANDBY")


def _bucket(answers: Answers, account: Account) -> str:
    """Bucket names are unique in the whole world; with account and region nobody else is likely to have it."""
    return f"{answers['application_id']}-wal-{account.identity}-{account.region}"[:63].rstrip("-")


class PostgresApp(Starter):
    name: ClassVar[str] = "postgresapp"
    summary: ClassVar[str] = (
        "A PostgreSQL cluster: three Spilo instances, backups in S3, passwords that only KMS can read."
    )
    questions: ClassVar[tuple[Question, ...]] = (
        APPLICATION_ID,
        Question(
            "etcd_discovery_domain",
            "Domain with the SRV records of the etcd cluster that decides who is the primary",
            matching(r"(?:[a-zA-Z0-9_-]+\.)+[a-zA-Z0-9-]+\.?", "it looks like etcd.example.org"),
        ),
        INSTANCE_TYPE,
        Question("volume_size", "Size of each instance's disk in GiB", integer(10, 16384), "50"),
        Question(
            "wal_s3_bucket",
            "S3 bucket for backups and write-ahead logs",
            matching("[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", "it is the name of an S3 bucket"),
            _bucket,
        ),
        Question(
            "kms_key",
            "KMS key for the passwords: an alias (made where it does not exist), or the id or ARN of a key",
            matching(
                "alias/(?!aws/)[A-Za-z0-9/_-]+|arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[a-z0-9-]+|(?:mrk-)?[0-9a-f-]{32,36}",
                "it looks like alias/my-key; keys of AWS itself (alias/aws/...) cannot be used",
            ),
            lambda answers, account: f"alias/{answers['application_id']}",
        ),
        VPC_ID,
        HOSTED_ZONE,
        ALLOWED_CIDR,
    )
    template: ClassVar[str] = """\
# PostgreSQL cluster <<application_id>> (Spilo). Made by "senza init"; it is yours to change.
#
#   senza create FILE VERSION --wait
#   senza traffic <<application_id>> VERSION 100    its domain leads there
#
# Each version is a database of its own. Nobody has seen the passwords: they are encrypted with the KMS key
# <<key>>. Who needs one, and may use the key, decrypts what follows aws:kms: with "aws kms decrypt".
SenzaInfo:
  StackName: <<application_id>>
  Parameters:
    - Image:
        Description: Container image of Spilo
        Default: <<image>>
  Checks:
    Ignore:
      - Rule: SZ402
        Component: Database
        Because: replicas fail the check of the primary's load balancer, and the primary that of the replicas'

SenzaComponents:
  - Configuration: # subnets and machine images as they are in the account
      Type: Senza::StupsAutoConfiguration
      <<vpc>>

  - Database: # a primary and two replicas; any of them may become the primary
      Type: Senza::TaupageAutoScalingGroup
      InstanceType: <<instance_type>>
      SecurityGroups: [<<group>>]
      IamRoles: [<<group>>]
      ElasticLoadBalancer: [PrimaryLoadBalancer, ReplicaLoadBalancer]
      # Each load balancer finds some of the instances unhealthy, for they have the other role: that must not end them.
      HealthCheckType: EC2
      AutoScaling:
        Minimum: 3
        Maximum: 3
        SuccessRequires: 3 within 30m
      BlockDeviceMappings:
        - DeviceName: /dev/xvdk
          Ebs: {VolumeSize: <<volume_size>>, VolumeType: gp3, Encrypted: true}
      TaupageConfig:
        runtime: Docker
        source: "{{Arguments.Image}}"
        root: true # Spilo starts as root and runs PostgreSQL as postgres
        ports:
          5432: 5432
          8008: 8008
        mounts:
          /home/postgres/pgdata:
            partition: /dev/xvdk
            erase_on_boot: false
            options: noatime
        environment:
          SCOPE: "{{SenzaInfo.StackName}}-{{Arguments.version}}"
          PGROOT: /home/postgres/pgdata/pgroot
          ETCD_DISCOVERY_DOMAIN: <<etcd_discovery_domain>>
          AWS_REGION: "{{Arguments.region}}"
          WAL_S3_BUCKET: <<wal_s3_bucket>>
          <<passwords>>

  - PrimaryLoadBalancer: # leads to the primary, which may write
      Type: Senza::ElasticLoadBalancer
      <<balancer>>
      HealthCheckPath: /primary
      Domains:
        Main: {Type: weighted, Zone: "<<zone>>", Subdomain: "{{SenzaInfo.StackName}}"}

  - ReplicaLoadBalancer: # leads to the replicas, for reading
      Type: Senza::ElasticLoadBalancer
      NameSuffix: replica
      <<balancer>>
      HealthCheckPath: /replica
      Domains:
        Replica: {Type: weighted, Zone: "<<zone>>", Subdomain: "{{SenzaInfo.StackName}}-replica"}
"""

    def wanted(self, answers: Answers, account: Account) -> list[Wanted]:
        apps.check_vpc(answers, account)
        apps.zone_of(answers, account)
        balancer, instances = apps.balanced_groups(answers, POSTGRES, POSTGRES, PATRONI)
        assert isinstance(instances, SecurityGroup)
        among = tuple(Rule(port, instances.name) for port in (POSTGRES, PATRONI))
        key = answers["kms_key"]
        return [
            balancer,
            SecurityGroup(instances.name, instances.description, instances.vpc_id, (*instances.rules, *among)),
            Bucket(answers["wal_s3_bucket"], account.region),
            Key(key),
            Role(instances.name, instances.description, (_policy(answers, account),)),
            *(Password(variable, key) for variable in PASSWORDS),
        ]

    def words(self, answers: Answers, account: Account, secrets: Mapping[str, str]) -> Mapping[str, str]:
        passwords = (f"{variable}: {scalar(f'aws:kms:{secrets[variable]}')}" for variable in PASSWORDS)
        return {
            "vpc": apps.network_line(answers, account),
            "zone": apps.zone_of(answers, account),
            "key": answers["kms_key"],
            "image": scalar(IMAGE),
            "group": apps.group_of(answers),
            "passwords": "\n".join(passwords),
            "balancer": (
                f"SecurityGroups: [{apps.balancer_group_of(answers)}]\n"
                "Listeners:\n"
                f"  - {{Protocol: TCP, LoadBalancerPort: {POSTGRES}, InstancePort: {POSTGRES}}}\n"
                f"HealthCheckPort: {PATRONI}"
            ),
        }


def _policy(answers: Answers, account: Account) -> Policy:
    bucket, name = answers["wal_s3_bucket"], answers["application_id"]
    arn = f"arn:{apps.partition(account.region)}:s3:::{bucket}"
    statements: tuple[dict[str, Any], ...] = (
        {"Effect": "Allow", "Action": ["s3:ListBucket", "s3:GetBucketLocation"], "Resource": [arn]},
        {
            "Effect": "Allow",
            "Action": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
            "Resource": [f"{arn}/*"],
        },
        _may_decrypt(answers["kms_key"], account),
    )
    return Policy(f"{name}-postgres", f"use s3://{bucket} and decrypt with {answers['kms_key']}", statements)


def _may_decrypt(key: str, account: Account) -> dict[str, Any]:
    """A policy cannot name a key by its alias, but a condition can (KMS developer guide, "kms:ResourceAliases")."""
    keys = f"arn:{apps.partition(account.region)}:kms:{account.region}:{account.identity}:key"
    statement: dict[str, Any] = {"Effect": "Allow", "Action": ["kms:Decrypt"]}
    if key.startswith("alias/"):
        condition = {"ForAnyValue:StringEquals": {"kms:ResourceAliases": [key]}}
        return {**statement, "Resource": [f"{keys}/*"], "Condition": condition}
    return {**statement, "Resource": [key if key.startswith("arn:") else f"{keys}/{key}"]}
