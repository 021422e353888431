"""Gap: moto has no DescribeInstanceInformation: which instances Systems Manager can reach."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from senza.sandbox.world import world


def asked_for(filters: Iterable[dict[str, Any]]) -> set[str] | None:
    """The instance ids that the filters name; None for all."""
    for one in filters:
        if one.get("Key") == "InstanceIds":
            return set(one["Values"])
    return None


def apply() -> None:
    from moto.core.responses import ActionResult
    from moto.ec2.models import ec2_backends
    from moto.ssm import responses

    def describe_instance_information(self: Any) -> Any:
        wanted = asked_for(self._get_param("Filters", []))
        backend = ec2_backends[self.current_account][self.region]
        listed = []
        for instance in (one for reservation in backend.all_reservations() for one in reservation.instances):
            ping = world.settings.ssm_ping.get(instance.id, "Online")
            if ping and instance.is_running() and (wanted is None or instance.id in wanted):
                listed.append({"InstanceId": instance.id, "PingStatus": ping, "ResourceType": "EC2Instance"})
        return ActionResult({"InstanceInformationList": listed})

    responses.SimpleSystemManagerResponse.describe_instance_information = describe_instance_information
