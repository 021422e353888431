"""What roles may do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from senza.checks.model import Hit, Rule, Subject, entries, literal, mapping
from senza.definition.model import KeyPath

INLINE = ("AWS::IAM::Role", "AWS::IAM::User", "AWS::IAM::Group")
STANDALONE = ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::RolePolicy", "AWS::IAM::UserPolicy")


def documents(subject: Subject) -> Iterator[tuple[str, KeyPath, Mapping[str, Any]]]:
    """Every policy document of the template that is written in this definition: resource, path, document."""
    for resource in subject.of(*INLINE):
        component = subject.component_of(resource.id)
        own = len(entries(component.settings.get("Policies"))) if component else None  # the rest are other roles'
        for number, policy in enumerate(entries(resource.properties.get("Policies"))[:own]):
            path = ("Policies", number, "PolicyDocument")
            yield resource.id, path, mapping(mapping(policy).get("PolicyDocument"))
    for resource in subject.of(*STANDALONE):
        yield resource.id, ("PolicyDocument",), mapping(resource.properties.get("PolicyDocument"))


def wildcards(subject: Subject) -> Iterator[Hit]:
    for resource, path, document in documents(subject):
        for number, statement in enumerate(entries(document.get("Statement"))):
            if literal(mapping(statement).get("Effect")) != "Allow":
                continue
            for action in entries(mapping(statement).get("Action")):
                name = literal(action)
                if name == "*" or name.endswith(":*"):
                    what = "everything" if name in ("*", "*:*") else f"everything of {name.partition(':')[0]}"
                    place = (*path, "Statement", number, "Action")
                    hint = "Name the actions that the app needs."
                    yield Hit(f"a policy allows {what} ({name})", resource, place, hint=hint)
            if "NotAction" in mapping(statement):
                place = (*path, "Statement", number, "NotAction")
                hint = "Name the actions that the app needs, as Action."
                yield Hit("a policy allows everything but a few actions (NotAction)", resource, place, hint=hint)


WILDCARD = Rule(
    id="SZ106",
    severity="warning",
    title="A policy allows all actions",
    why="Who takes over the app gets all that its role may do. Allow what the app does, and no more.",
    link="https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html",
    find=wildcards,
    bad="""\
SenzaComponents:
  - AppRole:
      Type: Senza::IamRole
      Policies:
        - PolicyName: data
          PolicyDocument:
            Version: "2012-10-17"
            Statement: [{Effect: Allow, Action: ["s3:*"], Resource: ["arn:aws:s3:::data/*"]}]
""",
    good="""\
SenzaComponents:
  - AppRole:
      Type: Senza::IamRole
      Policies:
        - PolicyName: data
          PolicyDocument:
            Version: "2012-10-17"
            Statement: [{Effect: Allow, Action: ["s3:GetObject"], Resource: ["arn:aws:s3:::data/*"]}]
""",
)
