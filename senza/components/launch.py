"""Launch settings of a group, always as a launch template.

Launch configurations cannot be created in accounts opened since 2024-10-01 (EC2 Auto Scaling user guide, "Launch
configurations"). Properties are given in the words of a launch configuration, which definitions are written in, or of a
launch template.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from troposphere import autoscaling, ec2

from senza.components.functions import in_region, is_function
from senza.components.settings import Settings, shown
from senza.userdata.text import is_encoded

OLD_WORDS = frozenset(autoscaling.LaunchConfiguration.props) - {
    "LaunchConfigurationName",
    "InstanceId",
    "ClassicLinkVPCId",
    "ClassicLinkVPCSecurityGroups",
}
NEW_WORDS = frozenset(ec2.LaunchTemplateData.props) - {"CapacityReservationSpecification"}  # the group has its own
PROPERTIES = OLD_WORDS | NEW_WORDS | {"Image"}
"""Everything that may be given about how instances are launched."""

_TRANSLATED = {
    "AssociatePublicIpAddress",
    "IamInstanceProfile",
    "InstanceMonitoring",
    "PlacementTenancy",
    "SecurityGroups",
    "SecurityGroupIds",
    "SpotPrice",
    "UserData",
    "BlockDeviceMappings",
    "MetadataOptions",
}


def launch_template_data(
    settings: Settings, image: Any, security_groups: list[Any] | None, *, user_data: Any, profile: Any, http_tokens: str
) -> dict[str, Any]:
    """``LaunchTemplateData`` of a group.

    image: name in the Images map, where there is no ImageId. security_groups: resolved; None where none are given.
    user_data: what instances get, or None.
    profile: the instance profile that the component made, or None. http_tokens: ``required`` or ``optional``.
    """
    given = settings.values
    data: dict[str, Any] = {key: given[key] for key in given if key in NEW_WORDS and key not in _TRANSLATED}
    if "ImageId" not in data:
        data["ImageId"] = in_region("Images", image)
    data.setdefault("EbsOptimized", False)
    data["MetadataOptions"] = {"HttpTokens": http_tokens, **_mapping(settings, "MetadataOptions")}
    if "BlockDeviceMappings" in given:
        data["BlockDeviceMappings"] = [_block_device(item) for item in settings.items("BlockDeviceMappings")]
    if "NetworkInterfaces" not in data:
        # On the interface, since there the default of the subnet does not count and "no public address" means none.
        interface = {
            "DeviceIndex": 0,
            "AssociatePublicIpAddress": given.get("AssociatePublicIpAddress", False),
            "Groups": security_groups,
        }
        data["NetworkInterfaces"] = [{key: value for key, value in interface.items() if value is not None}]
    data.update(_options(settings))
    data["IamInstanceProfile"] = instance_profile(given.get("IamInstanceProfile", profile))
    data["UserData"] = user_data
    return {key: value for key, value in data.items() if value is not None}


def _options(settings: Settings) -> dict[str, Any]:
    """What is called otherwise in a launch configuration."""
    given = settings.values
    options: dict[str, Any] = {}
    if "InstanceMonitoring" in given:
        options["Monitoring"] = {"Enabled": given["InstanceMonitoring"]}
    if "PlacementTenancy" in given:
        options["Placement"] = {**_mapping(settings, "Placement"), "Tenancy": given["PlacementTenancy"]}
    if "SpotPrice" in given:
        price = given["SpotPrice"]
        price = price if is_function(price) else str(price)
        options["InstanceMarketOptions"] = {"MarketType": "spot", "SpotOptions": {"MaxPrice": price}}
    return options


def _mapping(settings: Settings, name: str) -> Mapping[str, Any]:
    section = settings.section(name)
    return section.values if section else {}


def _block_device(device: Any) -> Any:
    """``NoDevice`` is a flag in a launch configuration and an empty text in a launch template."""
    if isinstance(device, Mapping) and str(device.get("NoDevice")).lower() in ("true", "false"):
        rest = {key: value for key, value in device.items() if key != "NoDevice"}
        return {**rest, "NoDevice": ""} if str(device["NoDevice"]).lower() == "true" else rest
    return device


def instance_profile(value: Any) -> Any:
    """A launch template tells names from ARNs, a launch configuration does not."""
    if value is None or (isinstance(value, Mapping) and not is_function(value)):
        return value
    is_arn = "Fn::GetAtt" in value if isinstance(value, Mapping) else str(value).startswith("arn:")
    return {"Arn": value} if is_arn else {"Name": value}


def plain_user_data(settings: Settings) -> Any:
    """``UserData`` as it was given: functions and base64 as they are, plain text encoded by CloudFormation."""
    value = settings.get("UserData")
    if value is None or is_function(value):
        return value
    if not isinstance(value, str):
        raise settings.wrong(f"UserData must be a text or a function, not {shown(value)}", "UserData")
    return value if is_encoded(value) else {"Fn::Base64": value}
