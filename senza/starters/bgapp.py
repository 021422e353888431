"""``bgapp``: a container that nobody calls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from senza.account import Account
from senza.starters import apps
from senza.starters.model import Starter, Wanted
from senza.starters.questions import APPLICATION_ID, INSTANCE_TYPE, VPC_ID, Answers, Question
from senza.starters.security_groups import SecurityGroup


class BackgroundApp(Starter):
    name: ClassVar[str] = "bgapp"
    summary: ClassVar[str] = "A background application: a container that takes no requests."
    questions: ClassVar[tuple[Question, ...]] = (
        APPLICATION_ID,
        apps.DOCKER_IMAGE,
        INSTANCE_TYPE,
        apps.MINT_BUCKET,
        VPC_ID,
    )
    template: ClassVar[str] = """\
# Background application <<application_id>>. Made by "senza init"; it is yours to change.
#
#   senza create FILE VERSION IMAGE_VERSION --wait
#   senza delete <<application_id>> OLD_VERSION
SenzaInfo:
  StackName: <<application_id>>
  Parameters:
    - ImageVersion:
        Description: Tag of the container image

SenzaComponents:
  - Configuration: # subnets and machine images as they are in the account
      Type: Senza::StupsAutoConfiguration
      <<vpc>>

  - AppServer: # one instance that runs the container; it is replaced when it fails
      Type: Senza::TaupageAutoScalingGroup
      InstanceType: <<instance_type>>
      SecurityGroups: [<<group>>]
      IamRoles: [<<group>>]
      TaupageConfig:
        runtime: Docker
        source: <<source>>
        <<mint>>
"""

    def wanted(self, answers: Answers, account: Account) -> list[Wanted]:
        apps.check_vpc(answers, account)
        group = SecurityGroup(
            apps.group_of(answers), f"Instances of {answers['application_id']}", answers["vpc_id"], rules=()
        )
        return [group, apps.app_role(answers, account)]

    def words(self, answers: Answers, account: Account, secrets: Mapping[str, str]) -> Mapping[str, str]:
        return {
            "vpc": apps.network_line(answers, account),
            "group": apps.group_of(answers),
            "source": apps.source_of(answers),
            "mint": apps.mint_line(answers),
        }
