"""Change sets: what CloudFormation says an update would do, before it does it.

Meaning of the fields: "ResourceChange" and "ResourceChangeDetail" in the CloudFormation API reference.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from senza.aws import Aws
from senza.aws.failures import DENIED
from senza.clock import Clock
from senza.components import Compiled
from senza.errors import AwsError, Conflict, NotFound, OperationFailed, Refused, TimedOut
from senza.plan import Outcome, Step, World, perform
from senza.stacks.changes import new_token, not_updatable, request
from senza.stacks.summaries import Stack
from senza.stacks.triggers import triggers_of

UPDATE_PREFIX = "senza-update-"
DIFF_PREFIX = "senza-diff-"
OLD = 15 * 60.0
"""Seconds after which a change set of senza's that is still there was left behind by a process that was killed."""
NOTHING = ("didn't contain changes", "No updates are to be performed")
OTHER_TYPE = "Update of resource type is not permitted"
BAD_STATE = re.compile(r"is in (\w+) state and can ?not be updated")
"""How CloudFormation refuses by the stack's status, which is the first word."""
GONE = "ChangeSetNotFound"
INTERVAL = 1.0
TIMEOUT = 300.0
IF_AT_ALL = "if at all"
STAYING = {
    "ReplaceAndRetain": "the old one stays",
    "Snapshot": "after a snapshot",
    "ReplaceAndSnapshot": "after a snapshot",
}
"""What a policy leaves of a resource that goes ("PolicyAction" of ResourceChange)."""
INTERRUPTING: Mapping[str, frozenset[str]] = {
    "AWS::EC2::Instance": frozenset({"EbsOptimized", "InstanceType", "KernelId", "RamdiskId", "UserData"}),
    "AWS::ElastiCache::CacheCluster": frozenset({"CacheNodeType", "EngineVersion"}),
    "AWS::ElastiCache::ReplicationGroup": frozenset({"CacheNodeType", "EngineVersion"}),
    "AWS::RDS::DBInstance": frozenset({"DBInstanceClass", "EngineVersion", "AllocatedStorage"}),
}
"""Properties whose change takes the thing away for a while ("Update requires: Some interruptions"); a change set does
not tell these from others."""


@dataclass(frozen=True)
class Detail:
    """One reason of a change.

    attribute: ``Properties``, ``Tags``... name: of the property. certain: whether the value is known to change
    (evaluation ``Static``). source: e.g. ``DirectModification``. cause: the parameter, resource or ``Resource.Att``.
    """

    attribute: str
    name: str
    recreation: str
    certain: bool
    source: str
    cause: str


@dataclass(frozen=True)
class ResourceChange:
    """action: ``Add``, ``Modify``, ``Remove``... replacement, of a Modify: ``True``, ``False`` or ``Conditional``.

    policy: what becomes of what is there now: ``Delete``, ``Retain``, ``Snapshot``, or these after ``ReplaceAnd``.
    """

    action: str
    logical_id: str
    physical_id: str
    type: str
    replacement: str = ""
    details: tuple[Detail, ...] = ()
    policy: str = ""

    @property
    def effect(self) -> str:
        """``create``, ``delete``, ``leave`` (behind), ``replace``, ``may replace``, ``interrupt`` or ``none``."""
        if self.action == "Remove" and self.policy == "Retain":
            return "leave"
        known = {"Add": "create", "Import": "none", "Remove": "delete"}
        if self.action in known:
            return known[self.action]
        if self.replacement in ("True", "Conditional"):
            return "replace" if self.replacement == "True" else "may replace"
        names = {one.name for one in self.details if one.certain}
        return "interrupt" if names & INTERRUPTING.get(self.type, frozenset()) else "none"

    @property
    def note(self) -> str:
        """Of a change in place: ``tags only``, or ``if at all`` where CloudFormation knows no more than that it reads
        something of a resource that changes (evaluation ``Dynamic``). Of what goes: what stays of it. "" otherwise."""
        if self.effect in ("delete", "replace", "may replace"):
            return STAYING.get(self.policy, "")
        if self.effect != "none" or not self.details:
            return ""
        if all(one.attribute == "Tags" for one in self.details):
            return "tags only"
        return "" if any(one.certain for one in self.details) else IF_AT_ALL

    @property
    def goes(self) -> bool:
        """Whether what is there now may be deleted."""
        return self.action == "Remove" or self.replacement in ("True", "Conditional")


@dataclass(frozen=True)
class ChangeSet:
    """id: its ARN. empty: whether there is nothing to change."""

    id: str
    stack: Stack
    changes: tuple[ResourceChange, ...] = ()
    empty: bool = False

    def by_id(self) -> dict[str, ResourceChange]:
        return {one.logical_id: one for one in self.changes}

    def note_of(self, one: ResourceChange) -> str:
        """Its note; what follows from something that is sure to be replaced changes for sure, too."""
        replaced = {each.logical_id for each in self.changes if each.replacement == "True"}
        certain = one.note == IF_AT_ALL and any(each.cause.split(".")[0] in replaced for each in one.details)
        return "" if certain else one.note


def make_change_set(
    aws: Aws, clock: Clock, compiled: Compiled, stack: Stack, *, prefix: str = UPDATE_PREFIX, name: str = ""
) -> ChangeSet:
    """Have CloudFormation work out what updating the stack to this template would change.

    Raises NotFound where the stack is gone, Conflict where its status forbids it, OperationFailed where CloudFormation
    cannot say, TimedOut, AwsError.
    """
    name = name or prefix + uuid.uuid4().hex[:12]
    sent = request(aws, clock, compiled, arn=stack.stack_id)
    sent |= triggers_of(aws, compiled, stack)
    try:
        ident = aws.call(
            "cloudformation", "create_change_set", ChangeSetName=name, ChangeSetType="UPDATE", ClientToken=name, **sent
        )["Id"]
    except AwsError as error:
        if "does not exist" in error.message:
            raise NotFound(f"there is no stack {compiled.full_name}", hint="Create it: senza create.") from error
        if state := BAD_STATE.search(error.message):
            raise not_updatable(replace(stack, status=state[1])) from error
        if OTHER_TYPE in error.message:
            which = error.message.partition("[")[2].partition("]")[0]
            raise Refused(
                f"CloudFormation cannot give a resource another type, and {which} would get one",
                hint="Nothing was changed. Create a new version instead (senza create).",
            ) from error
        raise
    try:
        return awaited(aws, clock, str(ident), stack)
    except BaseException:  # Ctrl-C, too: nobody would use it
        discard(aws, str(ident))
        raise


def awaited(aws: Aws, clock: Clock, ident: str, stack: Stack) -> ChangeSet:
    until = clock.now() + TIMEOUT
    while True:
        changes: list[ResourceChange] = []
        token: dict[str, str] = {}
        while True:
            answer = described(aws, ident, stack, token)
            changes += [parsed(one["ResourceChange"]) for one in answer.get("Changes", ()) if "ResourceChange" in one]
            if not answer.get("NextToken"):
                break
            token = {"NextToken": answer["NextToken"]}
        status, reason = answer["Status"], answer.get("StatusReason") or ""
        if status == "CREATE_COMPLETE":
            return ChangeSet(ident, stack, tuple(changes))
        if status == "FAILED" and any(said in reason for said in NOTHING):
            return ChangeSet(ident, stack, empty=True)
        if status == "FAILED":
            raise OperationFailed(
                f"CloudFormation cannot say what the update of {stack.full_name} would change: {reason}",
                hint="Nothing was changed. Correct what it names, or wait for what is going on with the stack.",
            )
        if clock.now() >= until:
            raise TimedOut(
                f"after {TIMEOUT:g} seconds CloudFormation is still working out what changes in {stack.full_name}",
                hint="Nothing was changed. Try again.",
            )
        clock.sleep(INTERVAL)


def described(aws: Aws, ident: str, stack: Stack, token: Mapping[str, str]) -> dict[str, Any]:
    """One page of a change set. Raises Conflict where it is gone, as its stack may be."""
    try:
        return aws.call("cloudformation", "describe_change_set", ChangeSetName=ident, **token)
    except AwsError as error:
        if error.code != GONE:
            raise
        raise Conflict(
            f"somebody deleted the change set of {stack.full_name} before it could be looked at",
            hint="Nothing was changed. See senza list whether the stack is still there, and run the command again.",
        ) from error


def parsed(item: Mapping[str, Any]) -> ResourceChange:
    return ResourceChange(
        action=item["Action"],
        logical_id=item["LogicalResourceId"],
        physical_id=item.get("PhysicalResourceId") or "",
        type=item["ResourceType"],
        replacement=item.get("Replacement") or "",
        policy=item.get("PolicyAction") or "",
        details=tuple(
            Detail(
                attribute=one["Target"].get("Attribute", ""),
                name=one["Target"].get("Name", ""),
                recreation=one["Target"].get("RequiresRecreation", "Never"),
                certain=one.get("Evaluation") == "Static",
                source=one.get("ChangeSource", ""),
                cause=one.get("CausingEntity") or "",
            )
            for one in item.get("Details", ())
        ),
    )


def discard(aws: Aws, ident: str) -> None:
    """Delete a change set, where that can be done; it does nothing and goes with the next update anyway."""
    try:
        aws.call("cloudformation", "delete_change_set", ChangeSetName=ident)
    except AwsError as error:
        if error.code not in (GONE, "InvalidChangeSetStatus", *DENIED):
            raise


def discard_old(aws: Aws, clock: Clock, stack: Stack) -> int:
    """Delete the change sets of senza's that killed processes left with this stack, where that is allowed; how many
    that were."""
    count = 0
    try:
        found = list(aws.pages("cloudformation", "list_change_sets", "Summaries", StackName=stack.stack_id))
    except AwsError as error:
        if error.code not in DENIED:
            raise
        return 0
    for one in found:
        created = one["CreationTime"]
        created = created if created.tzinfo else created.replace(tzinfo=UTC)
        ours = one["ChangeSetName"].startswith((DIFF_PREFIX, UPDATE_PREFIX))
        if ours and created < datetime.fromtimestamp(clock.now() - OLD, UTC):
            discard(aws, one["ChangeSetId"])
            count += 1
    return count


@dataclass(frozen=True)
class ExecuteChangeSet(Step):
    """Update a stack as its change set says."""

    change_set: ChangeSet
    disable_rollback: bool = False
    token: str = field(default_factory=new_token)

    @property
    def says(self) -> str:
        return f"Update stack {self.change_set.stack.full_name}"


@perform.register
def execute_change_set(step: ExecuteChangeSet, world: World) -> Outcome:
    stack = step.change_set.stack
    try:
        world.aws.call(
            "cloudformation",
            "execute_change_set",
            ChangeSetName=step.change_set.id,
            ClientRequestToken=step.token,
            DisableRollback=step.disable_rollback,
        )
    except AwsError as error:
        if error.code in (GONE, "InvalidChangeSetStatus"):
            raise Conflict(
                f"stack {stack.full_name} was changed by somebody else since it was looked at",
                hint="Nothing was changed now. Run the command again to see what it would change.",
            ) from error
        raise
    return Outcome("started", {"stack_id": stack.stack_id})
