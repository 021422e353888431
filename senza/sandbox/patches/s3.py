"""Gap: moto's new buckets lack the defaults of AWS, its bucket policies ignore conditions (a Deny under a condition
denies everything), versions written at the same moment are listed oldest first, the oldest as the latest, and nothing
says which objects a lifecycle rule is going to delete.

Who is refused, and why, is in ``senza.sandbox.buckets``.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from senza.sandbox.buckets import decision, find
from senza.sandbox.patches.clock import aware

ALL_BLOCKED = (True, True, True, True)


def apply() -> None:
    from moto.iam.access_control import PermissionResult
    from moto.s3.models import FakeBucket, FakeKey, PublicAccessBlock
    from moto.s3.utils import _VersionedKeyStore

    begin = FakeBucket.__init__
    results = {"Allow": PermissionResult.PERMITTED, "Deny": PermissionResult.DENIED, "": PermissionResult.NEUTRAL}

    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        """Buckets since April 2023 ("Default settings for new S3 buckets"): private, without ACLs, encrypted."""
        begin(self, *args, **kwargs)
        self.creation_date = aware()
        self.public_access_block = PublicAccessBlock(*ALL_BLOCKED)
        self.ownership_rule = "BucketOwnerEnforced"
        self.encryption = {"Rule": {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}}

    def get_permission(self: Any, action: str, resource: str) -> Any:
        if self.policy is None:
            return PermissionResult.NEUTRAL
        known = {"aws:securetransport": "true", "aws:principalaccount": self.account_id}
        return results[decision(self.policy, action, resource, known)]

    def iterlists(self: Any) -> Iterator[tuple[str, list[Any]]]:
        """Of each key the versions, newest first: what the order by time, which is stable, leaves as it is."""
        for key in self:
            yield key, self.getlist(key)[::-1]

    def response_dict(self: Any) -> dict[str, Any]:
        known: dict[str, Any] = described.fget(self)
        return known | expiration(self)

    described = FakeKey.response_dict
    FakeKey.response_dict = property(response_dict)
    FakeBucket.__init__ = init
    FakeBucket.get_permission = get_permission
    _VersionedKeyStore.iterlists = iterlists


def expiration(key: Any) -> dict[str, str]:
    """The header ``x-amz-expiration`` (S3 API reference, PutObject): of the first rule that concerns the object."""
    bucket = find(key.bucket_name)
    for rule in (bucket.rules if bucket else None) or ():
        prefix = (rule.filter.prefix if rule.filter else rule.prefix) or ""
        if rule.status == "Enabled" and rule.expiration_days and key.name.startswith(prefix):
            day = (key.last_modified + timedelta(days=int(rule.expiration_days) + 1)).strftime("%a, %d %b %Y")
            return {"x-amz-expiration": f'expiry-date="{day} 00:00:00 GMT", rule-id="{quote(rule.id or "")}"'}
    return {}
