"""``AccountInfo``: the facts that a definition may name in Mustache tags, each looked up only when it is used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from senza.errors import NotFound

if TYPE_CHECKING:
    from senza.account.account import Account


class AccountInfo:
    """Attributes are named as the definition language names them."""

    def __init__(self, account: Account) -> None:
        self._account = account

    @property
    def Region(self) -> str:
        return self._account.region

    @property
    def AccountID(self) -> str:
        return self._account.identity

    @property
    def AccountAlias(self) -> str:
        """Raises NotFound where the account has no alias."""
        alias = self._account.alias
        if not alias:
            raise NotFound(
                "this AWS account has no alias, and the definition uses it (AccountAlias, TeamID or MintBucket)",
                hint="Give it one: aws iam create-account-alias --account-alias NAME.",
            )
        return alias

    @property
    def TeamID(self) -> str:
        """The alias after its first dash: ``acme-team`` is ``team``."""
        return self.AccountAlias.split("-", 1)[-1]

    @property
    def Domain(self) -> str:
        """The account's hosted zone, without the final dot."""
        return self._account.zone().name.rstrip(".")

    @property
    def MintBucket(self) -> str:
        company = self.AccountAlias.split("-", 1)[0]
        return f"{company}-stups-mint-{self.AccountID}-{self.Region}"

    @property
    def VpcID(self) -> str:
        return self._account.vpc().id
