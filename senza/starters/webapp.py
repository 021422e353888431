"""``webapp``: a container behind a load balancer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from senza.account import Account
from senza.starters import apps
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
    one_of,
)

HTTPS = 443


class WebApp(Starter):
    name: ClassVar[str] = "webapp"
    summary: ClassVar[str] = "A web application: a container on some instances behind a load balancer with a domain."
    questions: ClassVar[tuple[Question, ...]] = (
        APPLICATION_ID,
        apps.DOCKER_IMAGE,
        Question("http_port", "TCP port that the container listens on", integer(1, 65535), "8080"),
        Question(
            "http_health_check_path",
            "Path that answers 200 when the application is well",
            matching("/[!-~]*", "it begins with a slash and has no spaces"),
            "/health",
        ),
        INSTANCE_TYPE,
        apps.MINT_BUCKET,
        VPC_ID,
        HOSTED_ZONE,
        Question(
            "loadbalancer_scheme",
            "Load balancer inside the network (internal) or on the internet (internet-facing)",
            one_of("internal", "internet-facing"),
            "internal",
        ),
        ALLOWED_CIDR,
    )
    template: ClassVar[str] = """\
# Web application <<application_id>>. Made by "senza init"; it is yours to change.
#
#   senza create FILE VERSION IMAGE_VERSION --wait    a new version, without traffic
#   senza traffic <<application_id>> VERSION 100
SenzaInfo:
  StackName: <<application_id>>
  Parameters:
    - ImageVersion:
        Description: Tag of the container image

SenzaComponents:
  - Configuration: # subnets and machine images as they are in the account
      Type: Senza::StupsAutoConfiguration
      <<vpc>>

  - AppServer: # instances that run the container
      Type: Senza::TaupageAutoScalingGroup
      InstanceType: <<instance_type>>
      SecurityGroups: [<<group>>]
      IamRoles: [<<group>>]
      ElasticLoadBalancerV2: AppLoadBalancer
      AutoScaling:
        Minimum: 2 # one may fail, or its zone
        Maximum: 6
        MetricType: CPU
        ScaleUpThreshold: 70
        ScaleDownThreshold: 30
      TaupageConfig:
        runtime: Docker
        source: <<source>>
        ports:
          <<http_port>>: <<http_port>>
        health_check_path: <<http_health_check_path>>
        <<mint>>

  - AppLoadBalancer: # HTTPS, and a domain that the versions share by weight
      Type: Senza::WeightedDnsElasticLoadBalancerV2
      HTTPPort: <<http_port>>
      HealthCheckPath: <<http_health_check_path>>
      SecurityGroups: [<<balancer_group>>]
      Scheme: <<loadbalancer_scheme>>
      <<domains>>
"""

    def wanted(self, answers: Answers, account: Account) -> list[Wanted]:
        apps.check_vpc(answers, account)
        apps.zone_of(answers, account)
        return [
            *apps.balanced_groups(answers, HTTPS, int(answers["http_port"])),
            apps.app_role(answers, account),
        ]

    def words(self, answers: Answers, account: Account, secrets: Mapping[str, str]) -> Mapping[str, str]:
        zone = apps.zone_of(answers, account)
        domains = "" if "{{" in zone else (
            f'MainDomain: "{{{{SenzaInfo.StackName}}}}.{zone}"\n'
            f'VersionDomain: "{{{{SenzaInfo.StackName}}}}-{{{{Arguments.version}}}}.{zone}"'
        )  # fmt: skip
        return {
            "vpc": apps.network_line(answers, account),
            "group": apps.group_of(answers),
            "balancer_group": apps.balancer_group_of(answers),
            "source": apps.source_of(answers),
            "mint": apps.mint_line(answers),
            "domains": domains,
        }
