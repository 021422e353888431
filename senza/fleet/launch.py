"""What a group launches its instances with: versions of launch templates, and launch configurations of old stacks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from senza.aws import Aws
from senza.errors import NotFound
from senza.fleet.groups import Group, TemplateUse, Version

Data = Mapping[str, Any]
"""``LaunchTemplateData`` as the EC2 API reference has it, or the properties of a launch configuration."""

NOT_COPIED = ("LaunchConfigurationName", "LaunchConfigurationARN", "CreatedTime")
SAME_NAME = ("ImageId", "KeyName", "UserData", "InstanceType", "KernelId", "RamdiskId", "EbsOptimized")


@dataclass(frozen=True)
class TemplateVersion:
    number: str
    data: Data


def versions_of(aws: Aws, template: TemplateUse) -> tuple[TemplateVersion, TemplateVersion]:
    """(the version in use, the latest one) of a launch template. Raises AwsError, also where there is none."""
    asked = list(dict.fromkeys([template.version, "$Latest"]))
    answer = aws.call("ec2", "describe_launch_template_versions", LaunchTemplateId=template.id, Versions=asked)
    found = answer["LaunchTemplateVersions"]
    latest = max(found, key=lambda one: int(one["VersionNumber"]))
    in_use = latest
    if template.version == "$Default":
        in_use = next(one for one in found if one["DefaultVersion"])
    elif not template.follows:
        in_use = next(one for one in found if str(one["VersionNumber"]) == template.version)
    return parsed(in_use), parsed(latest)


def parsed(item: Mapping[str, Any]) -> TemplateVersion:
    return TemplateVersion(str(item["VersionNumber"]), item["LaunchTemplateData"])


def wanted_versions(aws: Aws, group: Group) -> frozenset[Version]:
    """The versions, by number, with which the group launches: several where a mixed group's overrides name their own.

    A call only where a version moves.
    """
    uses = [group.template] if group.template else []
    for one in group.overrides:
        own = one.get("LaunchTemplateSpecification")
        if own:
            uses.append(TemplateUse(own["LaunchTemplateId"], str(own.get("Version") or "$Default")))
    return frozenset(
        (use.id, versions_of(aws, use)[0].number if use.follows else use.version) for use in dict.fromkeys(uses)
    )


def configuration_named(aws: Aws, name: str) -> Data:
    """The properties of a launch configuration that CreateLaunchConfiguration takes. Raises NotFound."""
    answer = aws.call("autoscaling", "describe_launch_configurations", LaunchConfigurationNames=[name])
    if not answer["LaunchConfigurations"]:
        raise NotFound(f"there is no launch configuration {name} (any more)")
    found = answer["LaunchConfigurations"][0]
    return {key: value for key, value in found.items() if key not in NOT_COPIED and value not in ("", [], None)}


def as_template_data(configuration: Data) -> dict[str, Any]:
    """A launch configuration as ``LaunchTemplateData`` ("Migrate your Auto Scaling groups to launch templates")."""
    data: dict[str, Any] = {key: configuration[key] for key in SAME_NAME if key in configuration}
    groups = list(configuration.get("SecurityGroups", ()))
    if "AssociatePublicIpAddress" in configuration:  # a launch template has it nowhere else
        public = configuration["AssociatePublicIpAddress"]
        interface: dict[str, Any] = {"DeviceIndex": 0, "AssociatePublicIpAddress": public}
        data["NetworkInterfaces"] = [interface | ({"Groups": groups} if groups else {})]
    elif groups:
        data["SecurityGroupIds"] = groups
    if profile := configuration.get("IamInstanceProfile"):
        data["IamInstanceProfile"] = {"Arn" if profile.startswith("arn:") else "Name": profile}
    if "Enabled" in configuration.get("InstanceMonitoring", {}):
        data["Monitoring"] = {"Enabled": configuration["InstanceMonitoring"]["Enabled"]}
    if price := configuration.get("SpotPrice"):
        data["InstanceMarketOptions"] = {"MarketType": "spot", "SpotOptions": {"MaxPrice": price}}
    if options := configuration.get("MetadataOptions"):
        data["MetadataOptions"] = dict(options)
    if tenancy := configuration.get("PlacementTenancy"):
        data["Placement"] = {"Tenancy": tenancy}
    if devices := configuration.get("BlockDeviceMappings"):
        data["BlockDeviceMappings"] = [device(one) for one in devices]
    return data


def device(mapping: Data) -> dict[str, Any]:
    """``NoDevice`` is a truth value in a launch configuration, and an empty text in a template."""
    rest = {key: value for key, value in mapping.items() if key != "NoDevice"}
    return rest | ({"NoDevice": ""} if mapping.get("NoDevice") else {})
