"""Gap: moto asks every IAM backend of every partition whose keys these are, which makes them all; and a role assumed by
a role can have a session of any length (IAM User Guide, "Role chaining": an hour at most).
"""

from __future__ import annotations

from typing import Any

CHAINED = 3600


def apply() -> None:
    from moto.core.responses import BaseResponse
    from moto.sts.exceptions import STSValidationError
    from moto.sts.responses import TokenResponse

    from senza.sandbox.accounts import account_of, session

    assume = TokenResponse.assume_role

    def assume_role(self: Any) -> Any:
        if self._get_int_param("DurationSeconds", CHAINED) > CHAINED and session(self.access_key) is not None:
            raise STSValidationError(
                "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."
            )
        return assume(self)

    BaseResponse.get_current_account = lambda self: account_of(self.get_access_key())
    TokenResponse.assume_role = assume_role
