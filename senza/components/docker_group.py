"""``Senza::DockerAutoScalingGroup``: an Auto Scaling group of instances of a stock image that run a container."""

from __future__ import annotations

from typing import ClassVar

from senza.components.model import Property
from senza.components.taupage import TaupageAutoScalingGroup

_IMAGE = "AmazonLinux2023"


class DockerAutoScalingGroup(TaupageAutoScalingGroup):
    type_names: ClassVar[tuple[str, ...]] = ("DockerAutoScalingGroup",)
    summary: ClassVar[str] = "An AutoScalingGroup of instances of a stock image, each of which runs a Docker container."
    properties: ClassVar[tuple[Property, ...]] = (
        Property("TaupageConfig", "mapping", "What to run: source, ports, environment...", required=True),
        Property("Image", "name", "AmazonLinux2023, Ubuntu or Flatcar; with ImageId, what that is made from.", _IMAGE),
        *(item for item in TaupageAutoScalingGroup.properties if item.name not in ("TaupageConfig", "Image")),
    )
    default_image: ClassVar[str] = _IMAGE
    http_tokens: ClassVar[str] = "required"
    example: ClassVar[str] = """\
AppServer:
  Type: Senza::DockerAutoScalingGroup
  InstanceType: t4g.small
  SecurityGroups: [app-hello-world]
  TaupageConfig:
    source: "ghcr.io/example/hello-world:1.0"
    ports:
      8080: 8080
    health_check_path: /health
"""
