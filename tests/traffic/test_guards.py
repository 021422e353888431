"""Creating, updating and deleting never move traffic by accident."""

from __future__ import annotations

import contextlib
import dataclasses
import json
from typing import Any

import pytest

from senza.account import Account
from senza.aws import Aws
from senza.clock import Clock
from senza.components import Compiled, WeightedRecord
from senza.errors import OperationFailed, Refused
from senza.plan import execute
from senza.sandbox.embedded import EmbeddedSandbox
from senza.stacks.change_sets import ExecuteChangeSet, make_change_set
from senza.stacks.changes import AwaitStacks, CreateStack
from senza.stacks.summaries import Stack, describe_stack
from senza.stacks.watch import DELETED
from senza.traffic.deleting import Removal, before_delete
from senza.traffic.guards import before_create
from tests.traffic.conftest import MAIN, ZONE, Apps, before_update, compiled_of
from tests.traffic.test_switch import Quiet


def compiled(apps: Apps, stack: str, weight: int | str = "0", **changes: Any) -> Compiled:
    template = apps.template(stack, {"Main": MAIN, "VersionDomain": f"{stack}.{ZONE.rstrip('.')}"}, weight)
    template["Resources"]["Main"]["Properties"] |= changes
    return compiled_of(stack, template, weighted_records=(WeightedRecord(MAIN, ZONE, "A", stack, "Main"),))


def stack_of(aws: Aws, name: str) -> Stack:
    stack = describe_stack(aws, name)
    assert stack is not None
    return stack


def create(aws: Aws, apps: Apps, clock: Clock, stack: str, force: bool = False) -> None:
    new = compiled(apps, stack)
    execute([*before_create(aws, Account(aws).zones, new, force=force), CreateStack(new)], aws, clock, Quiet())


def update(aws: Aws, clock: Clock, new: Compiled, name: str) -> None:
    stack = stack_of(aws, name)
    change_set = make_change_set(aws, clock, before_update(aws, Account(aws).zones, new, stack), stack)
    execute([ExecuteChangeSet(change_set)], aws, clock, Quiet())


def removal(aws: Aws, name: str, force: bool = False) -> Removal:
    return before_delete(aws, Account(aws).zones, stack_of(aws, name), force=force)


def delete(aws: Aws, clock: Clock, name: str, force: bool = False) -> None:
    planned = removal(aws, name, force)
    steps = [*planned.steps, AwaitStacks((stack_of(aws, name),), DELETED, token=planned.token)]
    execute(steps, aws, clock, Quiet())


def template_weight(aws: Aws, name: str) -> Any:
    body = aws.call("cloudformation", "get_template", StackName=name)["TemplateBody"]
    return json.loads(json.dumps(body))["Resources"]["Main"]["Properties"]["Weight"]


# -- create


def test_the_first_version_needs_nothing(aws: Aws, apps: Apps, clock: Clock) -> None:
    assert before_create(aws, Account(aws).zones, compiled(apps, "shop-1")) == []


def test_a_new_version_arrives_without_traffic(aws: Aws, apps: Apps, clock: Clock) -> None:
    create(aws, apps, clock, "shop-1")
    apps.set({"shop-1": 200})
    assert before_create(aws, Account(aws).zones, compiled(apps, "shop-2")) == []


def test_the_only_version_at_zero_is_given_all_explicitly(aws: Aws, apps: Apps, clock: Clock) -> None:
    create(aws, apps, clock, "shop-1")
    create(aws, apps, clock, "shop-2")
    assert apps.weights() == {"shop-1": 200, "shop-2": 0}


def test_several_versions_at_zero_are_for_the_user_to_decide(aws: Aws, apps: Apps, clock: Clock) -> None:
    for version in "12":
        apps.create(f"shop-{version}")
    with pytest.raises(Refused, match=r"all versions on shop.* have weight 0 \(shop-1, shop-2\).*at once\nDecide who"):
        create(aws, apps, clock, "shop-3")
    create(aws, apps, clock, "shop-3", force=True)
    assert apps.weights() == {"shop-1": 0, "shop-2": 0, "shop-3": 0}


def test_what_cloudformation_could_not_create_is_said_before(aws: Aws, apps: Apps, clock: Clock) -> None:
    apps.change("CREATE", "shop-1", 0)
    with pytest.raises(Refused, match="has a record shop-1 already, left behind by an earlier stack"):
        create(aws, apps, clock, "shop-1")
    apps.change("DELETE", "shop-1", 0)
    aws.call(
        "cloudformation",
        "create_stack",
        StackName="plain-1",
        TemplateBody=json.dumps({"Resources": {"Plain": apps.record(MAIN, None)}}),
    )
    with pytest.raises(Refused, match=r"has a record without weight \(192.0.2.1\)"):
        create(aws, apps, clock, "shop-1")


# -- delete


def test_a_version_with_traffic_is_not_deleted(aws: Aws, apps: Apps, clock: Clock) -> None:
    for version in "12":
        apps.create(f"shop-{version}")
    apps.set({"shop-1": 150, "shop-2": 50})
    with pytest.raises(Refused, match=r"shop-2 has 25 % of the traffic of shop.hello.example.org\nMove it first"):
        removal(aws, "shop-2")
    apps.set({"shop-1": 0})
    with pytest.raises(Refused, match=r"shop-2 has 100 % .* and is the last version with traffic"):
        removal(aws, "shop-2")


def test_a_version_without_traffic_is_deleted_in_six_calls(aws: Aws, apps: Apps, clock: Clock) -> None:
    for version in "12":
        apps.create(f"shop-{version}")
    apps.set({"shop-1": 200})
    fresh = Aws(endpoint=aws._endpoint)
    execute(removal(fresh, "shop-2").steps, fresh, clock, Quiet())
    assert sorted(str(call) for call in fresh.calls) == [
        "cloudformation:DeleteStack",
        "cloudformation:DescribeStacks",
        "cloudformation:GetTemplate",
        "cloudformation:ListStackResources",
        "route53:ListHostedZones",
        "route53:ListResourceRecordSets",
    ]
    assert apps.weights() == {"shop-1": 200}


def test_by_force_the_others_get_the_traffic_first(aws: Aws, apps: Apps, clock: Clock) -> None:
    for version in "123":
        apps.create(f"shop-{version}")
    apps.set({"shop-1": 100, "shop-2": 60, "shop-3": 40})
    assert removal(aws, "shop-1", force=True).warnings == (
        "shop.hello.example.org: 50 % of the traffic of shop-1 goes to the other versions with traffic",
    )
    delete(aws, clock, "shop-1", force=True)
    assert apps.weights() == {"shop-2": 120, "shop-3": 80}


def test_by_force_even_the_last_one_goes(aws: Aws, apps: Apps, clock: Clock) -> None:
    apps.create("shop-1")
    apps.set({"shop-1": 200})
    delete(aws, clock, "shop-1", force=True)
    assert apps.weights() == {}


def test_a_version_that_never_had_traffic_goes_with_a_word(aws: Aws, apps: Apps, clock: Clock) -> None:
    apps.create("shop-1")
    assert removal(aws, "shop-1").warnings == (
        "shop.hello.example.org: shop-1 was the only version, the name is gone with it",
    )
    delete(aws, clock, "shop-1")


def test_a_stack_of_the_classic_tool_is_brought_to_zero_in_template_and_life(
    aws: Aws, apps: Apps, clock: Clock
) -> None:
    apps.create("shop-1", weight="200")
    apps.create("shop-2", weight="0")
    apps.set({"shop-1": 0, "shop-2": 200})  # switched by us: the template of shop-1 still says 200
    planned = removal(aws, "shop-1")
    assert [step.says for step in planned.steps] == [
        "Update stack shop-1: its template shall say weight 0, so that CloudFormation can delete the record",
        "Delete stack shop-1",
    ]
    delete(aws, clock, "shop-1")
    assert apps.weights() == {"shop-2": 200}


def test_without_that_cloudformation_could_not_delete_it(aws: Aws, apps: Apps, clock: Clock) -> None:
    """What the guard is for, shown on the sandbox."""
    apps.create("shop-1", weight="200")
    apps.set({"shop-1": 0})
    stack = stack_of(aws, "shop-1")
    aws.call("cloudformation", "delete_stack", StackName="shop-1")
    with pytest.raises(OperationFailed, match="DELETE_FAILED"):
        execute([AwaitStacks((stack,), DELETED)], aws, clock, Quiet())


def test_an_update_under_way_is_waited_for(aws: Aws, apps: Apps, clock: Clock, sandbox: EmbeddedSandbox) -> None:
    apps.create("shop-1", weight="200")
    apps.create("shop-2", weight="0")
    apps.set({"shop-1": 0, "shop-2": 200})
    sandbox.settings.default_seconds = 10
    planned = removal(aws, "shop-1")
    with contextlib.suppress(Killed):
        execute(planned.steps[:1], Aws(endpoint=aws._endpoint, observe=Killer("DescribeStackEvents")), clock, Quiet())
    assert stack_of(aws, "shop-1").status == "UPDATE_IN_PROGRESS"
    delete(aws, clock, "shop-1")
    assert apps.weights() == {"shop-2": 200}


class Killed(BaseException):
    pass


class Killer:
    """Stops everything before the first call of an operation."""

    def __init__(self, operation: str) -> None:
        self.operation = operation

    def __call__(self, call: Any) -> None:
        if call.operation == self.operation:
            raise Killed


# -- update


def test_an_update_leaves_the_weights_of_templates_and_records_as_they_are(aws: Aws, apps: Apps, clock: Clock) -> None:
    apps.create("shop-1", weight="150")  # a stack of the classic tool
    apps.set({"shop-1": 40})
    new = compiled(apps, "shop-1")
    resources = {**new.template["Resources"], "Jobs": {"Type": "AWS::SQS::Queue"}}
    new = dataclasses.replace(new, template={"Resources": resources})
    update(aws, clock, new, "shop-1")
    assert apps.weights() == {"shop-1": 40}
    assert template_weight(aws, "shop-1") == "150"


def test_an_update_that_would_rewrite_a_record_with_traffic_is_refused(aws: Aws, apps: Apps, clock: Clock) -> None:
    apps.create("shop-1")
    apps.set({"shop-1": 200})
    stack = stack_of(aws, "shop-1")
    new = compiled(apps, "shop-1", ResourceRecords=["192.0.2.99"])
    with pytest.raises(Refused, match=r"would rewrite the record of shop.* and shop-1 has 100 % there"):
        before_update(aws, Account(aws).zones, new, stack)
    assert before_update(aws, Account(aws).zones, new, stack, force=True).template == new.template
    gone = dataclasses.replace(new, template={"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}})
    with pytest.raises(Refused, match=r"would remove the record of shop.* and shop-1 has 100 % there"):
        before_update(aws, Account(aws).zones, gone, stack)
    apps.set({"shop-1": 0})  # alone, it has all answers even so; but rewriting it changes nothing
    with pytest.raises(Refused, match=r"would remove the record of shop.* and shop-1 has 100 % there"):
        before_update(aws, Account(aws).zones, gone, stack)
    assert before_update(aws, Account(aws).zones, new, stack).template == new.template


def test_such_an_update_of_a_version_without_traffic_is_fine(aws: Aws, apps: Apps, clock: Clock) -> None:
    apps.create("shop-1")
    apps.create("shop-2")
    apps.set({"shop-1": 200})
    new = compiled(apps, "shop-2", ResourceRecords=["192.0.2.99"])
    update(aws, clock, new, "shop-2")
    assert apps.weights() == {"shop-1": 200, "shop-2": 0}


def test_spelling_is_no_difference(aws: Aws, apps: Apps, clock: Clock) -> None:
    apps.create("shop-1")
    apps.set({"shop-1": 200})
    new = compiled(apps, "shop-1", TTL=20, Weight=0, HostedZoneName="hello.example.org", Name=MAIN)
    before_update(aws, Account(aws).zones, new, stack_of(aws, "shop-1"))


def test_nothing_to_update_is_fine(aws: Aws, apps: Apps, clock: Clock) -> None:
    create(aws, apps, clock, "shop-1")
    stack = stack_of(aws, "shop-1")
    planned = before_update(aws, Account(aws).zones, compiled(apps, "shop-1"), stack)
    assert make_change_set(aws, clock, planned, stack).empty


# -- found by a reviewer


def test_beside_a_first_version_that_is_still_being_created_there_is_no_second_one(
    aws: Aws, apps: Apps, clock: Clock, sandbox: EmbeddedSandbox
) -> None:
    sandbox.settings.default_seconds = 60
    later = {**apps.record(MAIN, "shop-1"), "DependsOn": "Queue"}
    apps.create("shop-1", {}, Queue={"Type": "AWS::SQS::Queue"}, Main=later)
    with pytest.raises(Refused, match=r"shop-1 is still being created .*\nWait for it first \(senza wait shop 1\)"):
        create(aws, apps, clock, "shop-2")
    clock.sleep(600)
    create(aws, apps, clock, "shop-2")
    clock.sleep(600)
    assert apps.weights() == {"shop-1": 200, "shop-2": 0}


def test_who_answers_with_weight_zero_is_told_of_when_it_goes(aws: Aws, apps: Apps) -> None:
    for version in "12":
        apps.create(f"shop-{version}")
    assert removal(aws, "shop-1").warnings == (
        "shop.hello.example.org: all weights are 0, so shop-1 has 50 % of the answers; the others get them",
    )
