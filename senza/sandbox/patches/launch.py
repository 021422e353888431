"""Gap: moto takes user data of any size, ignores SecurityGroupIds and versions of launch templates when a group starts
instances, and still creates launch configurations, which accounts opened since 2024-10-01 cannot.
"""

from __future__ import annotations

from typing import Any

from senza.sandbox.world import world

MAX_USER_DATA = 16_384
"""Bytes before base64 encoding ("Run commands when you launch an EC2 instance" in the EC2 guide)."""
NO_LAUNCH_CONFIGURATIONS = (
    "The Launch Configuration creation operation is not available in your account. "
    "Use launch templates to create configuration templates for your Auto Scaling groups."
)


def check_user_data(user_data: Any) -> None:
    """user_data: moto's Base64EncodedString, or None."""
    from moto.ec2.exceptions import EC2ClientError

    if user_data is not None and len(user_data.decode("latin-1")) > MAX_USER_DATA:
        raise EC2ClientError("InvalidUserData.Malformed", f"User data is limited to {MAX_USER_DATA} bytes")


def launch_templates() -> None:
    from moto.ec2.models import launch_templates as models

    create_version = models.LaunchTemplate.create_version

    def create(self: Any, data: dict[str, Any], description: str) -> Any:
        check_user_data(data.get("UserData"))
        return create_version(self, data, description)

    def security_groups(self: Any) -> list[str]:
        """Ids or names, wherever the template has them."""
        interfaces = self.data.get("NetworkInterfaces") or [{}]
        return self.data.get("SecurityGroupIds") or self.data.get("SecurityGroups") or interfaces[0].get("Groups") or []

    models.LaunchTemplate.create_version = create
    models.LaunchTemplateVersion.security_groups = property(security_groups)


def launch_configurations() -> None:
    from moto.autoscaling import models
    from moto.autoscaling.exceptions import AutoscalingClientError
    from moto.ec2.utils import parse_user_data

    create_configuration = models.AutoScalingBackend.create_launch_configuration

    def create(self: Any, *args: Any, **kwargs: Any) -> Any:
        if not world.settings.allow_launch_configurations:
            raise AutoscalingClientError("UnsupportedOperation", NO_LAUNCH_CONFIGURATIONS)
        check_user_data(kwargs.get("user_data"))
        return create_configuration(self, *args, **kwargs)

    def from_stack(
        cls: Any, /, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str, **_: Any
    ) -> Any:
        properties = cloudformation_json["Properties"]
        return models.autoscaling_backends[account_id][region_name].create_launch_configuration(
            name=resource_name,
            image_id=properties.get("ImageId"),
            kernel_id=properties.get("KernelId"),
            ramdisk_id=properties.get("RamdiskId"),
            key_name=properties.get("KeyName"),
            security_groups=properties.get("SecurityGroups"),
            user_data=parse_user_data(properties.get("UserData")),
            instance_type=properties.get("InstanceType"),
            instance_monitoring=properties.get("InstanceMonitoring"),
            instance_profile_name=properties.get("IamInstanceProfile"),
            spot_price=properties.get("SpotPrice"),
            ebs_optimized=properties.get("EbsOptimized"),
            associate_public_ip_address=properties.get("AssociatePublicIpAddress"),
            block_device_mappings=properties.get("BlockDeviceMappings"),
            metadata_options=properties.get("MetadataOptions"),
        )

    def replaced(
        cls: Any,
        /,
        original_resource: Any,
        new_resource_name: str,
        cloudformation_json: Any,
        account_id: str,
        region_name: str,
    ) -> Any:
        """Every change makes a new one; the old one goes when the update cleans up."""
        return from_stack(cls, new_resource_name, cloudformation_json, account_id, region_name)

    models.AutoScalingBackend.create_launch_configuration = create
    models.FakeLaunchConfiguration.create_from_cloudformation_json = classmethod(from_stack)
    models.FakeLaunchConfiguration.update_from_cloudformation_json = classmethod(replaced)


def apply() -> None:
    launch_templates()
    launch_configurations()
