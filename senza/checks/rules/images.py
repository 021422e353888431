"""Container images that may be another one tomorrow."""

from __future__ import annotations

from collections.abc import Iterator

from senza.checks.model import Hit, Rule, Subject, entries, literal, mapping

MOVING = {"latest", "master", "main", "stable", "edge", "nightly"}
"""Tags that are moved to newer images by habit."""


def unpinned(subject: Subject) -> Iterator[Hit]:
    for component in subject.bound.components:
        image = literal(mapping(component.settings.get("TaupageConfig")).get("source"))
        if image and (problem := moving(image)):
            place = (*component.path, "TaupageConfig", "source")
            yield Hit(problem, place=place, hint="Give a version as tag, or a digest (@sha256:...).")
    for resource in subject.of("AWS::ECS::TaskDefinition"):
        for number, container in enumerate(entries(resource.properties.get("ContainerDefinitions"))):
            image = literal(mapping(container).get("Image"))
            if image and (problem := moving(image)):
                place = ("ContainerDefinitions", number, "Image")
                yield Hit(problem, resource.id, place, hint="Give a version as tag, or a digest (@sha256:...).")


def moving(image: str) -> str:
    """What is wrong with the image reference; "" where it has a digest or a tag of its own."""
    if "@" in image:
        return ""
    tag = image.rpartition("/")[2].partition(":")[2]
    if not tag:
        return f"the image {image} has no tag, which means latest"
    return f"the tag of the image {image} may be moved to another image" if tag.lower() in MOVING else ""


UNPINNED = Rule(
    id="SZ501",
    severity="warning",
    title="A container image is not pinned",
    why=(
        "Instances that are started later run another image than those started today, so a version of the stack is no "
        "longer one version of the app, and going back does not go back."
    ),
    link="https://docs.docker.com/build/building/best-practices/#pin-base-image-versions",
    find=unpinned,
    bad="""\
SenzaComponents:
  - AppServer:
      Type: Senza::TaupageAutoScalingGroup
      InstanceType: t3.micro
      TaupageConfig: {runtime: Docker, source: "stups/hello-world:latest"}
""",
    good="""\
SenzaComponents:
  - AppServer:
      Type: Senza::TaupageAutoScalingGroup
      InstanceType: t3.micro
      TaupageConfig: {runtime: Docker, source: "stups/hello-world:1.0"}
""",
)
