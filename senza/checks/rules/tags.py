"""Tags that a team has agreed upon (``SenzaInfo.Checks.RequiredTags``)."""

from __future__ import annotations

from collections.abc import Iterator

from senza.checks.model import Hit, Rule, Subject, entries, mapping


def missing(subject: Subject) -> Iterator[Hit]:
    checks = mapping(subject.bound.info.get("Checks"))
    present = subject.compiled.tags
    place = ("SenzaInfo", "Tags") if subject.bound.info.get("Tags") else ("SenzaInfo",)
    for name in entries(checks.get("RequiredTags")):
        if not present.get(str(name), "").strip():
            yield Hit(f"the stack has no tag {name}", place=place, hint=f"Add it to SenzaInfo.Tags: {{{name}: ...}}")


MISSING = Rule(
    id="SZ502",
    severity="warning",
    title="A tag is missing",
    why=(
        "Bills and clean-ups go by tags. The rule holds for the names in SenzaInfo.Checks.RequiredTags; without "
        "the list it says nothing."
    ),
    link="https://docs.aws.amazon.com/whitepapers/latest/tagging-best-practices/tagging-best-practices.html",
    find=missing,
    bad="""\
SenzaInfo:
  StackName: shop
  Checks: {RequiredTags: [Team]}
Resources:
  Jobs: {Type: "AWS::SQS::Queue"}
""",
    good="""\
SenzaInfo:
  StackName: shop
  Tags: {Team: cheese}
  Checks: {RequiredTags: [Team]}
Resources:
  Jobs: {Type: "AWS::SQS::Queue"}
""",
)
