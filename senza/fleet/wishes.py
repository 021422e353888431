"""What users may ask for when they patch: images by name, instance types that exist."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from senza.account.images import CHANNELS, newest
from senza.aws import Aws
from senza.errors import AwsError, NotFound, UsageError
from senza.fleet.launch import Data
from senza.userdata.taupage import MARKER

if TYPE_CHECKING:
    from senza.account import Account

AMI = re.compile(r"ami-[0-9a-f]{8,17}")
NAMES = {"latest": "LatestTaupageImage", "staging": "LatestTaupageStagingImage", "dev": "LatestTaupageDevImage"}
"""Word for ``--image`` to the name of the image in definitions."""
TAUPAGE = re.compile(r"Taupage(Staging|Dev)?-(Public-)?AMI-")
FAMILIES = {
    "AmazonLinux2023": re.compile(r"al2023-ami-2023\."),
    "Ubuntu": re.compile(r"ubuntu/images/hvm-ssd(-gp3)?/ubuntu-noble-24\.04-(amd64|arm64)-server-"),
    "Flatcar": re.compile(r"Flatcar-stable-"),
}
"""How the names begin of the images that definitions know; other editions, as minimal ones, are called otherwise."""


class Newest:
    """Finds the newest image of the family that a group runs. wish: one of :data:`NAMES`."""

    def __init__(self, aws: Aws, account: Account, wish: str) -> None:
        self._aws = aws
        self._account = account
        self._wish = wish
        self._of: dict[str, str] = {}

    def __call__(self, data: Data) -> str:
        """The id of the image for these launch settings. No call for one that was asked about before.

        Raises UsageError where nobody can tell which family it is, or it has no such channel; NotFound.
        """
        if is_taupage(data):
            return self._taupage()
        current = str(data.get("ImageId", ""))
        if current not in self._of:
            self._of[current] = self._newer(current)
        return self._of[current]

    def _taupage(self) -> str:
        prefix = CHANNELS[NAMES[self._wish]]
        found = newest(prefix, self._account.taupage_images())
        if found is None:
            raise NotFound(f"there is no {prefix} image in this account and region", hint="Give the id of an AMI.")
        return found.id

    def _newer(self, current: str) -> str:
        image = described(self._aws, current) if AMI.fullmatch(current) else None
        name = str((image or {}).get("Name", ""))
        if TAUPAGE.match(name):
            return self._taupage()
        family = next((one for one, known in FAMILIES.items() if known.match(name)), None)
        if image is None or family is None or not image.get("Public"):  # a copy has the name, but not what was changed
            what = f"{current} ({name})" if name else current or "no image"
            raise UsageError(
                f"nobody can tell which image is the newest one like {what}",
                hint=f"That is known of Taupage and of {', '.join(FAMILIES)} as published. Give the id of an AMI.",
            )
        if self._wish != "latest":
            raise UsageError(f"{current} is {family}, which has no channel {self._wish}", hint="Say --image latest.")
        found = self._account.stock_images([family]).get((family, str(image.get("Architecture"))))
        if found is None:
            raise NotFound(f"there is no {family} image in {self._aws.region}", hint="Give the id of an AMI.")
        return found


def is_taupage(data: Data) -> bool:
    """Whether what instances are told is for Taupage, whatever became of their image."""
    try:
        return base64.b64decode(data.get("UserData") or "").startswith(MARKER.encode())
    except ValueError:
        return False


def described(aws: Aws, image: str) -> Mapping[str, Any] | None:
    """What EC2 says of an image; None where there is none (any more)."""
    try:
        found = aws.call("ec2", "describe_images", ImageIds=[image], IncludeDeprecated=True)["Images"]
    except AwsError as error:
        if not error.code.startswith("InvalidAMIID"):
            raise
        return None
    return found[0] if found else None


def image_wish(aws: Aws, account: Account, wish: str) -> str | Newest:
    """The id of the image that is meant, or what finds it for each group. Raises UsageError, NotFound."""
    if wish in NAMES:
        return Newest(aws, account, wish)
    if not AMI.fullmatch(wish):
        raise UsageError(f"{wish!r} is no image", hint=f"Give the id of an AMI (ami-...), or {', '.join(NAMES)}.")
    image = described(aws, wish)
    if image is None or image.get("State", "available") != "available":
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
