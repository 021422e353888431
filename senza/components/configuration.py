"""``Senza::Configuration``: parameters, description and maps of the template."""

from __future__ import annotations

from typing import ClassVar

from senza.components.model import ComponentType, Fragment, Property
from senza.definition.model import Bound

SUBNET_MAPS = ("ServerSubnets", "LoadBalancerSubnets", "LoadBalancerInternalSubnets")
MAX_DESCRIPTION = 1024
"""Bytes of a template's description (CloudFormation quotas)."""
MASK = "****"


class Configuration(ComponentType):
    type_names: ClassVar[tuple[str, ...]] = ("Configuration",)
    summary: ClassVar[str] = (
        "Names subnets and images by region, and turns the definition's parameters into the stack's."
    )
    properties: ClassVar[tuple[Property, ...]] = (
        Property("DefineParameters", "boolean", "Whether SenzaInfo.Parameters become the stack's parameters.", True),
        Property("ServerSubnets", "mapping of region to list of subnet ids", "Where instances are started."),
        Property(
            "LoadBalancerSubnets", "mapping of region to list of subnet ids", "For internet-facing load balancers."
        ),
        Property(
            "LoadBalancerInternalSubnets", "mapping of region to list of subnet ids", "For internal load balancers."
        ),
        Property(
            "Images", "mapping of name to mapping of region to image id", "Machine images by a name of their own."
        ),
    )
    example: ClassVar[str] = """\
Configuration:
  Type: Senza::Configuration
  ServerSubnets:
    eu-central-1: [subnet-aaaa1111, subnet-bbbb2222]
  Images:
    Base:
      eu-central-1: ami-0aaa1111
"""

    def build(self) -> Fragment:
        fragment = Fragment(description=describe(self.site.bound))
        if self.settings.boolean("DefineParameters", True):
            for parameter in self.site.bound.parameters:
                fragment.parameters[parameter.name] = {"Type": "String", **parameter.settings}
        for name in SUBNET_MAPS:
            regions = self.settings.section(name)
            for region in regions.values if regions else ():
                assert regions is not None
                fragment.mappings.setdefault(name, {})[str(region)] = {"Subnets": regions.items(region)}
        images = self.settings.section("Images")
        for image in images.values if images else ():
            assert images is not None
            regions = images.section(image)
            assert regions is not None
            for region, image_id in regions.values.items():
                fragment.mappings.setdefault("Images", {}).setdefault(str(region), {})[str(image)] = image_id
        return fragment


def describe(bound: Bound) -> str:
    """``Hello World (ImageVersion: 0.2)``, without the values that are not to be seen."""
    values = sorted(
        f"{parameter.name}: {MASK if parameter.no_echo else bound.arguments.get(parameter.name, '')}"
        for parameter in bound.parameters
    )
    text = f"{bound.stack_name.replace('-', ' ').title()} ({', '.join(values)})"
    return text.encode()[:MAX_DESCRIPTION].decode(errors="ignore")
