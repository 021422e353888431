"""Disks of instances: sizes and speeds that AWS refuses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from senza.checks.model import Hit, Rule, Subject, entries, literal, mapping
from senza.checks.rules.availability import seconds_of
from senza.checks.rules.instances import LAUNCHERS, launch_data

GP3_THROUGHPUT = 4
"""Operations per second that gp3 needs for one MiB/s ("General Purpose SSD volumes" in the EBS guide)."""
GP3_IOPS = 3000
GP3_RATIO = 500
"""Most operations per second for each GiB."""


def wrong_disks(subject: Subject) -> Iterator[Hit]:
    for launcher in subject.of(*LAUNCHERS):
        path, data = launch_data(launcher)
        for number, device in enumerate(entries(data.get("BlockDeviceMappings"))):
            disk = mapping(mapping(device).get("Ebs"))
            place = (*path, "BlockDeviceMappings", number, "Ebs")
            for message, hint in disk_problems(disk):
                yield Hit(message, launcher.id, place, ("Volume",), hint=hint)


def disk_problems(disk: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What is wrong, and what to do; functions are not judged."""
    kind = literal(disk.get("VolumeType"))  # without one it is that of the image
    size, iops, throughput = (seconds_of(disk.get(name)) for name in ("VolumeSize", "Iops", "Throughput"))
    if size == 0:
        yield "a disk of 0 GiB is none", "Write Size: 8 or more."
    if "Throughput" in disk and kind not in ("gp3", ""):
        yield f"{kind} has no Throughput", "Write Type: gp3, or remove Throughput."
    if "Iops" in disk and kind in ("gp2", "st1", "sc1", "standard"):
        yield f"{kind} has no Iops", "Write Type: gp3, or remove Iops."
    if kind != "gp3":
        return
    operations = iops if "Iops" in disk else GP3_IOPS
    if throughput is not None and operations is not None and throughput * GP3_THROUGHPUT > operations:
        needed = throughput * GP3_THROUGHPUT
        yield (
            f"{throughput} MiB/s need {needed} operations per second, and there are {operations}",
            (f"Write Iops: {needed}."),
        )
    if iops is not None and size and iops > max(GP3_IOPS, size * GP3_RATIO):
        yield f"{iops} Iops need a disk of {-(-iops // GP3_RATIO)} GiB, and it has {size}", "Raise Size."


DISK = Rule(
    id="SZ317",
    severity="error",
    title="A disk cannot be made",
    why="The group starts no instance, and the stack fails when nobody has signalled for as long as it waits.",
    link="https://docs.aws.amazon.com/ebs/latest/userguide/general-purpose.html",
    find=wrong_disks,
    bad="""\
SenzaComponents:
  - Worker:
      Type: Senza::AutoScalingGroup
      Image: Base
      InstanceType: m7i.large
      Volume: {Device: /dev/xvda, Size: 100, Throughput: 1000}
""",
    good="""\
SenzaComponents:
  - Worker:
      Type: Senza::AutoScalingGroup
      Image: Base
      InstanceType: m7i.large
      Volume: {Device: /dev/xvda, Size: 100, Throughput: 1000, Iops: 4000}
""",
)
