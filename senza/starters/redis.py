"""``rediscluster`` and ``redisnode``: Redis on ElastiCache."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from senza.account import Account
from senza.starters import apps
from senza.starters.model import Starter, Wanted
from senza.starters.questions import APPLICATION_ID, VPC_ID, Answers, Question, integer, matching, optional
from senza.starters.security_groups import Rule, SecurityGroup

PORT = 6379

NODE_TYPE = Question(
    "cache_node_type",
    "ElastiCache node type",
    matching(r"cache\.[a-z0-9-]+\.[a-z0-9]+", "it looks like cache.t4g.small"),
    "cache.t4g.small",
)
CLIENTS = Question(
    "client_security_group",
    "Security group (name or id) of the instances that may connect (empty: none yet)",
    optional(matching("[ -~]{1,255}", "it is the name or id of a security group")),
    "",
)
HEAD = """\
# Redis <<application_id>>. Made by "senza init"; it is yours to change.
#
#   senza create FILE VERSION --wait
SenzaInfo:
  StackName: <<application_id>>

SenzaComponents:
  - Configuration: # subnets as they are in the account
      Type: Senza::SubnetAutoConfiguration
      <<vpc>>

"""


class Redis(Starter):
    def wanted(self, answers: Answers, account: Account) -> list[Wanted]:
        apps.check_vpc(answers, account)
        clients = answers["client_security_group"]
        if clients and not clients.startswith("sg-"):
            account.security_group(clients, answers["vpc_id"])
        rules = (Rule(PORT, clients),) if clients else ()
        description = f"Redis of {answers['application_id']}"
        return [SecurityGroup(_group(answers), description, answers["vpc_id"], rules)]

    def words(self, answers: Answers, account: Account, secrets: Mapping[str, str]) -> Mapping[str, str]:
        return {"vpc": apps.network_line(answers, account), "group": _group(answers)}


def _group(answers: Answers) -> str:
    return f"redis-{answers['application_id']}"


class RedisCluster(Redis):
    name: ClassVar[str] = "rediscluster"
    summary: ClassVar[str] = "A replicated Redis (ElastiCache) that fails over by itself."
    questions: ClassVar[tuple[Question, ...]] = (
        APPLICATION_ID,
        NODE_TYPE,
        Question("number_of_nodes", "Nodes, the primary included", integer(2, 6), "2"),
        CLIENTS,
        VPC_ID,
    )
    template: ClassVar[str] = f"""\
{HEAD}\
  - Redis: # a primary and its replicas in other zones
      Type: Senza::RedisCluster
      NumberOfNodes: <<number_of_nodes>>
      CacheNodeType: <<cache_node_type>>
      SecurityGroups: [<<group>>]
      AtRestEncryptionEnabled: true
"""


class RedisNode(Redis):
    name: ClassVar[str] = "redisnode"
    summary: ClassVar[str] = "One Redis node (ElastiCache), for what may be lost."
    questions: ClassVar[tuple[Question, ...]] = (APPLICATION_ID, NODE_TYPE, CLIENTS, VPC_ID)
    template: ClassVar[str] = f"""\
{HEAD}\
  - "<<application_id>>-{{{{Arguments.version}}}}": # the name of the node in ElastiCache
      Type: Senza::RedisNode
      CacheNodeType: <<cache_node_type>>
      SecurityGroups: [<<group>>]
"""
