"""``Senza::TaupageAutoScalingGroup``: an Auto Scaling group of Taupage instances that run a container."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from senza.components.auto_scaling_group import AutoScalingGroup
from senza.components.functions import is_function
from senza.components.model import Property
from senza.components.references import resolve_outputs
from senza.components.settings import Settings
from senza.userdata.taupage import APPLICATION_ID, APPLICATION_VERSION, completed, taupage_user_data


class TaupageAutoScalingGroup(AutoScalingGroup):
    type_names: ClassVar[tuple[str, ...]] = ("TaupageAutoScalingGroup",)
    summary: ClassVar[str] = "An AutoScalingGroup of Taupage instances, each of which runs a Docker container."
    properties: ClassVar[tuple[Property, ...]] = (
        Property("TaupageConfig", "mapping", "What to run: runtime, source, ports, environment...", required=True),
        Property("Image", "name", "Name in the Images map of the Taupage image.", "LatestTaupageImage"),
        *(item for item in AutoScalingGroup.properties if item.name not in ("Image", "UserData")),
    )
    http_tokens: ClassVar[str] = "optional"
    example: ClassVar[str] = """\
AppServer:
  Type: Senza::TaupageAutoScalingGroup
  InstanceType: t3.micro
  SecurityGroups: [app-hello-world]
  TaupageConfig:
    runtime: Docker
    source: "stups/hello-world:1.0"
    ports:
      8080: 8080
"""

    def image(self) -> Any:
        return "" if "ImageId" in self.settings else self.settings.get("Image", "LatestTaupageImage")

    def user_data(self) -> Any:
        self.settings.require("TaupageConfig", "{runtime: Docker, source: stups/hello-world:1.0}")
        config = self.settings.section("TaupageConfig")
        assert config is not None
        bound = self.site.bound
        complete = completed(
            config.values,
            {
                "notify_cfn": {"stack": bound.full_name, "resource": self.name},
                "application_id": bound.stack_name,
                "application_version": bound.version,
                "nat_gateways": self._nat_gateways(),
            },
        )
        with config.blaming():
            complete = resolve_outputs(complete, self.site.account)
        self._check(config, complete)
        complete = {key: value for key, value in complete.items() if key != "nat_gateways" or value}
        return {"Fn::Base64": taupage_user_data(complete, is_function)}

    def _check(self, config: Settings, complete: Mapping[str, Any]) -> None:
        config.require("source", "stups/hello-world:1.0")
        runtime = config.get("runtime")
        if runtime != "Docker":
            said = f"not {runtime!r}" if runtime else "and it is missing"
            raise config.wrong(f"runtime must be Docker, {said}", "runtime", hint="Write runtime: Docker.")
        for key, pattern in (("application_id", APPLICATION_ID), ("application_version", APPLICATION_VERSION)):
            value = complete[key]
            if not is_function(value) and not pattern.fullmatch(str(value)):
                source = "" if key in config else ", which comes from the stack"
                raise config.wrong(
                    f"{key} {str(value)!r}{source}, does not match ^{pattern.pattern}$",
                    *([key] if key in config else []),
                    hint=f"Give another {key} in TaupageConfig.",
                )
        image = complete["source"]
        if not is_function(image):
            with config.blaming("source"):
                self.site.check_image(str(image))

    def _nat_gateways(self) -> dict[str, str]:
        """Where the instances' way out is, in a network of public subnets whose instances have no public address."""
        network = self.site.network
        public = self.settings.get("AssociatePublicIpAddress", False)
        if network is None or not network.public_only or str(public).lower() == "true":
            return {}
        gateways = self.site.account.nat_gateways()
        return {subnet: gateways[subnet] for subnet in network.server_subnets() if subnet in gateways}
