"""What a stack has that traffic can go through, as CloudFormation tells it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from senza.aws import Aws
from senza.errors import NotFound
from senza.stacks.resources import Resource, resources_of
from senza.traffic.records import normal
from senza.traffic.rules import GROUP, RULE

RECORD_SET = "AWS::Route53::RecordSet"


@dataclass(frozen=True)
class Parts:
    """By logical id: the names of the records, and the ARNs of listener rules and target groups.

    CloudFormation's physical id of a record set is its name, that of the others their ARN (User Guide, Ref). Rules that
    are deleted already count: where a deletion failed in between, the target groups are still there.
    """

    names: Mapping[str, str] = field(default_factory=dict)
    rules: Mapping[str, str] = field(default_factory=dict)
    groups: Mapping[str, str] = field(default_factory=dict)

    @property
    def listeners(self) -> list[str]:
        """ARNs of the listeners of the rules; a rule's is ``...:listener-rule/app/NAME/ID/ID/ID``, the last its own."""
        found = [arn.replace(":listener-rule/", ":listener/").rpartition("/")[0] for arn in self.rules.values()]
        return list(dict.fromkeys(found))


def parts_in(resources: Iterable[Resource]) -> Parts:
    kinds: dict[str, dict[str, str]] = {RECORD_SET: {}, RULE: {}, GROUP: {}}
    for item in resources:
        gone = item.status == "DELETE_COMPLETE" and item.type != RULE
        if item.type in kinds and item.physical_id and not gone:
            kinds[item.type][item.logical_id] = item.physical_id
    names = {logical_id: normal(name) for logical_id, name in kinds[RECORD_SET].items()}
    return Parts(names, kinds[RULE], kinds[GROUP])


def parts_of(aws: Aws, stack: str) -> Parts:
    """Of the stack of that name or id. Raises NotFound."""
    return parts_in(resources_of(aws, stack))


def known_parts(aws: Aws, stack: str) -> Parts:
    """The same; nothing where there is no such stack."""
    try:
        return parts_of(aws, stack)
    except NotFound:
        return Parts()  # whoever minds is told of its absence by looking at the stack
