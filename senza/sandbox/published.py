"""What others publish and every account can see: machine images by name, and a registry with container images."""

from __future__ import annotations

import hashlib
import json
from typing import Any

PUBLISHED = {
    "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64": "ami-0a000000000000051",
    "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64": "ami-0a000000000000052",
    "/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id": "ami-0a000000000000061",
    "/aws/service/canonical/ubuntu/server/24.04/stable/current/arm64/hvm/ebs-gp3/ami-id": "ami-0a000000000000062",
    "/aws/service/bottlerocket/aws-ecs-2/x86_64/latest/image_id": "ami-0a000000000000071",
    "/aws/service/bottlerocket/aws-ecs-2/arm64/latest/image_id": "ami-0a000000000000072",
}
"""Public SSM parameters: name -> image of data/amis.json. Flatcar's images are found by their publisher."""
REPOSITORY = "hello-world"
TAGS = ("0.1", "0.2")


def seed(number: str, region: str) -> dict[str, str]:
    """Add all of it to the account; returns labels for the ids that it made."""
    parameters(number, region)
    return containers(number, region)


def parameters(number: str, region: str) -> None:
    """Instead of moto's own list, of images that are not here."""
    from moto.core.utils import utcnow
    from moto.ssm.models import Parameter, ssm_backends

    known = ssm_backends[number][region]._parameters
    known.latest_amis_loaded = True
    for name, image in PUBLISHED.items():
        known[name].append(Parameter(number, name, image, "String", None, None, None, utcnow(), 1, "aws:ec2:image"))


def containers(number: str, region: str) -> dict[str, str]:
    """Indexes that say where the images come from; the images behind them have no content."""
    from moto.ecr.models import ecr_backends

    labels = {}
    ecr = ecr_backends[number][region]
    ecr.create_repository(REPOSITORY, None, None, None, "MUTABLE", [])
    for tag in TAGS:
        manifest = json.dumps(index(tag))
        digest = f"sha256:{hashlib.sha256(manifest.encode()).hexdigest()}"
        ecr.put_image(REPOSITORY, manifest, tag, digest=digest)
        labels[digest] = f"digest:{REPOSITORY}:{tag}"
    return labels


def index(tag: str) -> dict[str, Any]:
    """An OCI image index for both architectures (image specification 1.1, "Image Index")."""
    kind = "application/vnd.oci.image.{}.v1+json"
    return {
        "schemaVersion": 2,
        "mediaType": kind.format("index"),
        "manifests": [
            {
                "mediaType": kind.format("manifest"),
                "digest": f"sha256:{hashlib.sha256(f'{tag} {architecture}'.encode()).hexdigest()}",
                "size": 1024,
                "platform": {"os": "linux", "architecture": architecture},
            }
            for architecture in ("amd64", "arm64")
        ],
        "annotations": {
            "org.opencontainers.image.source": "https://github.com/example/hello-world",
            "org.opencontainers.image.revision": hashlib.sha1(tag.encode(), usedforsecurity=False).hexdigest(),
            "org.opencontainers.image.authors": "jane@example.org",
            "org.opencontainers.image.created": "2026-01-31T12:00:00Z",
        },
    }
