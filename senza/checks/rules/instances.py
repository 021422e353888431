"""What instances are launched with: disks and the metadata service."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from senza.checks.model import Hit, Resource, Rule, Subject, entries, literal, mapping
from senza.definition.model import KeyPath

LAUNCHERS = ("AWS::EC2::LaunchTemplate", "AWS::AutoScaling::LaunchConfiguration", "AWS::EC2::Instance")
ENCRYPTED_BY = {
    "AWS::EC2::Volume": "Encrypted",
    "AWS::EFS::FileSystem": "Encrypted",
    "AWS::RDS::DBCluster": "StorageEncrypted",
    "AWS::RDS::DBInstance": "StorageEncrypted",
}
"""Resources with data on disk -> the property that encrypts it."""
BELONGS_ELSEWHERE = ("SnapshotId", "SnapshotIdentifier", "DBClusterIdentifier", "SourceDBInstanceIdentifier")
"""Where one of these is given, encryption comes from what they name."""


def launch_data(resource: Resource) -> tuple[KeyPath, Mapping[str, Any]]:
    """What instances are launched with, and where it stands in the resource's properties."""
    if resource.type == "AWS::EC2::LaunchTemplate":
        return ("LaunchTemplateData",), mapping(resource.properties.get("LaunchTemplateData"))
    return (), resource.properties


def unencrypted(subject: Subject) -> Iterator[Hit]:
    for resource in subject.of(*LAUNCHERS):
        path, data = launch_data(resource)
        for number, device in enumerate(entries(data.get("BlockDeviceMappings"))):
            disk = mapping(device).get("Ebs")
            if not isinstance(disk, Mapping) or is_set(disk.get("Encrypted")) or "SnapshotId" in disk:
                continue
            name = literal(mapping(device).get("DeviceName")) or "a disk"
            place = (*path, "BlockDeviceMappings", number, "Ebs")
            hint = "Add Encrypted: true to Ebs."
            yield Hit(f"{name} of the instances is not encrypted", resource.id, place, hint=hint)
    for resource in subject.of(*ENCRYPTED_BY):
        name = ENCRYPTED_BY[resource.type]
        if is_set(resource.properties.get(name)) or any(key in resource.properties for key in BELONGS_ELSEWHERE):
            continue
        yield Hit(f"what {resource.id} stores is not encrypted", resource.id, (name,), hint=f"Add {name}: true.")


def is_set(value: Any) -> bool:
    """True, or something that only CloudFormation knows."""
    return isinstance(value, Mapping) or str(value).lower() == "true"


def old_metadata(subject: Subject) -> Iterator[Hit]:
    for resource in subject.of(*LAUNCHERS):
        path, data = launch_data(resource)
        options = mapping(data.get("MetadataOptions"))
        tokens = options.get("HttpTokens")
        if (
            isinstance(tokens, Mapping)
            or literal(tokens) == "required"
            or literal(options.get("HttpEndpoint")) == "disabled"
        ):
            continue
        component = subject.component_of(resource.id)
        if component is not None and "MetadataOptions" not in component.settings:
            continue  # the component knows that its image (Taupage) needs it
        hint = "Write MetadataOptions: {HttpTokens: required}."
        message = "the metadata service answers requests without a session token (IMDSv1)"
        yield Hit(message, resource.id, (*path, "MetadataOptions"), hint=hint)


UNENCRYPTED = Rule(
    id="SZ102",
    severity="warning",
    title="A disk or database is not encrypted",
    why="Encryption of EBS, EFS and RDS costs nothing and cannot be switched on later without copying all data.",
    link="https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption.html",
    find=unencrypted,
    bad="""\
SenzaComponents:
  - Worker:
      Type: Senza::AutoScalingGroup
      Image: Base
      InstanceType: m7i.large
      BlockDeviceMappings:
        - {DeviceName: /dev/xvdk, Ebs: {VolumeSize: 30}}
""",
    good="""\
SenzaComponents:
  - Worker:
      Type: Senza::AutoScalingGroup
      Image: Base
      InstanceType: m7i.large
      BlockDeviceMappings:
        - {DeviceName: /dev/xvdk, Ebs: {VolumeSize: 30, Encrypted: true}}
""",
)
METADATA = Rule(
    id="SZ103",
    severity="warning",
    title="Instance metadata can be read the old way (IMDSv1)",
    why=(
        "A request that an attacker makes the app send is enough to read the credentials of the instance's role. "
        "Version 2 of the service wants a token first. (Nothing is said where the component chose version 1 for a "
        "Taupage image.)"
    ),
    link="https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html",
    find=old_metadata,
    bad="""\
SenzaComponents:
  - Worker:
      Type: Senza::AutoScalingGroup
      Image: Base
      InstanceType: m7i.large
      MetadataOptions: {HttpTokens: optional}
""",
    good="""\
SenzaComponents:
  - Worker:
      Type: Senza::AutoScalingGroup
      Image: Base
      InstanceType: m7i.large
""",
)
