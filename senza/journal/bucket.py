"""The bucket of the journal: made once in an account and region, private, encrypted, versioned.

Versioning comes last: from then on every answer to a write has a version id, which tells for free that the bucket is
complete. Every call may be repeated, so a bucket that was left half made is finished by whoever comes next.
"""

from __future__ import annotations

import json
from typing import Any

from senza.aws import Aws
from senza.clock import Clock
from senza.errors import AwsError, Refused

SECONDS_BETWEEN = 3.0
ATTEMPTS = 10
NOT_YET = {"NoSuchBucket", "OperationAborted"}
"""Answers of S3 while a bucket is being made or has just been deleted ("Amazon S3 data consistency model")."""
OLD_LOCKS_DAYS = 90
TEMPLATES, TEMPLATES_DAYS = "templates/", 30
"""Large templates are only there for CloudFormation to fetch them, see senza/stacks/sending.py."""
LOCKS_RULE = {
    **{"ID": "old-locks", "Status": "Enabled", "Filter": {"Prefix": "locks/"}},
    "NoncurrentVersionExpiration": {"NoncurrentDays": OLD_LOCKS_DAYS},
}
TEMPLATES_RULE = {
    **{"ID": "sent-templates", "Status": "Enabled", "Filter": {"Prefix": TEMPLATES}},
    "Expiration": {"Days": TEMPLATES_DAYS},
    "NoncurrentVersionExpiration": {"NoncurrentDays": 1},
}


def bucket_name(account_id: str, region: str) -> str:
    return f"senza-journal-{account_id}-{region}"


def make_bucket(aws: Aws, clock: Clock, name: str, account_id: str, partition: str) -> None:
    """Make the bucket, or finish it. Raises ForeignBucket, AwsError."""
    create(aws, clock, name)
    for operation, settings in configuration(name, partition):
        patiently(aws, clock, operation, Bucket=name, ExpectedBucketOwner=account_id, **settings)


def create(aws: Aws, clock: Clock, name: str) -> None:
    # us-east-1 has no location constraint (S3 API reference, CreateBucket)
    place = {} if aws.region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": aws.region}}
    try:
        patiently(aws, clock, "create_bucket", Bucket=name, ObjectOwnership="BucketOwnerEnforced", **place)
    except AwsError as error:
        if error.code == "BucketAlreadyExists":
            raise foreign(name) from error
        if error.code != "BucketAlreadyOwnedByYou":
            raise


class ForeignBucket(Refused):
    """Somebody else has a bucket of that name."""


def foreign(name: str) -> ForeignBucket:
    return ForeignBucket(
        f"the S3 bucket {name}, in which the journal of this account would be, belongs to another account; "
        "nothing is written to it or read from it",
        hint="Find out who has taken the name; AWS support can help. Until then nothing can be recorded here.",
    )


def configuration(name: str, partition: str) -> list[tuple[str, dict[str, Any]]]:
    """The calls that make a bucket what it should be, in order. Most of it is what S3 does by default today."""
    closed = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    arn = f"arn:{partition}:s3:::{name}"
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                **{"Sid": "OnlyOverTls", "Effect": "Deny", "Principal": "*", "Action": "s3:*"},
                "Resource": [arn, f"{arn}/*"],
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            }
        ],
    }
    encryption = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}
    tags = [{"Key": "CreatedBy", "Value": "senza"}, {"Key": "Purpose", "Value": "journal of deployments"}]
    return [
        ("put_public_access_block", {"PublicAccessBlockConfiguration": dict.fromkeys(closed, True)}),
        ("put_bucket_encryption", {"ServerSideEncryptionConfiguration": encryption}),
        ("put_bucket_policy", {"Policy": json.dumps(policy)}),
        ("put_bucket_lifecycle_configuration", {"LifecycleConfiguration": {"Rules": [LOCKS_RULE, TEMPLATES_RULE]}}),
        ("put_bucket_tagging", {"Tagging": {"TagSet": tags}}),
        ("put_bucket_versioning", {"VersioningConfiguration": {"Status": "Enabled"}}),
    ]


def let_templates_expire(aws: Aws, name: str, account_id: str) -> None:
    """Give a bucket that was made before there were templates in it the rule for them, beside those that it has.

    Raises AwsError.
    """
    bucket = {"Bucket": name, "ExpectedBucketOwner": account_id}
    try:
        has = aws.call("s3", "get_bucket_lifecycle_configuration", **bucket)
    except AwsError as error:
        if error.code != "NoSuchLifecycleConfiguration":
            raise
        has = {"Rules": []}
    if any(rule.get("ID") == TEMPLATES_RULE["ID"] for rule in has["Rules"]):
        return  # switched off, or not in effect yet
    size = "TransitionDefaultMinimumObjectSize"
    rest = {size: has[size]} if size in has else {}  # else it would be reset
    rules = {"Rules": [*has["Rules"], TEMPLATES_RULE]}
    aws.call("s3", "put_bucket_lifecycle_configuration", LifecycleConfiguration=rules, **bucket, **rest)


def patiently(aws: Aws, clock: Clock, operation: str, **parameters: Any) -> None:
    """Call again while S3 is still about to make the bucket, perhaps for somebody else."""
    for left in reversed(range(ATTEMPTS)):
        try:
            aws.call("s3", operation, **parameters)
            return
        except AwsError as error:
            if error.code not in NOT_YET or not left:
                raise
        clock.sleep(SECONDS_BETWEEN)
