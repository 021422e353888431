"""What the checks look at, each looked up at most once, by whichever check comes first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from senza.account import Account
from senza.account.memo import Memo
from senza.aws import Aws
from senza.clock import Clock
from senza.errors import AwsError
from senza.fleet.groups import Group, describe
from senza.stacks.summaries import Stack, list_stacks
from senza.traffic.records import Reader, Record
from senza.traffic.rules import Balancing, Target
from senza.traffic.weighted import Weighted

if TYPE_CHECKING:
    from senza.environments import Environment, Environments


@dataclass(frozen=True)
class Caller:
    """Who the credentials belong to, and how many seconds this machine's clock is ahead of AWS's.

    ahead: accurate to a second or two, as the Date header has whole seconds; None where there was none.
    """

    arn: str
    account: str
    ahead: float | None

    @property
    def is_root(self) -> bool:
        return self.arn.endswith(":root")


class Facts:
    """Safe to use from several threads. Every method may raise AwsError or UsageError."""

    def __init__(
        self,
        aws: Aws,
        account: Account,
        clock: Clock,
        environment: Environment | None = None,
        environments: Callable[[], Environments] | None = None,
    ) -> None:
        """environment: the one that ``aws`` enters. environments: reads senza.yaml; None where nobody wants to know."""
        self.aws = aws
        self.environment = environment
        self.read_environments = environments
        self.account = account
        self.now = clock.now()
        """Seconds since the epoch."""
        self._clock = clock
        self._memo = Memo()

    def environments(self) -> Environments | None:
        """Raises DefinitionError where senza.yaml is wrong."""
        return self.read_environments() if self.read_environments else None

    def caller(self) -> Caller:
        return self._memo.get("caller", self._look_up_caller)

    def _look_up_caller(self) -> Caller:
        before = self._clock.now()
        answer = self.aws.call("sts", "get_caller_identity")
        date = answer["ResponseMetadata"]["HTTPHeaders"].get("date")
        ahead = (before + self._clock.now()) / 2 - parsedate_to_datetime(date).timestamp() if date else None
        return Caller(answer["Arn"], answer["Account"], ahead)

    def principal(self) -> str:
        """The ARN of the caller as IAM's simulator takes it: for a role's session the role's, with its path."""
        return self._memo.get("principal", self._look_up_principal)

    def _look_up_principal(self) -> str:
        arn = self.caller().arn
        head, found, session = arn.partition(":assumed-role/")
        if not found:
            return arn
        role = session.partition("/")[0]
        try:
            return str(self.aws.call("iam", "get_role", RoleName=role)["Role"]["Arn"])
        except AwsError:  # right for all roles without a path
            return f"{head.replace(':sts:', ':iam:')}:role/{role}"

    def decisions(self, actions: tuple[str, ...]) -> dict[str, str]:
        """What IAM would say to each action on all resources: ``allowed``, ``explicitDeny``, ``implicitDeny``."""

        def look_up() -> dict[str, str]:
            results = self.aws.pages(
                "iam",
                "simulate_principal_policy",
                "EvaluationResults",
                PolicySourceArn=self.principal(),
                ActionNames=list(actions),
                PaginationConfig={"PageSize": 1000},
            )
            return {result["EvalActionName"]: result["EvalDecision"] for result in results}

        return self._memo.get(("decisions", actions), look_up)

    def stacks(self) -> list[Stack]:
        return self._memo.get("stacks", lambda: list_stacks(self.aws))

    def records(self) -> list[Record]:
        """All records of all hosted zones."""
        return self._memo.get("records", lambda: Reader(self.aws, self.account.zones()).read_all())

    def targets(self) -> list[Target]:
        """Everybody at the domains of shared load balancers; no call where no group is behind a target group."""

        def look_up() -> list[Target]:
            if not any(group.target_groups for group in self.groups()):
                return []
            balancing = Balancing(self.aws)
            return balancing.targets([group.domain for group in balancing.groups().values()])

        return self._memo.get("targets", look_up)

    def weighted(self) -> list[Weighted]:
        """What has weights, in Route 53 and at shared load balancers."""
        return [*self.records(), *self.targets()]

    def groups(self) -> list[Group]:
        """All auto scaling groups, also those that belong to no stack."""
        return self._memo.get("groups", lambda: describe(self.aws))

    def probe(self, service: str, operation: str, **parameters: Any) -> None:
        """One small read-only call, for the sake of whether it is allowed."""
        self._memo.get((service, operation), lambda: self.aws.call(service, operation, **parameters))
