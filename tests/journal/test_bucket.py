"""The bucket of the journal is closed, encrypted and versioned, whenever whoever made it was killed."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from senza.aws import Aws
from senza.clock import Clock
from senza.errors import AwsError, Refused
from senza.journal import Caller, Journal, NoJournal
from senza.sandbox.embedded import EmbeddedSandbox
from senza.stacks.sending import MAX_INLINE, template_arguments
from tests.journal.conftest import Killed, Machine, killer

CONFIGURATION = 6
"""Calls after CreateBucket."""


def settings(aws: Aws, name: str) -> list[object]:
    """Everything that was configured."""
    ask: dict[str, Callable[[dict[str, object]], object]] = {
        "get_public_access_block": lambda said: said["PublicAccessBlockConfiguration"],
        "get_bucket_encryption": lambda said: said["ServerSideEncryptionConfiguration"],
        "get_bucket_ownership_controls": lambda said: said["OwnershipControls"],
        "get_bucket_policy": lambda said: json.loads(str(said["Policy"])),
        "get_bucket_lifecycle_configuration": lambda said: said["Rules"],
        "get_bucket_tagging": lambda said: said["TagSet"],
        "get_bucket_versioning": lambda said: said.get("Status"),
    }
    return [read(aws.call("s3", operation, Bucket=name)) for operation, read in ask.items()]


def test_the_first_write_makes_it_and_later_ones_look_no_more(aws: Aws, machine: Machine) -> None:
    journal = machine()
    journal.begin("hello-world", "rollout", {})
    public, encryption, ownership, policy, lifecycle, tags, versioning = settings(aws, journal.bucket)
    assert public == dict.fromkeys(
        ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True
    )
    assert "AES256" in str(encryption)
    assert "BucketOwnerEnforced" in str(ownership)
    assert [statement["Sid"] for statement in policy["Statement"]] == ["OnlyOverTls"]  # type: ignore[index]
    assert "locks/" in str(lifecycle)
    assert "senza" in str(tags)
    assert versioning == "Enabled"

    later = Aws(endpoint=aws._endpoint)
    machine(later).begin("hello-world", "traffic", {})
    assert [str(call) for call in later.calls] == ["sts:GetCallerIdentity", "s3:PutObject"]


def test_nothing_is_made_for_who_does_not_want_it(journal: Journal, aws: Aws) -> None:
    with pytest.raises(NoJournal):
        journal.begin("hello-world", "traffic", {})
    assert (journal.operations(), journal.newest("hello-world", "rollout"), journal.exists()) == ([], None, False)
    assert journal.lock("hello-world").holder() is None
    with pytest.raises(NoJournal):
        journal.lock("hello-world").take("traffic")
    assert journal.bucket not in [item["Name"] for item in aws.call("s3", "list_buckets")["Buckets"]]


def test_killed_at_any_call_the_next_one_finishes_it(sandbox: EmbeddedSandbox, machine: Machine) -> None:
    machine().lock("hello-world").take("rollout")
    aws = Aws(endpoint=sandbox.endpoint)
    name = machine(aws).bucket
    undisturbed = settings(aws, name)
    at = 0
    while True:
        sandbox.reset()
        at += 1
        try:
            machine(Aws(endpoint=sandbox.endpoint, observe=killer(at))).begin("hello-world", "rollout", {})
            break
        except Killed:
            machine().begin("hello-world", "rollout", {})
            assert settings(aws, name) == undisturbed, f"killed at call {at}"
    assert at == len(["identity", "put", "create", "put"]) + CONFIGURATION + 1


def test_a_foreign_bucket_of_that_name_is_neither_written_nor_read(
    sandbox: EmbeddedSandbox, journal: Journal, machine: Machine
) -> None:
    from moto.s3.models import s3_backends

    theirs = "210987654321"
    s3_backends[theirs]["aws"].create_bucket(journal.bucket, sandbox.endpoint.region)
    try:
        with pytest.raises(Refused, match="belongs to another account"):
            machine().begin("hello-world", "rollout", {})
    finally:
        s3_backends[theirs].reset()


def test_a_missing_permission_is_named(sandbox: EmbeddedSandbox, begun: Journal) -> None:
    sandbox.faults.add("s3:PutObject", status=403, code="AccessDenied")
    with pytest.raises(AwsError, match="The permission s3:PutObject is missing") as denied:
        begun.begin("hello-world", "traffic", {})
    assert denied.value.code == "AccessDenied"


def test_us_east_1_has_no_location_constraint(sandbox: EmbeddedSandbox, clock: Clock) -> None:
    aws = Aws("us-east-1", endpoint=sandbox.endpoint)
    caller = Caller(aws)
    journal = Journal(aws, clock, account_id=caller.account_id, who=caller.who)
    journal.ensure()
    journal.begin("hello-world", "rollout", {})
    assert journal.bucket.endswith("-us-east-1")
    assert journal.exists()


def test_it_waits_for_a_bucket_that_was_just_deleted(sandbox: EmbeddedSandbox, machine: Machine) -> None:
    sandbox.faults.add("s3:CreateBucket", times=2, status=409, code="OperationAborted")
    journal = machine()
    journal.begin("hello-world", "rollout", {})
    assert journal.exists()


def test_an_account_id_that_an_arn_told_is_not_asked_for(aws: Aws) -> None:
    caller = Caller(aws, "arn:aws:cloudformation:eu-central-1:123456789012:stack/hello-world-1/abc")
    assert (caller.account_id(), aws.calls) == ("123456789012", [])
    assert caller.who() == caller.who()
    assert len(aws.calls) == 1


def test_a_bucket_from_before_gets_the_rule_for_templates_beside_its_own(
    aws: Aws, begun: Journal, clock: Clock
) -> None:
    def ids() -> list[str]:
        found = aws.call("s3", "get_bucket_lifecycle_configuration", Bucket=begun.bucket)["Rules"]
        return [rule["ID"] for rule in found]

    def sent() -> list[str]:
        before = len(aws.calls)
        template_arguments(aws, clock, "large-1", " " * (MAX_INLINE + 1))
        return [call.operation for call in aws.calls[before:]]

    assert sent() == ["GetCallerIdentity", "PutObject"], "it has the rule, and S3 says so"
    own = {"ID": "own", "Status": "Enabled", "Filter": {"Prefix": "apps/"}, "Expiration": {"Days": 4000}}
    aws.call("s3", "put_bucket_lifecycle_configuration", Bucket=begun.bucket, LifecycleConfiguration={"Rules": [own]})
    mending = ["GetBucketLifecycleConfiguration", "PutBucketLifecycleConfiguration"]
    assert sent() == ["GetCallerIdentity", "PutObject", *mending]
    assert ids() == ["own", "sent-templates"]
    assert sent() == ["GetCallerIdentity", "PutObject"]
    aws.call("s3", "delete_bucket_lifecycle", Bucket=begun.bucket)
    assert sent()[2:] == mending
    assert ids() == ["sent-templates"]
    off = {"ID": "sent-templates", "Status": "Disabled", "Filter": {"Prefix": "templates/"}, "Expiration": {"Days": 1}}
    aws.call("s3", "put_bucket_lifecycle_configuration", Bucket=begun.bucket, LifecycleConfiguration={"Rules": [off]})
    assert sent()[2:] == mending[:1], "who switched it off had a reason"


def test_who_may_not_mend_the_bucket_sends_templates_all_the_same(
    aws: Aws, begun: Journal, sandbox: EmbeddedSandbox, clock: Clock
) -> None:
    aws.call("s3", "delete_bucket_lifecycle", Bucket=begun.bucket)
    sandbox.faults.add("s3:GetBucketLifecycleConfiguration", status=403, code="AccessDenied")
    assert "TemplateURL" in template_arguments(aws, clock, "large-1", " " * (MAX_INLINE + 1))
