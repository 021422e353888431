"""Machine images: those that instances run on, and the Taupage ones there are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from senza.account.images import CHANNELS
from senza.aws import Aws
from senza.fleet.instances import FILTER_VALUES, Instance

NAMES = [f"{prefix}-*AMI-*" for prefix in CHANNELS.values()]


@dataclass(frozen=True)
class Used:
    """An image and who runs on it.

    Of an image that exists no longer, or is no longer shared with this account, only the id is known.
    """

    id: str
    name: str | None
    owner: str | None
    description: str | None
    created: datetime | None
    instances: tuple[Instance, ...]

    @property
    def stacks(self) -> list[str]:
        """Full names, sorted."""
        return sorted({instance.stack for instance in self.instances if instance.stack})


def images(aws: Aws, instances: Sequence[Instance], since: datetime) -> list[Used]:
    """The images of the instances, and of the Taupage ones those made since then, by name.

    One call for the Taupage images, and one for each 200 other images in use.
    """
    users: dict[str, list[Instance]] = {}
    for instance in instances:
        users.setdefault(instance.image_id, []).append(instance)
    described = {item["ImageId"]: item for item in look_up(aws, "name", NAMES)}
    others = sorted(users.keys() - described.keys())
    parts = {start: others[start : start + FILTER_VALUES] for start in range(0, len(others), FILTER_VALUES)}
    answers = aws.parallel({start: partial(look_up, aws, "image-id", part) for start, part in parts.items()})
    described |= {item["ImageId"]: item for found in answers.values() for item in found}
    known = [known_image(item, users.get(image_id, ())) for image_id, item in described.items()]
    gone = [image_id for image_id in others if image_id not in described]
    unknown = [Used(image_id, None, None, None, None, tuple(users[image_id])) for image_id in gone]
    chosen = [image for image in known if image.instances or (image.created is not None and image.created >= since)]
    return sorted(chosen + unknown, key=lambda image: (image.name is None, image.name or "", image.id))


def look_up(aws: Aws, name: str, values: Sequence[str]) -> list[Mapping[str, Any]]:
    """By a filter, which leaves out what does not exist; ids as such would fail for it."""
    return list(aws.pages("ec2", "describe_images", "Images", Filters=[{"Name": name, "Values": list(values)}]))


def known_image(item: Mapping[str, Any], users: Iterable[Instance]) -> Used:
    created = item.get("CreationDate")
    return Used(
        id=item["ImageId"],
        name=item.get("Name") or None,
        owner=item.get("OwnerId") or None,
        description=item.get("Description") or item.get("Name") or None,
        created=datetime.fromisoformat(created) if created else None,
        instances=tuple(users),
    )


def days_before(now: datetime, days: int) -> datetime:
    """So many days before; the beginning of time where that is further back than there are dates."""
    try:
        return now - timedelta(days=days)
    except OverflowError:
        return datetime.min.replace(tzinfo=now.tzinfo)
