"""A private S3 bucket that a starter wants."""

from __future__ import annotations

from dataclasses import dataclass

from senza.aws import Aws
from senza.errors import AwsError, UsageError
from senza.plan import Outcome, Step, World, perform
from senza.starters.model import Finding, Wanted

NO_PUBLIC_ACCESS = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}


@dataclass(frozen=True)
class CreateBucket(Step):
    name: str
    region: str

    @property
    def says(self) -> str:
        return f"Create S3 bucket {self.name} in {self.region}, closed to the public"

    @property
    def undone_by(self) -> str:
        return f"aws s3 rb s3://{self.name}"


@dataclass(frozen=True)
class Bucket(Wanted):
    name: str
    region: str

    def look(self, aws: Aws) -> Finding:
        try:
            aws.call("s3", "head_bucket", Bucket=self.name)
        except AwsError as error:
            if error.code in ("404", "NoSuchBucket"):
                return Finding((CreateBucket(self.name, self.region),))
            if error.code in ("403", "AccessDenied"):
                raise UsageError(
                    f"the S3 bucket {self.name} belongs to somebody else, or you have no access to it",
                    hint="Bucket names are unique in the whole world: choose another one.",
                ) from error
            raise
        closed = _public_access_block(aws, self.name) == NO_PUBLIC_ACCESS
        warning = f"the S3 bucket {self.name} is not closed to the public by its own settings; they stay as they are"
        return Finding((), f"S3 bucket {self.name}", () if closed else (warning,))


def _public_access_block(aws: Aws, name: str) -> dict[str, bool]:
    try:
        found = aws.call("s3", "get_public_access_block", Bucket=name)
    except AwsError as error:
        if error.code != "NoSuchPublicAccessBlockConfiguration":
            raise
        return {}
    configuration: dict[str, bool] = found["PublicAccessBlockConfiguration"]
    return configuration


@perform.register
def create_bucket(step: CreateBucket, world: World) -> Outcome:
    """Encrypted by S3's default (SSE-S3). us-east-1 has no location constraint (S3 API reference, CreateBucket)."""
    place = {} if step.region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": step.region}}
    said = "created"
    try:
        world.aws.call("s3", "create_bucket", Bucket=step.name, **place)
    except AwsError as error:
        if error.code == "BucketAlreadyExists":
            raise UsageError(
                f"the S3 bucket {step.name} belongs to somebody else",
                hint="Bucket names are unique in the whole world: choose another one.",
            ) from error
        if error.code != "BucketAlreadyOwnedByYou":
            raise
        said = "it is there already"
    world.aws.call("s3", "put_public_access_block", Bucket=step.name, PublicAccessBlockConfiguration=NO_PUBLIC_ACCESS)
    return Outcome(said)
