"""What a definition will ask about the account, collected before anything is asked."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Needs:
    """Facts to fetch at the same time. Needs are added with ``|``.

    network: VPCs and subnets. vpc: VPCs alone. security_groups: names (not ids). stock_images: names of
    :mod:`senza.account.machine_images`. instance_types: whose architecture will be asked for. shared_balancers: the
    stacks that have them.
    """

    network: bool = False
    vpc: bool = False
    images: bool = False
    zones: bool = False
    certificates: bool = False
    topics: bool = False
    route_tables: bool = False
    security_groups: frozenset[str] = frozenset()
    stock_images: frozenset[str] = frozenset()
    instance_types: frozenset[str] = frozenset()
    shared_balancers: frozenset[str] = frozenset()

    def __or__(self, other: Needs) -> Needs:
        return Needs(
            network=self.network or other.network,
            vpc=self.vpc or other.vpc,
            images=self.images or other.images,
            zones=self.zones or other.zones,
            certificates=self.certificates or other.certificates,
            topics=self.topics or other.topics,
            route_tables=self.route_tables or other.route_tables,
            security_groups=self.security_groups | other.security_groups,
            stock_images=self.stock_images | other.stock_images,
            instance_types=self.instance_types | other.instance_types,
            shared_balancers=self.shared_balancers | other.shared_balancers,
        )
