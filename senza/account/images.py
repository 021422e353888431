"""Taupage machine images: one look-up for all of their channels."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from senza.aws import Aws

CHANNELS = {
    "LatestTaupageImage": "Taupage",
    "LatestTaupageStagingImage": "TaupageStaging",
    "LatestTaupageDevImage": "TaupageDev",
}
"""Name in the template's ``Images`` map -> how the image names of that channel begin."""


FLATCAR_OWNER = "075585003325"
"""The AWS account that publishes Flatcar Container Linux."""


@dataclass(frozen=True)
class Image:
    id: str
    name: str
    owner: str
    public: bool


def look_up_taupage_images(aws: Aws) -> tuple[Image, ...]:
    names = [f"{prefix}-{kind}" for prefix in CHANNELS.values() for kind in ("AMI-*", "Public-AMI-*")]
    found = aws.pages(
        "ec2",
        "describe_images",
        "Images",
        Filters=[
            {"Name": "name", "Values": names},
            {"Name": "state", "Values": ["available"]},
            {"Name": "root-device-type", "Values": ["ebs"]},
        ],
    )
    images = (Image(item["ImageId"], item["Name"], item["OwnerId"], bool(item["Public"])) for item in found)
    return tuple(sorted(images, key=lambda image: (image.name, image.id)))


def look_up_flatcar_image(aws: Aws, architecture: str = "x86_64") -> str | None:
    """The id of the newest stable Flatcar image of its publisher's account, None where there is none."""
    found = aws.pages(
        "ec2",
        "describe_images",
        "Images",
        Owners=[FLATCAR_OWNER],
        Filters=[
            {"Name": "name", "Values": ["Flatcar-stable-*-hvm*"]},
            {"Name": "architecture", "Values": [architecture]},
            {"Name": "state", "Values": ["available"]},
        ],
    )
    newest_one = max(found, key=lambda item: (item["CreationDate"], item["ImageId"]), default=None)
    return str(newest_one["ImageId"]) if newest_one else None


def newest(prefix: str, images: Iterable[Image]) -> Image | None:
    """The newest by name: a private one, else a public one that says ``Public`` in its name.

    A public image with the name of a private one is somebody else's, and is never taken.
    """
    images = list(images)
    private = [image for image in images if image.name.startswith(f"{prefix}-AMI-") and not image.public]
    public = [image for image in images if image.name.startswith(f"{prefix}-Public-AMI-") and image.public]
    return max(private or public, key=lambda image: image.name, default=None)
