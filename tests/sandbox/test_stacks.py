"""The life of a stack in the sandbox: its time line, its updates, its tokens, its lists."""

from __future__ import annotations

import pytest

from senza.aws import Aws
from senza.errors import AwsError
from senza.sandbox.embedded import EmbeddedSandbox
from senza.sandbox.world import START
from tests.sandbox.stacks import Stacks, record, topic, topics

CHAIN = {
    "First": topic(TopicName="first"),
    "Second": topic(TopicName="second", DisplayName={"Ref": "First"}),
    "Third": topic(TopicName="third", DisplayName={"Fn::GetAtt": ["Second", "TopicName"]}),
}


def test_resources_appear_when_their_time_has_come(stacks: Stacks, sandbox: EmbeddedSandbox, aws: Aws) -> None:
    sandbox.settings.default_seconds = 10
    stacks.create("app-1", CHAIN)
    assert stacks.status("app-1") == "CREATE_IN_PROGRESS"
    assert topics(aws) == {"first"}
    sandbox.advance(15)
    assert topics(aws) == {"first", "second"}
    sandbox.advance(15)
    assert stacks.status("app-1") == "CREATE_COMPLETE"
    assert stacks.events("app-1") == [
        "app-1 CREATE_IN_PROGRESS: User Initiated",
        *(
            f"{name} {status}"
            for name in CHAIN
            for status in ("CREATE_IN_PROGRESS", "CREATE_IN_PROGRESS: Resource creation Initiated", "CREATE_COMPLETE")
        ),
        "app-1 CREATE_COMPLETE",
    ]
    events = stacks.call("describe_stack_events", StackName="app-1")["StackEvents"]
    assert events[0]["Timestamp"].timestamp() == START + 30  # newest first
    assert len({one["EventId"] for one in events}) == len(events)


def test_an_update_adds_changes_and_cleans_up(stacks: Stacks, aws: Aws) -> None:
    stacks.create("app-1", {"Keep": record("v1", 5), "Gone": topic(TopicName="gone")})
    stacks.update("app-1", {"Keep": record("v1", 6), "New": topic(TopicName="new")})
    assert stacks.weights() == {"v1": 6}
    assert topics(aws) == {"new"}
    assert stacks.status("app-1") == "UPDATE_COMPLETE"
    assert "app-1 UPDATE_COMPLETE_CLEANUP_IN_PROGRESS" in stacks.events("app-1")
    summaries = stacks.call("list_stack_resources", StackName="app-1")["StackResourceSummaries"]
    assert {one["LogicalResourceId"]: one["ResourceStatus"] for one in summaries} == {
        "Keep": "UPDATE_COMPLETE",
        "New": "CREATE_COMPLETE",
    }


def test_no_updates_are_to_be_performed_exactly_when_nothing_changes(stacks: Stacks) -> None:
    parameters = {"Name": {"Type": "String", "Default": "a"}}
    resources = {"Topic": topic(DisplayName={"Ref": "Name"})}
    stacks.create("app-1", resources, Parameters=parameters)
    for same in (
        {},
        {"Description": "other"},
        {"Metadata": {"x": "y"}},
        {"Given": [{"ParameterKey": "Name", "UsePreviousValue": True}]},
    ):
        error = stacks.refused("update_stack", "app-1", resources, Parameters=parameters, **same)
        assert error.message.endswith("No updates are to be performed. (ValidationError)")
    given = [{"ParameterKey": "Name", "ParameterValue": "b"}]
    stacks.update("app-1", resources, Parameters=parameters, Given=given)
    previous = [{"ParameterKey": "Name", "UsePreviousValue": True}]
    assert (
        "No updates"
        in stacks.refused("update_stack", "app-1", resources, Parameters=parameters, Given=previous).message
    )
    stacks.update("app-1", resources, Parameters=parameters, Given=previous, Tags=[{"Key": "a", "Value": "b"}])
    assert stacks.describe("app-1")["Tags"] == [{"Key": "a", "Value": "b"}]


def test_stacks_that_are_busy_or_missing_are_not_updated(stacks: Stacks, sandbox: EmbeddedSandbox) -> None:
    sandbox.settings.default_seconds = 10
    stacks.create("app-1", {"Topic": topic()})
    error = stacks.refused("update_stack", "app-1", {"Topic": topic(DisplayName="x")})
    assert "is in CREATE_IN_PROGRESS state and can not be updated." in error.message
    assert "Stack [app-2] does not exist" in stacks.refused("update_stack", "app-2", {"Topic": topic()}).message


def test_deleting_nothing_is_fine_and_a_deleted_stack_is_only_found_by_id(stacks: Stacks) -> None:
    stacks.delete("never-was")
    ident = stacks.create("app-1", {"Topic": topic()})
    stacks.delete("app-1")
    with pytest.raises(AwsError, match="Stack with id app-1 does not exist"):
        stacks.describe("app-1")
    assert stacks.status(ident) == "DELETE_COMPLETE"
    deleted = stacks.call("list_stacks", StackStatusFilter=["DELETE_COMPLETE"])["StackSummaries"]
    assert [one["StackId"] for one in deleted] == [ident]
    assert stacks.call("describe_stacks")["Stacks"] == []


def test_a_create_can_be_cut_short_by_a_delete(stacks: Stacks, sandbox: EmbeddedSandbox, aws: Aws) -> None:
    sandbox.settings.default_seconds = 10
    ident = stacks.create("app-1", CHAIN)
    sandbox.advance(15)
    stacks.delete("app-1")
    sandbox.advance(60)
    assert stacks.status(ident) == "DELETE_COMPLETE"
    assert topics(aws) == set()


def test_termination_protection(stacks: Stacks) -> None:
    stacks.create("app-1", {"Topic": topic()}, EnableTerminationProtection=True)
    with pytest.raises(AwsError, match=r"Stack \[app-1\] cannot be deleted while TerminationProtection is enabled"):
        stacks.delete("app-1")
    stacks.call("update_termination_protection", StackName="app-1", EnableTerminationProtection=False)
    stacks.delete("app-1")


def test_the_same_token_does_it_once(stacks: Stacks) -> None:
    first = stacks.create("app-1", {"Topic": topic()}, ClientRequestToken="t-1")
    assert stacks.create("app-1", {"Topic": topic()}, ClientRequestToken="t-1") == first
    other = stacks.refused("create_stack", "app-2", {"Topic": topic()}, ClientRequestToken="t-1")
    assert other.code == "TokenAlreadyExistsException"
    stacks.update("app-1", {"Topic": topic(DisplayName="x")}, ClientRequestToken="t-2")
    stacks.update("app-1", {"Topic": topic(DisplayName="x")}, ClientRequestToken="t-2")
    stacks.delete("app-1", ClientRequestToken="t-3")
    stacks.delete("app-1", ClientRequestToken="t-3")
    events = stacks.call("describe_stack_events", StackName=first)["StackEvents"]
    tokens = [one["ClientRequestToken"] for one in reversed(events)]
    assert tokens == sorted(tokens)
    assert set(tokens) == {"t-1", "t-2", "t-3"}
    assert (
        sum(one["ResourceStatus"] == "UPDATE_COMPLETE" and one["LogicalResourceId"] == "app-1" for one in events) == 1
    )


def test_lists_come_in_pages(stacks: Stacks, sandbox: EmbeddedSandbox, aws: Aws) -> None:
    sandbox.settings.page_size = sandbox.settings.describe_stacks_page = 2
    for number in range(5):
        stacks.create(f"app-{number}", {f"Topic{letter}": topic() for letter in "abc"})
    for operation, key, asked in (
        ("list_stacks", "StackSummaries", {}),
        ("describe_stacks", "Stacks", {}),
        ("list_stack_resources", "StackResourceSummaries", {"StackName": "app-1"}),
        ("describe_stack_events", "StackEvents", {"StackName": "app-1"}),
    ):
        assert len(aws.call("cloudformation", operation, **asked)[key]) == 2, operation
    before = len(aws.calls)
    assert [one["StackName"] for one in aws.pages("cloudformation", "list_stacks", "StackSummaries")] == [
        f"app-{number}" for number in (4, 3, 2, 1, 0)
    ]
    assert len(aws.calls) - before == 3


def test_a_group_waits_for_its_instances_to_signal(stacks: Stacks, sandbox: EmbeddedSandbox) -> None:
    sandbox.settings.auto_signal = False
    waiting = topic() | {"CreationPolicy": {"ResourceSignal": {"Count": "2", "Timeout": "PT10M"}}}
    signal = {"LogicalResourceId": "Waiting", "Status": "SUCCESS"}
    stacks.create("good", {"Waiting": waiting})
    stacks.call("signal_resource", StackName="good", UniqueId="i-1", **signal)
    stacks.call("signal_resource", StackName="good", UniqueId="i-1", **signal)
    assert stacks.status("good") == "CREATE_IN_PROGRESS"
    stacks.call("signal_resource", StackName="good", UniqueId="i-2", **signal)
    assert stacks.status("good") == "CREATE_COMPLETE"
    assert "Waiting CREATE_IN_PROGRESS: Received SUCCESS signal with UniqueId i-2" in stacks.events("good")

    stacks.create("late", {"Waiting": waiting})
    stacks.call("signal_resource", StackName="late", UniqueId="i-1", **signal)
    sandbox.advance(599)
    assert stacks.status("late") == "CREATE_IN_PROGRESS"
    sandbox.advance(2)
    assert any("Received 1 SUCCESS signal(s) out of 2" in one for one in stacks.events("late"))
    assert stacks.status("late") == "ROLLBACK_COMPLETE"

    stacks.create("bad", {"Waiting": waiting})
    stacks.call("signal_resource", StackName="bad", UniqueId="i-1", LogicalResourceId="Waiting", Status="FAILURE")
    assert stacks.status("bad") == "ROLLBACK_COMPLETE"


def test_events_are_published_to_the_stacks_topics(stacks: Stacks, sandbox: EmbeddedSandbox, aws: Aws) -> None:
    queue = aws.call("sqs", "create_queue", QueueName="events")["QueueUrl"]
    arn = f"arn:aws:sqs:eu-central-1:{sandbox.values['account_id']}:events"
    operators = sandbox.values["topic_arn"]
    aws.call("sns", "subscribe", TopicArn=operators, Protocol="sqs", Endpoint=arn)
    stacks.create("app-1", {"Topic": topic()}, NotificationARNs=[operators])
    messages = aws.call("sqs", "receive_message", QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    assert len(messages) == 5
    assert "ResourceStatus='CREATE_COMPLETE'" in messages[-1]["Body"]
    assert stacks.describe("app-1")["NotificationARNs"] == [operators]


def test_outputs_and_exports_reach_other_stacks(stacks: Stacks) -> None:
    output = {"Arn": {"Value": {"Ref": "Topic"}, "Export": {"Name": {"Fn::Sub": "${AWS::StackName}-arn"}}}}
    stacks.create("base", {"Topic": topic(TopicName="shared")}, Outputs=output)
    assert stacks.describe("base")["Outputs"][0]["ExportName"] == "base-arn"
    stacks.create("user", {"Topic": topic(DisplayName={"Fn::ImportValue": "base-arn"})})
    assert stacks.status("user") == "CREATE_COMPLETE"
