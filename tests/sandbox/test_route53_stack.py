"""DNS records in stacks: a stack touches its own record only, and deletes nothing that somebody else changed."""

from __future__ import annotations

from senza.aws import Aws
from tests.sandbox.stacks import Stacks, record


def test_stacks_leave_the_records_of_their_siblings_alone(stacks: Stacks) -> None:
    for version in ("v1", "v2", "v3"):
        stacks.create(f"app-{version}", {"Record": record(version)})
    stacks.update("app-v1", {"Record": record("v1", 7)})
    assert stacks.weights() == {"v1": 7, "v2": 0, "v3": 0}
    stacks.delete("app-v2")
    assert stacks.weights() == {"v1": 7, "v3": 0}
    resources = stacks.call("describe_stack_resources", StackName="app-v1")["StackResources"]
    assert resources[0]["PhysicalResourceId"] == "app.hello.example.org"


def test_create_refuses_a_record_that_exists(stacks: Stacks) -> None:
    stacks.set_weight("v1", 3)
    stacks.create("app-v1", {"Record": record("v1")}, OnFailure="DO_NOTHING")
    assert stacks.status("app-v1") == "CREATE_FAILED"
    reason = "set-identifier='v1'] but it already exists]"
    assert any(one.startswith("Record CREATE_FAILED") and one.endswith(reason) for one in stacks.events("app-v1"))
    stacks.delete("app-v1")
    assert stacks.weights() == {"v1": 3}


def test_delete_fails_while_the_live_weight_differs_from_the_template(stacks: Stacks) -> None:
    ident = stacks.create("app-v1", {"Record": record("v1")})
    stacks.set_weight("v1", 200)
    stacks.delete("app-v1")
    assert stacks.status("app-v1") == "DELETE_FAILED"
    assert "but the values provided do not match the current values" in stacks.events("app-v1")[-2]
    assert stacks.weights() == {"v1": 200}
    stacks.set_weight("v1", 0)
    stacks.delete("app-v1")
    assert stacks.status(ident) == "DELETE_COMPLETE"
    assert stacks.weights() == {}


def test_a_record_that_is_gone_counts_as_deleted(stacks: Stacks, aws: Aws) -> None:
    ident = stacks.create("app-v1", {"Record": record("v1")})
    zone = stacks.sandbox.values["zone_ids"]["hello.example.org."]
    found = aws.call("route53", "list_resource_record_sets", HostedZoneId=zone)["ResourceRecordSets"]
    gone = [{"Action": "DELETE", "ResourceRecordSet": one} for one in found if "Weight" in one]
    aws.call("route53", "change_resource_record_sets", HostedZoneId=zone, ChangeBatch={"Changes": gone})
    stacks.delete("app-v1")
    assert stacks.status(ident) == "DELETE_COMPLETE"


def test_an_update_touches_the_live_weight_only_where_the_record_changed(stacks: Stacks) -> None:
    stacks.create("app-v1", {"Record": record("v1")})
    stacks.set_weight("v1", 200)
    stacks.update("app-v1", {"Record": record("v1"), "Topic": {"Type": "AWS::SNS::Topic"}})
    assert stacks.weights() == {"v1": 200}
    moved = record("v1", AliasTarget=record("other")["Properties"]["AliasTarget"])
    stacks.update("app-v1", {"Record": moved, "Topic": {"Type": "AWS::SNS::Topic"}})
    assert stacks.weights() == {"v1": 0}


def test_another_identifier_replaces_the_record(stacks: Stacks) -> None:
    stacks.create("app-v1", {"Record": record("old")})
    stacks.update("app-v1", {"Record": record("new", 5)})
    assert stacks.weights() == {"new": 5}


def test_the_zone_is_found_with_and_without_final_dot_but_not_guessed(stacks: Stacks, aws: Aws) -> None:
    stacks.create("app-v1", {"Record": record("v1", HostedZoneName="Hello.example.org")})
    assert stacks.weights() == {"v1": 0}
    stacks.create("app-v2", {"Record": record("v2", HostedZoneName="nobody.example.")}, OnFailure="DO_NOTHING")
    assert any(one.endswith("No hosted zones named nobody.example. found") for one in stacks.events("app-v2"))
    aws.call("route53", "create_hosted_zone", Name="hello.example.org", CallerReference="twice")
    stacks.create("app-v3", {"Record": record("v3")}, OnFailure="DO_NOTHING")
    assert any("Found multiple hosted zones named hello.example.org." in one for one in stacks.events("app-v3"))


def test_groups_of_records_are_written_and_deleted_together(stacks: Stacks) -> None:
    group = {
        "Type": "AWS::Route53::RecordSetGroup",
        "Properties": {
            "HostedZoneName": "hello.example.org.",
            "RecordSets": [
                {key: value for key, value in record(one)["Properties"].items() if key != "HostedZoneName"}
                for one in ("v1", "v2")
            ],
        },
    }
    stacks.create("group", {"Records": group})
    assert stacks.weights() == {"v1": 0, "v2": 0}
    stacks.delete("group")
    assert stacks.weights() == {}
