"""The records of many stacks at once: by the load balancer that an alias leads to, and the stack in that one's tags.

One call for each 100 balancers (GetResources in the Resource Groups Tagging API reference) and 300 records, instead of
one for each app. What this cannot know is what CloudFormation calls a record; senza's components call it after the
balancer, with ``MainDomain`` or ``VersionDomain``. So only stacks count whose records look like those components': at
each balancer one weighted name with the stack's name as its set identifier, at most one other, the name of the stack
(both may have an A and an AAAA record), and nothing else at the app's names that leads elsewhere. A definition that
gives such a record another label still gets these ids here. All other stacks are left to whoever asks CloudFormation.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from senza.aws import Aws
from senza.stacks.summaries import Stack
from senza.stacks.tags import LOGICAL_ID_TAG, STACK_TAG, made_by_stacks
from senza.traffic.records import Record

BOTH = ["A", "AAAA"]
"""The types of the records of a name that has addresses of both families."""
_NAME = r"([a-z]{2,4}(?:-[a-z]+)+-[0-9]+)"
_REGION = re.compile(rf"\.(?:{_NAME}\.elb|elb\.{_NAME})\.amazonaws\.com")
"""Network load balancers have it behind elb, all others before."""


@dataclass(frozen=True)
class Balancer:
    """A load balancer of any kind. stack: full name. logical_id: what the stack's template calls it."""

    name: str
    stack: str
    logical_id: str


@dataclass
class Leading:
    """The records that lead to one balancer."""

    weighted: list[Record] = field(default_factory=list)
    others: list[Record] = field(default_factory=list)

    def regular(self, stack: str) -> bool:
        """Whether they are what senza's components make."""
        at_version = all(record.name.partition(".")[0] == stack.lower() for record in self.others)
        return bool(self.weighted) and one_name(self.weighted) and one_name(self.others) and at_version


def one_name(records: Sequence[Record]) -> bool:
    """Whether there is at most one record, or an A and an AAAA record of one name."""
    return len(records) <= 1 or (
        len({record.name for record in records}) == 1 and sorted(record.type for record in records) == BOTH
    )


def balancers_of_stacks(aws: Aws) -> list[Balancer]:
    """All load balancers of the region that stacks made; none where nobody may ask for tags."""
    found = made_by_stacks(aws, "elasticloadbalancing:loadbalancer")
    return [Balancer(name_in_arn(arn), tags[STACK_TAG], tags.get(LOGICAL_ID_TAG, "")) for arn, tags in found.items()]


def name_in_arn(arn: str) -> str:
    """``...:loadbalancer/NAME`` of a classic balancer, ``...:loadbalancer/app/NAME/ID`` of the others."""
    parts = arn.partition(":loadbalancer/")[2].split("/")
    return parts[0] if len(parts) == 1 else parts[1]


def name_in_alias(target: str) -> str:
    """The balancer's name, in lower case, in an alias target such as ``dualstack.internal-NAME-123.region...``.

    "" where it is not a balancer's. A number or id is always appended ("DNS name" in the ELB guides).
    """
    label, _, rest = target.removeprefix("dualstack.").partition(".")
    is_balancer = rest.partition(".")[2].startswith("elb.amazonaws.") or rest.startswith("elb.")
    return label.removeprefix("internal-").rpartition("-")[0] if is_balancer else ""


def region_in_alias(target: str) -> str:
    """The region of the balancer in an alias target, "" where it is none's: hosted zones are those of all regions."""
    found = _REGION.search(target)
    return found[1] or found[2] if found else ""


def names_by_balancer(
    balancers: Iterable[Balancer], records: Iterable[Record], stacks: Sequence[Stack]
) -> dict[str, dict[str, str]]:
    """Logical id to record name, by full name of the stacks about whose records there is no doubt."""
    named: dict[str, list[Balancer]] = {}
    leading: dict[Balancer, Leading] = {}
    for balancer in balancers:
        named.setdefault(balancer.name.lower(), []).append(balancer)
        leading[balancer] = Leading()
    strange = [record for record in records if not claimed(record, named, leading)]
    of_stack: dict[str, list[Balancer]] = {}
    for balancer in leading:
        of_stack.setdefault(balancer.stack, []).append(balancer)
    shared = {record.domain for found in leading.values() for record in found.weighted}
    labels = {record.name.partition(".")[0] for record in strange if record.domain not in shared}
    doubtful = {stack.name for stack in stacks if any(belongs_to(stack.name.lower(), label) for label in labels)}
    return {
        stack.full_name: logical_ids(of_stack[stack.full_name], leading)
        for stack in stacks
        if stack.name not in doubtful
        and stack.full_name in of_stack
        and all(one.logical_id and leading[one].regular(stack.full_name) for one in of_stack[stack.full_name])
    }


def claimed(record: Record, named: Mapping[str, Sequence[Balancer]], leading: Mapping[Balancer, Leading]) -> bool:
    """Count the record to the balancer that it leads to; whether there is exactly one that it can be."""
    found = named.get(name_in_alias(record.value), ()) if "AliasTarget" in record.raw else ()
    if record.identifier is not None:
        found = [balancer for balancer in found if balancer.stack == record.identifier and record.weight is not None]
    if len(found) != 1:
        return False
    (leading[found[0]].others if record.identifier is None else leading[found[0]].weighted).append(record)
    return True


def belongs_to(app: str, label: str) -> bool:
    """Whether a name that begins with this label could be one of the app's."""
    return label == app or label.startswith(f"{app}-")


def logical_ids(balancers: Iterable[Balancer], leading: Mapping[Balancer, Leading]) -> dict[str, str]:
    names: dict[str, str] = {}
    for balancer in balancers:
        for label, records in (("MainDomain", leading[balancer].weighted), ("VersionDomain", leading[balancer].others)):
            for record in records:
                names[f"{balancer.logical_id}{label}{'IPv6' if record.type == 'AAAA' else ''}"] = record.name
    return names
