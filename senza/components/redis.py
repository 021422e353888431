"""``Senza::RedisNode`` and ``Senza::RedisCluster``: Redis on ElastiCache."""

from __future__ import annotations

from typing import Any, ClassVar

from troposphere import AWSObject, elasticache

from senza.account import Needs
from senza.components.functions import in_region, ref
from senza.components.model import ComponentType, Fragment, Property
from senza.components.security_groups import group_names, resolve_security_groups
from senza.components.shapes import Shaper

ENGINE_VERSION = "7.1"
PARAMETER_GROUP = "default.redis7"
SUBNET_GROUP = "RedisSubnetGroup"

COMMON = (
    Property("SecurityGroups", "list of security groups", "Ids, names, functions, {Stack, LogicalId}.", required=True),
    Property("CacheNodeType", "text", "ElastiCache node type.", "cache.t2.small"),
    Property("EngineVersion", "text", "Version of Redis.", ENGINE_VERSION),
    Property("CacheParameterGroupName", "text", "Parameter group; must fit the version.", PARAMETER_GROUP),
)


class Redis(ComponentType):
    """A Redis resource in its subnet group."""

    resource: ClassVar[type[AWSObject]]
    logical_id: ClassVar[str]
    groups_property: ClassVar[str]
    """What the resource calls its security groups."""

    @classmethod
    def known_properties(cls) -> frozenset[str]:
        return super().known_properties() | frozenset(cls.resource.props)

    def needs(self) -> Needs:
        return Needs(security_groups=group_names(self.settings.items("SecurityGroups")))

    def own_properties(self) -> dict[str, Any]:
        """What differs between a node and a cluster."""
        raise NotImplementedError

    def build(self) -> Fragment:
        settings = self.settings
        if "SecurityGroups" not in settings and self.groups_property not in settings:
            settings.require("SecurityGroups", "[redis-hello]")
        shaper = Shaper(settings, self.site.tolerate)
        properties = {
            "CacheNodeType": "cache.t2.small",
            "CacheParameterGroupName": PARAMETER_GROUP,
            "CacheSubnetGroupName": ref(SUBNET_GROUP),
            "Engine": "redis",
            "EngineVersion": ENGINE_VERSION,
            self.groups_property: resolve_security_groups(settings, self.site),
            **self.own_properties(),
        }
        properties.update({key: value for key, value in settings.values.items() if key in self.resource.props})
        group = {"Description": "Redis cluster subnet group", "SubnetIds": in_region("ServerSubnets", "Subnets")}
        return Fragment(
            resources={
                self.logical_id: shaper.resource(self.resource, self.logical_id, properties),
                SUBNET_GROUP: shaper.resource(elasticache.SubnetGroup, SUBNET_GROUP, group),
            }
        )


class RedisNode(Redis):
    type_names: ClassVar[tuple[str, ...]] = ("RedisNode",)
    summary: ClassVar[str] = "One Redis node (ElastiCache), named after the component."
    properties: ClassVar[tuple[Property, ...]] = COMMON
    resource: ClassVar[type[AWSObject]] = elasticache.CacheCluster
    logical_id: ClassVar[str] = "RedisCacheCluster"
    groups_property: ClassVar[str] = "VpcSecurityGroupIds"
    passes_on: ClassVar[tuple[str, ...]] = (elasticache.CacheCluster.resource_type,)
    example: ClassVar[str] = """\
sessions:
  Type: Senza::RedisNode
  CacheNodeType: cache.t3.small
  SecurityGroups: [redis-hello]
"""

    def own_properties(self) -> dict[str, Any]:
        return {"ClusterName": self.name, "NumCacheNodes": 1}


class RedisCluster(Redis):
    type_names: ClassVar[tuple[str, ...]] = ("RedisCluster",)
    summary: ClassVar[str] = "A replicated Redis (ElastiCache) with automatic failover."
    properties: ClassVar[tuple[Property, ...]] = (
        Property("NumberOfNodes", "integer", "The primary and its replicas.", 2),
        *COMMON,
    )
    resource: ClassVar[type[AWSObject]] = elasticache.ReplicationGroup
    logical_id: ClassVar[str] = "RedisReplicationGroup"
    groups_property: ClassVar[str] = "SecurityGroupIds"
    passes_on: ClassVar[tuple[str, ...]] = (elasticache.ReplicationGroup.resource_type,)
    example: ClassVar[str] = """\
sessions:
  Type: Senza::RedisCluster
  NumberOfNodes: 3
  CacheNodeType: cache.t3.small
  SecurityGroups: [redis-hello]
"""

    def own_properties(self) -> dict[str, Any]:
        return {
            "AutomaticFailoverEnabled": True,
            "NumCacheClusters": self.settings.integer("NumberOfNodes", 2),
            "ReplicationGroupDescription": f"Redis replicated cache cluster: {self.name}",
        }
