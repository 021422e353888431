"""Buckets as the journal uses them: conditional writes, versions, owners, policies, and names in the request log."""

from __future__ import annotations

import json
from typing import Any

import pytest

from senza.aws import Aws
from senza.errors import AwsError
from senza.sandbox.embedded import EmbeddedSandbox

HERE = {"LocationConstraint": "eu-central-1"}
STRANGER = "999999999999"


class Bucket:
    def __init__(self, aws: Aws, name: str = "the-journal") -> None:
        self.aws = aws
        self.name = name
        aws.call("s3", "create_bucket", Bucket=name, CreateBucketConfiguration=HERE)

    def call(self, operation: str, **given: Any) -> dict[str, Any]:
        return self.aws.call("s3", operation, Bucket=self.name, **given)

    def refused(self, operation: str, **given: Any) -> str:
        with pytest.raises(AwsError) as raised:
            self.call(operation, **given)
        return str(raised.value.code)

    def deny(self, action: str, resource: str = "/*", **condition: Any) -> None:
        statement = {
            "Effect": "Deny",
            "Principal": "*",
            "Action": action,
            "Resource": f"arn:aws:s3:::{self.name}{resource}",
            "Condition": condition,
        }
        policy = {"Version": "2012-10-17", "Statement": [statement]}
        self.call("put_bucket_policy", Policy=json.dumps(policy))


@pytest.fixture
def bucket(aws: Aws) -> Bucket:
    return Bucket(aws)


def test_a_new_bucket_has_the_defaults_of_aws(bucket: Bucket, sandbox: EmbeddedSandbox, aws: Aws) -> None:
    assert set(bucket.call("get_public_access_block")["PublicAccessBlockConfiguration"].values()) == {True}
    rule = bucket.call("get_bucket_encryption")["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    owner = bucket.call("get_bucket_ownership_controls")["OwnershipControls"]["Rules"]
    assert owner == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    made = next(one["CreationDate"] for one in aws.call("s3", "list_buckets")["Buckets"] if one["Name"] == bucket.name)
    assert made.timestamp() == sandbox.clock.now()


def test_a_bucket_is_created_once(bucket: Bucket) -> None:
    assert bucket.refused("create_bucket", CreateBucketConfiguration=HERE) == "BucketAlreadyOwnedByYou"


def test_writes_under_a_condition(bucket: Bucket) -> None:
    tag = bucket.call("put_object", Key="lock", Body=b"1", IfNoneMatch="*")["ETag"]
    assert bucket.refused("put_object", Key="lock", Body=b"2", IfNoneMatch="*") == "PreconditionFailed"
    new = bucket.call("put_object", Key="lock", Body=b"3", IfMatch=tag)["ETag"]
    assert bucket.refused("put_object", Key="lock", Body=b"4", IfMatch=tag) == "PreconditionFailed"
    assert bucket.refused("put_object", Key="other", Body=b"4", IfMatch=tag) == "NoSuchKey"
    assert bucket.refused("put_object", Key="lock", Body=b"4", IfNoneMatch='"abc"') == "NotImplemented"
    assert bucket.refused("put_object", Key="lock", Body=b"4", IfNoneMatch="*", IfMatch=new) == "NotImplemented"
    assert bucket.refused("delete_object", Key="lock", IfMatch=tag) == "PreconditionFailed"
    assert bucket.call("get_object", Key="lock")["Body"].read() == b"3"
    bucket.call("delete_object", Key="lock", IfMatch=new)
    assert bucket.refused("get_object", Key="lock") == "NoSuchKey"


def test_what_was_deleted_can_be_written_under_a_condition_again(bucket: Bucket) -> None:
    bucket.call("put_bucket_versioning", VersioningConfiguration={"Status": "Enabled"})
    tag = bucket.call("put_object", Key="lock", Body=b"1", IfNoneMatch="*")["ETag"]
    bucket.call("delete_object", Key="lock")
    assert bucket.refused("put_object", Key="lock", Body=b"2", IfMatch=tag) == "NoSuchKey"
    bucket.call("put_object", Key="lock", Body=b"2", IfNoneMatch="*")


def test_the_newest_version_is_the_latest_even_within_a_moment(bucket: Bucket) -> None:
    bucket.call("put_bucket_versioning", VersioningConfiguration={"Status": "Enabled"})
    made = [bucket.call("put_object", Key="a", Body=str(number).encode())["VersionId"] for number in range(3)]
    versions = bucket.call("list_object_versions")["Versions"]
    assert [(one["VersionId"], one["IsLatest"]) for one in versions] == [
        (made[2], True),
        (made[1], False),
        (made[0], False),
    ]
    assert bucket.call("get_object", Key="a", VersionId=made[0])["Body"].read() == b"0"


@pytest.mark.parametrize(
    ("operation", "given", "code"),
    [
        ("head_bucket", {}, "403"),
        ("get_object", {"Key": "a"}, "AccessDenied"),
        ("put_object", {"Key": "a", "Body": b"2"}, "AccessDenied"),
        ("list_objects_v2", {}, "AccessDenied"),
    ],
)
def test_a_bucket_of_somebody_else_is_refused(
    bucket: Bucket, sandbox: EmbeddedSandbox, operation: str, given: dict[str, Any], code: str
) -> None:
    bucket.call("put_object", Key="a", Body=b"1")
    assert bucket.refused(operation, ExpectedBucketOwner=STRANGER, **given) == code
    bucket.call(operation, ExpectedBucketOwner=sandbox.values["account_id"], **given)


def test_an_expected_owner_of_no_bucket(aws: Aws) -> None:
    with pytest.raises(AwsError) as raised:
        aws.call("s3", "get_object", Bucket="no-such-bucket", Key="a", ExpectedBucketOwner=STRANGER)
    assert raised.value.code == "NoSuchBucket"


def test_a_policy_denies_what_its_conditions_say_and_nothing_else(bucket: Bucket) -> None:
    bucket.deny("s3:*", Bool={"aws:SecureTransport": "false"})
    bucket.call("put_object", Key="a", Body=b"1")
    bucket.deny("s3:PutObject", StringNotEquals={"s3:x-amz-server-side-encryption": "aws:kms"})
    assert bucket.refused("put_object", Key="a", Body=b"2") == "AccessDenied"
    bucket.call("get_object", Key="a")
    bucket.deny("s3:DeleteObject*", "/kept/*")
    bucket.call("delete_object", Key="a")
    assert bucket.refused("delete_object", Key="kept/a") == "AccessDenied"
    bucket.call("delete_bucket_policy")
    bucket.call("delete_object", Key="kept/a")


def test_a_public_policy_is_refused_while_that_is_blocked(bucket: Bucket) -> None:
    statement = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::the-journal/*",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    assert bucket.refused("put_bucket_policy", Policy=policy) == "AccessDenied"
    bucket.call("delete_public_access_block")
    bucket.call("put_bucket_policy", Policy=policy)


def test_the_log_names_operations_as_aws_does(bucket: Bucket, sandbox: EmbeddedSandbox) -> None:
    sandbox.log.clear()
    bucket.call("put_object", Key="a/b", Body=b"1")
    bucket.call("copy_object", Key="c", CopySource=f"{bucket.name}/a/b")
    bucket.call("get_object", Key="a/b")
    bucket.call("head_object", Key="a/b")
    bucket.call("list_objects_v2")
    bucket.call("delete_object", Key="a/b")
    bucket.call("head_bucket")
    bucket.call("put_bucket_versioning", VersioningConfiguration={"Status": "Enabled"})
    rule = {"ID": "a", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}}
    bucket.call("put_bucket_lifecycle_configuration", LifecycleConfiguration={"Rules": [rule]})
    upload = bucket.call("create_multipart_upload", Key="d")["UploadId"]
    bucket.call("upload_part", Key="d", UploadId=upload, PartNumber=1, Body=b"1")
    bucket.call("abort_multipart_upload", Key="d", UploadId=upload)
    assert [str(one) for one in sandbox.log] == [
        f"s3:{name}"
        for name in (
            *("PutObject", "CopyObject", "GetObject", "HeadObject", "ListObjectsV2", "DeleteObject", "HeadBucket"),
            *("PutBucketVersioning", "PutBucketLifecycleConfiguration"),
            *("CreateMultipartUpload", "UploadPart", "AbortMultipartUpload"),
        )
    ]


def test_answers_say_what_a_lifecycle_rule_is_going_to_delete(aws: Aws) -> None:
    bucket = Bucket(aws)
    rule = {"ID": "sent templates", "Status": "Enabled", "Filter": {"Prefix": "a/"}, "Expiration": {"Days": 30}}
    bucket.call("put_bucket_lifecycle_configuration", LifecycleConfiguration={"Rules": [rule]})
    said = bucket.call("put_object", Key="a/1", Body=b"x")["Expiration"]
    assert said.startswith('expiry-date="')
    assert said.endswith(' 00:00:00 GMT", rule-id="sent%20templates"')
    assert bucket.call("head_object", Key="a/1")["Expiration"] == said
    assert "Expiration" not in bucket.call("put_object", Key="b/1", Body=b"x")
    rule["Status"] = "Disabled"
    bucket.call("put_bucket_lifecycle_configuration", LifecycleConfiguration={"Rules": [rule]})
    assert "Expiration" not in bucket.call("put_object", Key="a/2", Body=b"x")
