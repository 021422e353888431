"""``Senza::TaupageAutoScalingGroup``: an Auto Scaling group of instances that run a container."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from senza.account import Needs
from senza.account.machine_images import ARCHITECTURES, STOCK_IMAGES
from senza.components.auto_scaling_group import AutoScalingGroup
from senza.components.docker_instances import DockerInstances
from senza.components.functions import is_function
from senza.components.image_tags import tag_image
from senza.components.model import Container, Fragment, Property
from senza.components.references import resolve_outputs
from senza.components.settings import Settings
from senza.userdata.taupage import APPLICATION_ID, APPLICATION_VERSION, completed, taupage_user_data

_IMAGE = "LatestTaupageImage"
DOCKER_PROPERTIES = (
    Property(
        "Architecture",
        "x86_64 or arm64",
        "On stock images, where InstanceType is a function. Default: that of the instance type.",
    ),
    Property("LogRetention", "days", "On stock images: how long CloudWatch keeps the container's log.", 30),
    Property(
        "KmsKeys", "list of key ids, ARNs or aliases", "On stock images: keys that the secrets are encrypted with."
    ),
)


class TaupageAutoScalingGroup(AutoScalingGroup):
    type_names: ClassVar[tuple[str, ...]] = ("TaupageAutoScalingGroup",)
    summary: ClassVar[str] = (
        "An AutoScalingGroup of Taupage instances, or of stock images, each of which runs a Docker container."
    )
    properties: ClassVar[tuple[Property, ...]] = (
        Property("TaupageConfig", "mapping", "What to run: runtime, source, ports, environment...", required=True),
        Property("Image", "name", "A Taupage image of the Images map, AmazonLinux2023, Ubuntu or Flatcar.", _IMAGE),
        *(item for item in AutoScalingGroup.properties if item.name not in ("Image", "UserData")),
        *DOCKER_PROPERTIES,
    )
    default_image: ClassVar[str] = _IMAGE
    takes_stock_images: ClassVar[bool] = True
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

    def needs(self) -> Needs:
        needs = super().needs()
        if self.stock_image():
            types = () if "Architecture" in self.settings else self.instance_types()
            images = () if "ImageId" in self.settings else (self.stock_image(),)
            needs |= Needs(stock_images=frozenset(images), instance_types=frozenset(types))
        return needs

    def image(self) -> Any:
        return "" if "ImageId" in self.settings else self.settings.get("Image", self.default_image)

    def stock_image(self) -> str:
        """The stock image that the instances are of, also where ImageId names one that was made from it; else ""."""
        image = self.settings.get("Image", "" if "ImageId" in self.settings else self.default_image)
        if not self.takes_stock_images or not isinstance(image, str) or image not in STOCK_IMAGES:
            return ""
        return "" if self._means_its_own(image) else image

    def _means_its_own(self, image: str) -> bool:
        """Whether the definition has an image of that name, which a Taupage group has always meant by it."""
        if self.default_image != _IMAGE:
            return False
        maps = [component.settings.get("Images") for component in self.site.bound.components]
        return any(isinstance(names, Mapping) and image in names for names in maps)

    def instance_types(self) -> list[str]:
        """Those that are named, as far as they are literal."""
        policy = self.settings.get("MixedInstancesPolicy")
        template = policy.get("LaunchTemplate") if isinstance(policy, Mapping) else None
        overrides = template.get("Overrides") if isinstance(template, Mapping) else None
        mixed = [one.get("InstanceType") for one in overrides or () if isinstance(one, Mapping)]
        named = [self.settings.get("InstanceType"), *self.settings.items("InstanceTypes"), *mixed]
        return list(dict.fromkeys(str(one) for one in named if one is not None and not isinstance(one, Mapping)))

    def _http_tokens(self) -> str:
        return "required" if self.stock_image() else super()._http_tokens()

    def architecture(self) -> str:
        """The processor of the instances. Raises DefinitionError where they have several or none is known."""
        settings = self.settings
        if "Architecture" in settings:
            given = settings.text("Architecture")
            if given not in ARCHITECTURES:
                raise settings.wrong(f"Architecture cannot be {given}", "Architecture", hint="Write x86_64 or arm64.")
            return given
        types = self.instance_types()
        with settings.blaming("InstanceType"):
            known = self.site.account.architectures(types)
        if len(set(known.values())) > 1:
            listed = ", ".join(f"{name} ({known[name]})" for name in types)
            raise settings.wrong(
                f"the instance types have different processors, and one image serves one kind: {listed}",
                hint="Choose types of one kind.",
            )
        if not known:
            self.site.warn(
                f"{settings.where()}: the instance type is not known here, so that the image is one for x86_64. "
                "Write Architecture: arm64 if that is wrong."
            )
        return next(iter(known.values()), "x86_64")

    def adjust_launch(self, data: dict[str, Any], fragment: Fragment) -> None:
        super().adjust_launch(data, fragment)
        stock = self.stock_image()
        if stock:
            config = self._config()
            instances = DockerInstances(
                self.settings,
                self.site,
                stock=stock,
                architecture=self.architecture(),
                config=config,
                complete=self._complete(config),
            )
            instances.adjust(data, fragment)

    def user_data(self) -> Any:
        if self.stock_image():
            return None  # which needs to know the container's digest, and is made when everything else is
        config = self._config()
        complete = self._complete(config)
        image = complete["source"]
        if not is_function(image):
            with config.blaming("source"):
                checked = self.site.check_image(str(image))
            if checked is not None:
                tag_image(self.site, self.name, checked)
        self.site.containers.append(Container(self.name, complete, image))
        return {"Fn::Base64": taupage_user_data(complete, is_function)}

    def _config(self) -> Settings:
        self.settings.require("TaupageConfig", "{runtime: Docker, source: stups/hello-world:1.0}")
        config = self.settings.section("TaupageConfig")
        assert config is not None
        return config

    def _complete(self, config: Settings) -> dict[str, Any]:
        """TaupageConfig with what is added to it, checked. Raises DefinitionError."""
        bound = self.site.bound
        complete = completed(
            config.values,
            {
                **({"runtime": "Docker"} if self.stock_image() else {}),
                "notify_cfn": {"stack": bound.full_name, "resource": self.name},
                "application_id": bound.stack_name,
                "application_version": bound.version,
                "nat_gateways": self._nat_gateways(),
            },
        )
        with config.blaming():
            complete = resolve_outputs(complete, self.site.account)
        self._check(config, complete)
        return {key: value for key, value in complete.items() if key != "nat_gateways" or value}

    def _check(self, config: Settings, complete: Mapping[str, Any]) -> None:
        config.require("source", "stups/hello-world:1.0")
        runtime = complete.get("runtime")
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

    def _nat_gateways(self) -> dict[str, str]:
        """Where the instances' way out is, in a network of public subnets whose instances have no public address."""
        network = self.site.network
        public = self.settings.get("AssociatePublicIpAddress", getattr(network, "public_addresses", False))
        if network is None or not network.public_only or str(public).lower() == "true":
            return {}
        gateways = self.site.account.nat_gateways()
        return {subnet: gateways[subnet] for subnet in network.server_subnets() if subnet in gateways}
