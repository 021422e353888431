"""What is left when something fails in a stack: rollbacks, retries, retained resources."""

from __future__ import annotations

import pytest

from senza.aws import Aws
from senza.errors import AwsError
from senza.sandbox.embedded import EmbeddedSandbox
from senza.sandbox.world import Failure
from tests.sandbox.stacks import Stacks, record, topic, topics


def test_a_failed_create_rolls_back_and_cancels_what_was_under_way(
    stacks: Stacks, sandbox: EmbeddedSandbox, aws: Aws
) -> None:
    sandbox.settings.failures = [Failure("app-.*", "Bad", reason="no luck"), Failure("app-.*", "Worse", reason="none")]
    sandbox.settings.default_seconds = 5
    stacks.create("app-1", {"Bad": topic(), "Worse": topic(), "After": topic(DisplayName={"Ref": "Bad"})})
    sandbox.advance(60)
    assert stacks.events("app-1")[5:] == [
        "Bad CREATE_FAILED: no luck",
        "Worse CREATE_FAILED: Resource creation cancelled",
        "app-1 ROLLBACK_IN_PROGRESS: The following resource(s) failed to create: [Bad, Worse]. "
        "Rollback requested by user.",
        *("Worse DELETE_IN_PROGRESS", "Bad DELETE_IN_PROGRESS", "Worse DELETE_COMPLETE", "Bad DELETE_COMPLETE"),
        "app-1 ROLLBACK_COMPLETE",
    ]
    assert topics(aws) == set()
    error = stacks.refused("update_stack", "app-1", {"Bad": topic()})
    assert "is in ROLLBACK_COMPLETE state and can not be updated." in error.message
    assert "already exists" in stacks.refused("create_stack", "app-1", {"Bad": topic()}).message
    stacks.delete("app-1")
    sandbox.advance(60)
    stacks.create("app-1", {"Other": topic()})


@pytest.mark.parametrize(
    ("how", "status", "kept"),
    [
        ({"DisableRollback": True}, "CREATE_FAILED", {"good"}),
        ({"OnFailure": "DO_NOTHING"}, "CREATE_FAILED", {"good"}),
        ({"OnFailure": "DELETE"}, "DELETE_COMPLETE", set()),
    ],
)
def test_what_happens_on_failure_is_the_callers_choice(
    stacks: Stacks, sandbox: EmbeddedSandbox, aws: Aws, how: dict[str, object], status: str, kept: set[str]
) -> None:
    sandbox.settings.failures = [Failure("app-1", "Second")]
    ident = stacks.create(
        "app-1", {"First": topic(TopicName="good"), "Second": topic(DisplayName={"Ref": "First"})}, **how
    )
    assert stacks.status(ident) == status
    assert {one for one in topics(aws) if one == "good"} == kept


def test_a_failed_update_brings_everything_back(stacks: Stacks, sandbox: EmbeddedSandbox, aws: Aws) -> None:
    stacks.create("app-1", {"Keep": record("v1", 5), "Gone": topic(TopicName="gone")})
    sandbox.settings.failures = [Failure("app-1", "New", reason="no luck")]
    stacks.update("app-1", {"Keep": record("v1", 6), "New": topic(TopicName="new", DisplayName={"Ref": "Keep"})})
    assert stacks.status("app-1") == "UPDATE_ROLLBACK_COMPLETE"
    assert stacks.weights() == {"v1": 5}
    assert topics(aws) == {"gone"}
    said = [one for one in stacks.events("app-1") if one.startswith("app-1 UPDATE")]
    assert said == [
        "app-1 UPDATE_IN_PROGRESS: User Initiated",
        "app-1 UPDATE_ROLLBACK_IN_PROGRESS: The following resource(s) failed to update: [New].",
        "app-1 UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
        "app-1 UPDATE_ROLLBACK_COMPLETE",
    ]
    template = stacks.call("get_template", StackName="app-1")["TemplateBody"]
    assert template["Resources"]["Keep"]["Properties"]["Weight"] == 5


def test_deleting_again_after_a_failure_and_retaining(stacks: Stacks, sandbox: EmbeddedSandbox, aws: Aws) -> None:
    ident = stacks.create("app-1", {"Kept": topic(TopicName="kept"), "Gone": topic(TopicName="gone")})
    sandbox.settings.failures = [Failure("app-1", "Kept", "delete", "in use")]
    with pytest.raises(AwsError, match="RetainResources can only be specified"):
        stacks.delete("app-1", RetainResources=["Kept"])
    stacks.delete("app-1")
    assert sorted(stacks.events("app-1")[-3:]) == [
        "Gone DELETE_COMPLETE",
        "Kept DELETE_FAILED: in use",
        "app-1 DELETE_FAILED: The following resource(s) failed to delete: [Kept].",
    ]
    assert stacks.status("app-1") == "DELETE_FAILED"
    stacks.delete("app-1", RetainResources=["Kept"])
    assert stacks.status(ident) == "DELETE_COMPLETE"
    assert topics(aws) == {"kept"}


def test_outputs_that_cannot_be_computed_undo_the_operation(stacks: Stacks, aws: Aws) -> None:
    wrong = {"Wrong": {"Value": {"Fn::GetAtt": ["Topic", "Colour"]}}}
    resources = {"Topic": topic(TopicName="here")}
    ident = stacks.create("app-1", resources, Outputs=wrong)
    assert stacks.status(ident) == "ROLLBACK_COMPLETE"
    assert "resource Topic does not support attribute type Colour" in stacks.events(ident)[-4]
    stacks.delete("app-1")
    stacks.create("app-1", resources)
    stacks.update("app-1", resources | {"More": topic(TopicName="more")}, Outputs=wrong)
    assert stacks.status("app-1") == "UPDATE_ROLLBACK_COMPLETE"
    assert topics(aws) == {"here"}
    listed = {"Wrong": {"Value": ["a", "b"]}}
    assert (
        "must evaluate to a String (Wrong)"
        in stacks.refused("create_stack", "app-2", resources, Outputs=listed).message
    )


def test_a_rollback_can_fail_and_the_stack_still_be_deleted(stacks: Stacks, sandbox: EmbeddedSandbox, aws: Aws) -> None:
    sandbox.settings.failures = [
        Failure("app-1", "Second", reason="no luck"),
        Failure("app-1", "First", "delete", "in use", times=1),
    ]
    ident = stacks.create("app-1", {"First": topic(TopicName="first"), "Second": topic(DisplayName={"Ref": "First"})})
    assert stacks.status("app-1") == "ROLLBACK_FAILED"
    assert topics(aws) == {"first"}
    stacks.delete("app-1")
    assert stacks.status(ident) == "DELETE_COMPLETE"
    assert topics(aws) == set()


def test_an_update_without_rollback_stays_failed_and_can_be_repeated(stacks: Stacks, sandbox: EmbeddedSandbox) -> None:
    stacks.create("app-1", {"Record": record("v1")})
    sandbox.settings.failures = [Failure("app-1", "New", times=1)]
    new = {"Record": record("v1", 7), "New": topic(DisplayName={"Ref": "Record"})}
    stacks.update("app-1", new, DisableRollback=True)
    assert stacks.status("app-1") == "UPDATE_FAILED"
    assert stacks.weights() == {"v1": 7}
    stacks.update("app-1", new | {"Record": record("v1", 8)})
    assert stacks.status("app-1") == "UPDATE_COMPLETE"
    assert stacks.weights() == {"v1": 8}
