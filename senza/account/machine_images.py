"""Machine images that anybody can use, by name, and the processor architecture of instance types.

Publishers keep the ids of their newest images in public SSM parameters (Systems Manager user guide, "Calling AMI public
parameters"; Canonical's "Find Ubuntu images"; the Bottlerocket quick start). All that are wanted are read in one call.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from senza.account.images import look_up_flatcar_image
from senza.aws import Aws
from senza.errors import AwsError, NotFound

ARCHITECTURES = ("x86_64", "arm64")
"""As EC2 calls them."""
PARAMETERS_AT_ONCE = 10
"""How many names GetParameters takes (SSM API reference)."""
TYPES_AT_ONCE = 100
"""How many types DescribeInstanceTypes takes (EC2 API reference)."""

_GRAVITON = re.compile(r"a1|[a-z]+[0-9]+g[a-z]*|im4gn|is4gen|x2gd|hpc7g")
"""Families with a ``g`` behind the generation (EC2 user guide, "Instance type naming conventions"), and a1."""


@dataclass(frozen=True)
class StockImage:
    """parameter: with ``{}`` where the architecture stands. architectures: how the publisher calls EC2's ones."""

    parameter: str
    architectures: tuple[str, str] = ARCHITECTURES

    def parameter_for(self, architecture: str) -> str:
        return self.parameter.format(self.architectures[ARCHITECTURES.index(architecture)])


STOCK_IMAGES = {
    "AmazonLinux2023": StockImage("/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-{}"),
    "Ubuntu": StockImage(
        "/aws/service/canonical/ubuntu/server/24.04/stable/current/{}/hvm/ebs-gp3/ami-id", ("amd64", "arm64")
    ),
    "Flatcar": StockImage("/aws/service/flatcar/stable/{}", ("amd64", "arm64")),
    "Bottlerocket": StockImage("/aws/service/bottlerocket/aws-ecs-2/{}/latest/image_id"),
}
"""Names that ``Image`` may have in a definition. Flatcar's publisher is asked where there is no parameter of it."""


def look_up_parameters(aws: Aws, names: Iterable[str]) -> dict[str, str]:
    """The values of the SSM parameters that there are."""
    wanted = sorted(set(names))
    found: dict[str, str] = {}
    for start in range(0, len(wanted), PARAMETERS_AT_ONCE):
        answer = aws.call("ssm", "get_parameters", Names=wanted[start : start + PARAMETERS_AT_ONCE])
        found.update({str(item["Name"]): str(item["Value"]) for item in answer.get("Parameters", ())})
    return found


def look_up_stock_images(aws: Aws, names: Iterable[str]) -> dict[tuple[str, str], str]:
    """``(name, architecture)`` -> ``ami-…`` of those that there are, for both architectures; one call as a rule."""
    keys = [(name, architecture) for name in sorted(set(names)) for architecture in ARCHITECTURES]
    parameters = {key: STOCK_IMAGES[key[0]].parameter_for(key[1]) for key in keys}
    values = look_up_parameters(aws, parameters.values())
    found = {key: values[parameter] for key, parameter in parameters.items() if parameter in values}
    for key in keys:
        if key[0] == "Flatcar" and key not in found:
            image = look_up_flatcar_image(aws, key[1])
            if image:
                found[key] = image
    return found


def look_up_architectures(aws: Aws, instance_types: Iterable[str]) -> dict[str, str]:
    """Instance type -> ``x86_64`` or ``arm64``; one call, or by the family's name where we may not ask.

    Raises NotFound for types that do not exist.
    """
    types = sorted(set(instance_types))
    found: dict[str, str] = {}
    for start in range(0, len(types), TYPES_AT_ONCE):
        try:
            answer = aws.call("ec2", "describe_instance_types", InstanceTypes=types[start : start + TYPES_AT_ONCE])
        except AwsError as error:
            if error.code == "InvalidInstanceType":
                raise NotFound(
                    f"EC2 has no such instance type in this region ({error.message})", hint="Correct InstanceType."
                ) from error
            continue
        for item in answer.get("InstanceTypes", ()):
            known = item.get("ProcessorInfo", {}).get("SupportedArchitectures", ())
            ours = [name for name in ARCHITECTURES if name in known]
            if ours:
                found[str(item["InstanceType"])] = ours[0]
    return {name: found.get(name) or architecture_by_family(name) for name in types}


def architecture_by_family(instance_type: str) -> str:
    """What the name of an instance type says."""
    return "arm64" if _GRAVITON.fullmatch(instance_type.partition(".")[0]) else "x86_64"
