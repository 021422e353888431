"""Objects of the journal's bucket, each request sure of whose bucket it is.

Consistency is S3's: strong for objects, and conditional writes are compare-and-set ("Amazon S3 data consistency model",
"How to prevent object overwrites with conditional writes").
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from senza.aws import Aws
from senza.aws.failures import DENIED, translated
from senza.clock import Clock
from senza.errors import AwsError, NotFound, SenzaError
from senza.journal.bucket import TEMPLATES, bucket_name, foreign, let_templates_expire, make_bucket

ABSENT = "*"
"""The ETag of an object that must not be there."""
CONFLICTS = 5
"""How often a write is tried again when S3 says that another conditional write to the same key is under way."""


class NoJournal(NotFound):
    """There is no bucket yet."""


class Changed(Exception):
    """The object is not, or no longer, what the condition of a write says."""


@dataclass(frozen=True)
class Found:
    body: bytes
    etag: str


class Store:
    """account_id, who: not called before they are needed; they remember. Several threads may read; one writes."""

    def __init__(self, aws: Aws, clock: Clock, account_id: Callable[[], str], who: Callable[[], str]) -> None:
        self.aws = aws
        self.clock = clock
        self._account_id = account_id
        self._who = who
        self.creates = False
        """Whether a write makes the bucket where there is none, or finishes one that was left half made."""

    @property
    def account_id(self) -> str:
        return self._account_id()

    @property
    def who(self) -> str:
        """ARN of the caller."""
        return self._who()

    @property
    def bucket(self) -> str:
        return bucket_name(self.account_id, self.aws.region)

    def get(self, key: str) -> Found | None:
        """None where there is no such object. Raises NoJournal, AwsError, Refused."""
        for last in (False, True):
            try:
                return self._read(key)
            except AwsError as error:
                if error.code == "NoSuchKey":
                    return None
                if last or error.operation != "GetObject" or error.code in DENIED:
                    raise  # else the answer broke off while it was read
        raise AssertionError("the last attempt returns or raises")

    def _read(self, key: str) -> Found:
        answer = self._call("get_object", Key=key)
        with translated("s3", "read_object"):
            return Found(answer["Body"].read(), answer["ETag"])

    def put(self, key: str, body: bytes, *, was: str = "", content_type: str = "application/json") -> str:
        """Write an object and return its ETag.

        was: the ETag that the object must have now, :data:`ABSENT` for none; "" for whatever there is.
        Raises Changed, NoJournal, AwsError, Refused.
        """
        condition = {} if not was else {"IfNoneMatch": "*"} if was == ABSENT else {"IfMatch": was}
        for left in reversed(range(CONFLICTS)):
            try:
                answer = self._put(Key=key, Body=body, ContentType=content_type, **condition)
                return str(answer["ETag"])
            except AwsError as error:
                if error.code == "PreconditionFailed" or (error.code == "NoSuchKey" and "IfMatch" in condition):
                    raise Changed from error
                if error.code != "ConditionalRequestConflict" or not left:
                    raise
            self.clock.sleep(0.2)
        raise AssertionError("the last attempt returns or raises")

    def _put(self, **parameters: Any) -> dict[str, Any]:
        try:
            answer = self._call("put_object", **parameters)
        except NoJournal:
            if not self.creates:
                raise
            self._make()
            return self._call("put_object", **parameters)
        if self.creates and "VersionId" not in answer:
            self._make()
        elif str(parameters["Key"]).startswith(TEMPLATES) and "Expiration" not in answer:
            with suppress(SenzaError):  # it is stored, which is what was wanted
                let_templates_expire(self.aws, self.bucket, self.account_id)
        return answer

    def _make(self) -> None:
        partition = self.who.split(":")[1]
        make_bucket(self.aws, self.clock, self.bucket, self.account_id, partition)
        self.creates = False

    def keys(self, prefix: str, after: str = "") -> list[str]:
        """All keys below a prefix and behind ``after``, in order; none where there is no bucket. A call per 1000."""
        start = {"StartAfter": after} if after else {}
        return [item["Key"] for item in self._listed("Contents", Prefix=prefix, **start)]

    def folders(self, prefix: str, after: str = "") -> list[str]:
        """The names of the folders directly below a prefix, in order."""
        start = {"StartAfter": after} if after else {}
        found = self._listed("CommonPrefixes", Prefix=prefix, Delimiter="/", **start)
        return [item["Prefix"].removeprefix(prefix).rstrip("/") for item in found]

    def _listed(self, kind: str, **parameters: Any) -> list[dict[str, Any]]:
        try:
            with_bucket = {"Bucket": self.bucket, "ExpectedBucketOwner": self.account_id, **parameters}
            return list(self.aws.pages("s3", "list_objects_v2", kind, **with_bucket))
        except AwsError as error:
            if error.code == "NoSuchBucket":
                return []
            raise self._explained(error) from error

    def _call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        try:
            return self.aws.call("s3", operation, Bucket=self.bucket, ExpectedBucketOwner=self.account_id, **parameters)
        except AwsError as error:
            if error.code == "NoSuchBucket":
                raise NoJournal(
                    f"there is no journal in {self.aws.region} yet", hint="The first senza deploy begins it."
                ) from error
            raise self._explained(error) from error

    def _explained(self, error: AwsError) -> SenzaError:
        """Say "access denied" better: S3 says no more, whether a permission is missing or the bucket is foreign."""
        if error.code not in DENIED:
            return error
        try:
            ours = {item["Name"] for item in self.aws.call("s3", "list_buckets", Prefix=self.bucket)["Buckets"]}
        except SenzaError:
            maybe = f" Or else the bucket {self.bucket} belongs to another account."
            error.hint += maybe
            return error
        return error if self.bucket in ours else foreign(self.bucket)
