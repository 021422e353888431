"""What users may ask for when they patch: images by name, instance types that exist."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from senza.account.images import CHANNELS, newest
from senza.aws import Aws
from senza.errors import AwsError, NotFound, UsageError

if TYPE_CHECKING:
    from senza.account import Account

AMI = re.compile(r"ami-[0-9a-f]{8,17}")
NAMES = {"latest": "LatestTaupageImage", "staging": "LatestTaupageStagingImage", "dev": "LatestTaupageDevImage"}
"""Word for ``--image`` to the name of the image in definitions."""


def image_id(aws: Aws, account: Account, wish: str) -> str:
    """The id of the image that is meant. Raises UsageError, NotFound."""
    if wish in NAMES:
        prefix = CHANNELS[NAMES[wish]]
        found = newest(prefix, account.taupage_images())
        if found is None:
            raise NotFound(f"there is no {prefix} image in this account and region", hint="Give the id of an AMI.")
        return found.id
    if not AMI.fullmatch(wish):
        raise UsageError(f"{wish!r} is no image", hint=f"Give the id of an AMI (ami-...), or {', '.join(NAMES)}.")
    try:
        images = aws.call("ec2", "describe_images", ImageIds=[wish])["Images"]
    except AwsError as error:
        if not error.code.startswith("InvalidAMIID"):
            raise
        images = []
    if not images or images[0].get("State", "available") != "available":
        raise NotFound(f"there is no available image {wish} in {aws.region}", hint="senza images shows those in use.")
    return wish


def instance_type(aws: Aws, wish: str) -> str:
    """The type, if EC2 has it in this region. Raises NotFound."""
    try:
        aws.call("ec2", "describe_instance_types", InstanceTypes=[wish])
    except AwsError as error:
        if error.code not in ("InvalidInstanceType", "InvalidParameterValue"):
            raise
        raise NotFound(f"there is no instance type {wish} in {aws.region}") from error
    return wish
