"""Who is calling AWS, and in which account: at most one GetCallerIdentity, none for what an ARN has told."""

from __future__ import annotations

import threading

from senza.aws import Aws


class Caller:
    """arn: of anything in the account that is known already, "" for nothing. Safe to use from several threads."""

    def __init__(self, aws: Aws, arn: str = "") -> None:
        self._aws = aws
        self._lock = threading.Lock()
        self._account = arn.split(":")[4] if arn else ""
        self._arn = ""

    def account_id(self) -> str:
        """12 digits."""
        return self._account or self.who().split(":")[4]

    def who(self) -> str:
        """The caller's ARN."""
        with self._lock:
            if not self._arn:
                self._arn = str(self._aws.call("sts", "get_caller_identity")["Arn"])
        return self._arn
