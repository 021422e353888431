"""``Volume``: the disk of an instance in a few words, gp3 and encrypted."""

from __future__ import annotations

from typing import Any

from senza.components.model import Property, Site
from senza.components.sections import entries, without_nothing
from senza.components.settings import Settings

VOLUME = (
    Property("Size", "GiB", "How large it is.", required=True),
    Property("Encrypted", "boolean", "With the key of EBS, or KmsKeyId.", True),
    Property("Device", "text", "Default: the device of the image's data, where the image is a known one."),
    Property("Type", "text", "Kind of the volume.", "gp3"),
    Property("Iops", "integer", "Operations per second. gp3 has 3000 without it."),
    Property("Throughput", "MiB/s", "gp3 has 125 without it."),
    Property("KmsKeyId", "key or ARN", "Instead of the account's default key."),
    Property("SnapshotId", "text", "What is on it."),
    Property("DeleteOnTermination", "boolean", "Whether it goes with the instance.", True),
)
DEVICES = {
    "LatestTaupageImage": "/dev/sda1",
    "LatestTaupageStagingImage": "/dev/sda1",
    "LatestTaupageDevImage": "/dev/sda1",
    "LatestCoreOSImage": "/dev/xvda",
    "AmazonLinux2023": "/dev/xvda",
    "Ubuntu": "/dev/sda1",
    "Flatcar": "/dev/xvda",
    "Bottlerocket": "/dev/xvdb",
}
"""Name of an image -> where its root is; Bottlerocket's containers and data are on a second volume."""


def block_devices(settings: Settings, site: Site, image: Any) -> list[dict[str, Any]]:
    """Block device mappings of ``Volume`` (one or a list). Raises DefinitionError.

    image: name in the Images map, which tells the device where none is given.
    """
    found: list[dict[str, Any]] = []
    for volume in entries(settings, "Volume", VOLUME, site.tolerate):
        if "Device" not in volume and str(image) not in DEVICES:
            raise volume.wrong(
                f"nobody knows the root device of the image {image or 'in ImageId'}",
                hint="Write Device: /dev/xvda (aws ec2 describe-images tells RootDeviceName; "
                "under another name it would be one more volume).",
            )
        device = volume.text("Device") if "Device" in volume else DEVICES[str(image)]
        if any(other["DeviceName"] == device for other in found):
            raise volume.wrong(f"there are two volumes {device}", "Device")
        ebs = {
            "VolumeSize": volume.integer("Size"),
            "VolumeType": volume.get("Type", "gp3"),
            "Encrypted": volume.get("Encrypted", True),
            "DeleteOnTermination": volume.get("DeleteOnTermination", True),
            "Iops": volume.integer("Iops"),
            "Throughput": volume.integer("Throughput"),
            "KmsKeyId": volume.get("KmsKeyId"),
            "SnapshotId": volume.get("SnapshotId"),
        }
        found.append({"DeviceName": device, "Ebs": without_nothing(ebs)})
    return found
