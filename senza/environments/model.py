"""What ``senza.yaml`` says, as values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from senza.definition.suggest import did_you_mean
from senza.errors import UsageError, Where

ALL = "all"
"""No environment can be called this: ``senza list -e all`` means each of them."""


@dataclass(frozen=True)
class Role:
    """A role to assume on the way into an account (STS API reference, AssumeRole)."""

    arn: str
    external_id: str | None = None
    mfa: str | None = None
    """Serial number or ARN of the MFA device that the role asks for."""
    seconds: int | None = None
    """How long a session lasts; None leaves it to AWS: an hour."""

    @property
    def account(self) -> str:
        """The account that the role is in, 12 digits."""
        return self.arn.split(":")[4]


@dataclass(frozen=True)
class Environment:
    """Where an app runs, and how to get there: profile, then one role after the other."""

    name: str
    account: str
    """12 digits; what is done for this environment is done in this account or not at all."""
    region: str | None = None
    """None: as without an environment."""
    profile: str | None = None
    """Of the AWS config file, where the credentials begin; None: as without an environment."""
    roles: tuple[Role, ...] = ()
    """To assume in this order; the last one is in :attr:`account`."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    """Values for the parameters of definitions that declare them."""
    where: Where | None = None
    """Its place in the file."""

    @property
    def partition(self) -> str:
        """``aws``, ``aws-cn`` or ``aws-us-gov``, by the roles or the region (IAM User Guide, "IAM ARNs")."""
        if self.roles:
            return self.roles[-1].arn.split(":")[1]
        for prefix in ("cn", "us-gov"):
            if (self.region or "").startswith(f"{prefix}-"):
                return f"aws-{prefix}"
        return "aws"


@dataclass(frozen=True)
class Environments:
    """The environments of one file, in its order."""

    file: str
    by_name: Mapping[str, Environment]
    warnings: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.by_name)

    def __iter__(self) -> Iterator[Environment]:
        return iter(self.by_name.values())

    def __len__(self) -> int:
        return len(self.by_name)

    def get(self, name: str) -> Environment:
        """The environment of that name. Raises UsageError, with the names there are."""
        if name in self.by_name:
            return self.by_name[name]
        known = f"There is {', '.join(self.names)}."
        if name == ALL:
            raise UsageError(f"one environment is needed here, and {ALL} means each of them", hint=f"Name one. {known}")
        if "," in name:
            raise UsageError(f"one environment is needed here, and {name!r} names several", hint=f"Name one. {known}")
        raise UsageError(
            f"there is no environment {name!r} in {self.file}",
            hint=" ".join(filter(None, [did_you_mean(name, self.names), known])),
        )
