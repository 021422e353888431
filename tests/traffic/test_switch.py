"""Moving traffic on a Route 53 that is as strict as AWS's."""

from __future__ import annotations

import json
import re

import pytest

from senza.account import Account
from senza.aws import Aws, Call
from senza.clock import Clock
from senza.errors import AwsError, Conflict, NotFound, Refused, TimedOut
from senza.plan import Outcome, Step, execute
from senza.sandbox.embedded import EmbeddedSandbox
from senza.sandbox.world import Failure
from senza.traffic.app import TrafficPlan, plan_traffic, shares, wait_until_settled
from senza.traffic.shift_weights import INSYNC_TIMEOUT, ShiftWeights
from tests.traffic.conftest import MAIN, Apps


class Quiet:
    def __init__(self) -> None:
        self.said: list[str] = []

    def starting(self, step: Step) -> None:
        self.said.append(step.says)

    def progress(self, text: str) -> None:
        self.said.append(text)

    def finished(self, step: Step, outcome: str) -> None:
        self.said.append(outcome)


def plan(aws: Aws, version: str, asked: int, app: str = "shop", force: bool = False) -> TrafficPlan:
    return plan_traffic(aws, Account(aws).zones, app, version, asked, force=force)


def switch(aws: Aws, clock: Clock, version: str, asked: int, app: str = "shop", force: bool = False) -> list[Outcome]:
    return execute(plan(aws, version, asked, app, force).steps, aws, clock, Quiet())


def batches(sandbox: EmbeddedSandbox) -> list[str]:
    return [str(call) for call in sandbox.log if call.operation == "ChangeResourceRecordSets"]


def test_traffic_moves_in_one_batch_that_holds_only_what_changes(
    aws: Aws, apps: Apps, clock: Clock, sandbox: EmbeddedSandbox
) -> None:
    for version in "123":
        apps.create(f"shop-{version}")
    apps.set({"shop-1": 200})
    step = plan(aws, "2", 100).steps[0]
    assert isinstance(step, ShiftWeights)
    assert [str(change) for change in step.changes] == ["shop-1 100 -> 50 %", "shop-2 0 -> 50 %"]
    assert step.says == f"Set the weights of {MAIN}: shop-1 100 -> 50 %, shop-2 0 -> 50 %"
    sandbox.log.clear()
    outcome = execute([step], aws, clock, Quiet())[0]
    assert len(batches(sandbox)) == 1
    assert apps.weights() == {"shop-1": 100, "shop-2": 100, "shop-3": 0}
    assert outcome.facts["observed"][MAIN, "A", "shop-2"] == 100
    assert outcome.says == "in effect on all Route 53 servers"


def test_a_switch_costs_six_calls_and_the_polls_for_any_number_of_versions(aws: Aws, apps: Apps, clock: Clock) -> None:
    for version in range(30):
        apps.create(f"shop-{version}")
    apps.set({f"shop-{version}": 10 for version in range(20)})
    fresh = Aws(endpoint=aws._endpoint)
    switch(fresh, clock, "5", 50)
    assert sorted(str(call) for call in fresh.calls if call.operation != "GetChange") == [
        "cloudformation:DescribeStacks",
        "cloudformation:ListStackResources",
        "route53:ChangeResourceRecordSets",
        "route53:ListHostedZones",
        "route53:ListResourceRecordSets",
        "route53:ListResourceRecordSets",
    ]
    assert sum(apps.weights().values()) == 200


def test_doing_it_again_changes_nothing(aws: Aws, apps: Apps, clock: Clock) -> None:
    apps.create("shop-1")
    apps.create("shop-2")
    apps.set({"shop-1": 200})
    switch(aws, clock, "2", 50)
    again = plan(aws, "2", 50)
    assert again.steps == ()
    assert again.switch.domains[0].after == {"shop-1": 150, "shop-2": 50}


def test_whoever_comes_second_is_told_and_changes_nothing(aws: Aws, apps: Apps, clock: Clock) -> None:
    for version in "123":
        apps.create(f"shop-{version}")
    apps.set({"shop-1": 200})
    mine, theirs = plan(aws, "2", 100), plan(aws, "3", 200)
    execute(theirs.steps, aws, clock, Quiet())
    with pytest.raises(
        Conflict, match=r"somebody else is changing shop\.hello.example.org: .*shop-3 100 %.*planned from"
    ):
        execute(mine.steps, aws, clock, Quiet())
    assert apps.weights() == {"shop-1": 0, "shop-2": 0, "shop-3": 200}


def test_a_lost_answer_is_no_conflict(aws: Aws, apps: Apps, clock: Clock) -> None:
    apps.create("shop-1")
    apps.create("shop-2")
    apps.set({"shop-1": 200})
    planned = plan(aws, "2", 100)
    execute(planned.steps, aws, clock, Quiet())
    assert execute(planned.steps, aws, clock, Quiet())[0].says == "was in effect already"


def test_a_weight_that_changes_right_after_the_switch_is_noticed(aws: Aws, apps: Apps, clock: Clock) -> None:
    apps.create("shop-1")
    apps.create("shop-2")
    apps.set({"shop-1": 200})
    seen: list[str] = []

    def interfere(call: Call) -> None:
        seen.append(call.operation)
        if seen[-2:] and seen[-1] == "ListResourceRecordSets" and "ChangeResourceRecordSets" in seen:
            apps.upsert("shop-2", 7)

    with pytest.raises(Conflict, match=r"were set, and somebody else changed them since: now .*shop-2 3.5 %"):
        switch(Aws(endpoint=aws._endpoint, observe=interfere), clock, "2", 100)


def test_records_that_belong_to_no_stack_take_part(aws: Aws, apps: Apps, clock: Clock) -> None:
    apps.create("shop-1")
    apps.change("CREATE", "old-datacenter", 150)
    apps.upsert("shop-1", 50)
    rows = shares(aws, Account(aws).zones, "shop")
    assert [(row.identifier, row.version, row.weight, row.effective) for row in rows] == [
        ("old-datacenter", "", 150, 75.0),
        ("shop-1", "1", 50, 25.0),
    ]
    switch(aws, clock, "1", 200)
    assert apps.weights() == {"old-datacenter": 0, "shop-1": 200}


def test_several_domains_and_zones_move_together_one_batch_per_zone(
    aws: Aws, apps: Apps, clock: Clock, sandbox: EmbeddedSandbox
) -> None:
    aws.call("route53", "create_hosted_zone", Name="example.net.", CallerReference="second")
    second = {"HostedZoneName": "example.net."}
    for version in "12":
        extra = apps.record("shop.example.net", f"shop-{version}")
        extra["Properties"] |= second
        apps.create(f"shop-{version}", {"Main": MAIN, "Eu": "shop-eu.hello.example.org"}, Net=extra)
    for name, zone in ((MAIN, None), ("shop-eu.hello.example.org", None), ("shop.example.net", "example.net.")):
        apps.set({"shop-1": 200}, name, zone or "hello.example.org.")
    sandbox.log.clear()
    switch(aws, clock, "2", 50)
    assert len(batches(sandbox)) == 2
    assert apps.weights(MAIN) == {"shop-1": 150, "shop-2": 50}
    assert apps.weights("shop-eu.hello.example.org") == {"shop-1": 150, "shop-2": 50}
    assert apps.weights("shop.example.net", "example.net.") == {"shop-1": 150, "shop-2": 50}


def test_the_last_version_with_traffic_keeps_it(aws: Aws, apps: Apps, clock: Clock) -> None:
    apps.create("shop-1")
    apps.create("shop-2")
    apps.set({"shop-1": 200})
    with pytest.raises(Refused, match=r"last version with traffic on shop.*answers with every version"):
        plan(aws, "1", 0)
    assert apps.weights() == {"shop-1": 200, "shop-2": 0}
    switch(aws, clock, "1", 0, force=True)
    assert apps.weights() == {"shop-1": 0, "shop-2": 0}


def test_all_at_zero_is_shown_as_what_route_53_makes_of_it(aws: Aws, apps: Apps) -> None:
    apps.create("shop-1")
    apps.create("shop-2")
    assert [row.effective for row in shares(aws, Account(aws).zones, "shop")] == [50.0, 50.0]


def test_a_version_without_record_is_explained(aws: Aws, apps: Apps) -> None:
    apps.create("shop-1")
    apps.create("shop-2", {}, Queue={"Type": "AWS::SQS::Queue"})
    with pytest.raises(NotFound, match="shop-2 has no DNS record"):
        plan(aws, "2", 100)
    with pytest.raises(NotFound, match="there is no stack shop-9"):
        plan(aws, "9", 100)


def test_a_version_that_is_going_gets_no_more_traffic(
    aws: Aws, apps: Apps, clock: Clock, sandbox: EmbeddedSandbox
) -> None:
    apps.create("shop-1")
    apps.create("shop-2")
    apps.set({"shop-1": 200})
    sandbox.settings.default_seconds = 600
    aws.call("cloudformation", "delete_stack", StackName="shop-2")
    with pytest.raises(Refused, match="shop-2 is DELETE_IN_PROGRESS: its instances are going, or gone already"):
        plan(aws, "2", 20)
    assert plan(aws, "2", 0).steps == ()
    assert plan(aws, "1", 200).steps == ()
    sandbox.advance(2000)
    with pytest.raises(NotFound, match="there is no stack shop-2"):
        plan(aws, "2", 20)


def test_waiting_for_route_53_ends_and_says_so(aws: Aws, apps: Apps, clock: Clock, sandbox: EmbeddedSandbox) -> None:
    apps.create("shop-1")
    apps.create("shop-2")
    apps.set({"shop-1": 200})
    sandbox.settings.insync_polls = 10**6
    before = clock.now()
    assert switch(aws, clock, "2", 200)[0].says == "accepted; Route 53 is still spreading it"
    assert clock.now() - before == INSYNC_TIMEOUT


def test_a_rejection_for_another_reason_is_passed_on(aws: Aws, apps: Apps, clock: Clock) -> None:
    apps.create("shop-1")
    apps.create("shop-2")
    apps.set({"shop-1": 200})
    step = plan(aws, "2", 200).steps[0]
    assert isinstance(step, ShiftWeights)
    broken = ShiftWeights(
        step.zone, tuple(type(change)(change.record, 300 if change.weight else 0) for change in step.changes)
    )
    with pytest.raises(AwsError) as caught:
        execute([broken], aws, clock, Quiet())
    assert caught.value.code in ("InvalidInput", "InvalidChangeBatch")
    assert apps.weights() == {"shop-1": 200, "shop-2": 0}


def test_topics_are_told_after_the_change(aws: Aws, apps: Apps, clock: Clock) -> None:
    topic = aws.call("sns", "create_topic", Name="deploys")["TopicArn"]
    queue = aws.call("sqs", "create_queue", QueueName="deploys")["QueueUrl"]
    arn = aws.call("sqs", "get_queue_attributes", QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    apps.create("shop-1", topics=(topic,))
    apps.create("shop-2", topics=(topic,))
    apps.set({"shop-1": 200})
    aws.call("sns", "subscribe", TopicArn=topic, Protocol="sqs", Endpoint=arn)
    switch(aws, clock, "2", 50)
    body = aws.call("sqs", "receive_message", QueueUrl=queue)["Messages"][0]["Body"]
    envelope = json.loads(body)
    told = json.loads(envelope["Message"])
    assert envelope["Subject"] == "shop-2 gets 25 % of the traffic"
    assert told["domains"] == [
        {"domain": MAIN, "before": {"shop-1": 100.0, "shop-2": 0.0}, "after": {"shop-1": 75.0, "shop-2": 25.0}}
    ]
    assert (told["stack_name"], told["version"], told["asked"]) == ("shop", "2", 25.0)
    assert re.match(r"arn:aws:(iam|sts)::", told["who"])


def test_a_topic_that_is_gone_does_not_fail_the_switch(aws: Aws, apps: Apps, clock: Clock) -> None:
    topic = aws.call("sns", "create_topic", Name="deploys")["TopicArn"]
    apps.create("shop-1", topics=(topic,))
    apps.create("shop-2", topics=(topic,))
    apps.set({"shop-1": 200})
    aws.call("sns", "delete_topic", TopicArn=topic)
    outcomes = switch(aws, clock, "2", 50)
    assert outcomes[-1].says == "told 0 of 1"
    assert apps.weights() == {"shop-1": 150, "shop-2": 50}


def test_waiting_for_the_stacks_to_settle_has_an_end(
    aws: Aws, apps: Apps, clock: Clock, sandbox: EmbeddedSandbox
) -> None:
    sandbox.settings.seconds["AWS::Route53::RecordSet"] = 60
    apps.create("shop-1")
    with pytest.raises(TimedOut, match=r"shop-1 \(CREATE_IN_PROGRESS\) still changing"):
        wait_until_settled(aws, "shop", clock, timeout=30, interval=5)
    wait_until_settled(aws, "shop", clock, timeout=300, interval=5)


def test_two_switches_from_all_zero_do_not_both_succeed(aws: Aws, apps: Apps, clock: Clock) -> None:
    for version in "123":
        apps.create(f"shop-{version}")
    mine, theirs = plan(aws, "1", 200), plan(aws, "2", 200)
    assert mine.steps[0].says == f"Set the weights of {MAIN}: shop-1 0 -> 100 %"
    execute(theirs.steps, aws, clock, Quiet())
    with pytest.raises(Conflict, match="somebody else is changing"):
        execute(mine.steps, aws, clock, Quiet())
    assert apps.weights() == {"shop-1": 0, "shop-2": 200, "shop-3": 0}


def test_traffic_that_somebody_adds_beside_the_switch_is_noticed(aws: Aws, apps: Apps, clock: Clock) -> None:
    for version in "123":
        apps.create(f"shop-{version}")
    apps.set({"shop-1": 200})
    planned = plan(aws, "2", 100)
    apps.upsert("shop-3", 40)  # is not in the batch, which therefore takes effect
    with pytest.raises(Conflict, match=r"were set, and somebody else changed them since: now .*shop-3 20 %"):
        execute(planned.steps, aws, clock, Quiet())


def test_a_change_that_was_accepted_is_no_failure_where_watching_it_is_denied(
    aws: Aws, apps: Apps, clock: Clock, sandbox: EmbeddedSandbox
) -> None:
    topic = aws.call("sns", "create_topic", Name="deploys")["TopicArn"]
    for version in "12":
        apps.create(f"shop-{version}", topics=(topic,))
    apps.set({"shop-1": 200})
    sandbox.settings.insync_polls = 1
    sandbox.faults.add("route53:GetChange", status=403, code="AccessDenied", message="no")
    outcomes = switch(aws, clock, "2", 100)
    assert outcomes[0].says.startswith("accepted by Route 53, but it could not be watched: route53 GetChange failed")
    assert outcomes[1].says == "told 1 of 1"
    assert apps.weights() == {"shop-1": 100, "shop-2": 100}


def test_foreign_records_do_not_confuse_the_announcement(
    aws: Aws, apps: Apps, clock: Clock, sandbox: EmbeddedSandbox
) -> None:
    topics = [aws.call("sns", "create_topic", Name=name)["TopicArn"] for name in ("deploys", "other")]
    apps.create("shop-1", topics=(topics[0],))
    apps.create("shop-2", topics=(topics[1],))
    apps.change("CREATE", "4 old/datacenter", 100)
    apps.set({"shop-2": 100})
    before = len(aws.calls)
    assert switch(aws, clock, "1", 100)[-1].says == "told 2 of 2"
    calls = [str(call) for call in aws.calls[before:]]
    assert calls.count("cloudformation:DescribeStacks") == 2  # the version's own, and one page for all others


def test_what_is_announced_is_what_was_given(aws: Aws, apps: Apps, clock: Clock) -> None:
    topic = aws.call("sns", "create_topic", Name="deploys")["TopicArn"]
    apps.create("shop-1", topics=(topic,))
    apps.create("shop-2", topics=(topic,))
    planned = plan(aws, "1", 50)
    step = planned.steps[0]
    assert isinstance(step, ShiftWeights)
    assert step.comment == "senza: shop-1 gets 100 %"


def test_a_version_whose_creation_failed_is_explained(
    aws: Aws, apps: Apps, clock: Clock, sandbox: EmbeddedSandbox
) -> None:
    sandbox.settings.failures.append(Failure("shop-1", "Queue", reason="no"))
    apps.create("shop-1", Queue={"Type": "AWS::SQS::Queue"})
    with pytest.raises(
        NotFound, match=r"no weighted record: it is ROLLBACK_COMPLETE\nWhat went wrong: senza events shop 1"
    ):
        plan(aws, "1", 100)
