"""Gap: moto tells the state of a subnet's IPv6 range as the text of a mapping."""

from __future__ import annotations

from typing import Any


def apply() -> None:
    from moto.ec2.models.subnets import Subnet

    def ranges(self: Any) -> list[dict[str, Any]]:
        return [
            {**one, "ipv6CidrBlockState": {"state": one["ipv6CidrBlockState"]["State"]}}
            for one in self.ipv6_cidr_block_associations.values()
            if one["ipv6CidrBlockState"]["State"] == "associated"
        ]

    Subnet.ipv6_cidr_block_association_set = property(ranges)
