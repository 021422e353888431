"""What the checks ask the account, each thing at most once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from senza.account import Account, HostedZone
from senza.account.memo import Memo
from senza.aws import Aws
from senza.checks.model import Severity, Subject
from senza.clock import Clock
from senza.definition.model import KeyPath
from senza.errors import AwsError

Decisions = Callable[[tuple[str, ...]], Mapping[str, str]]
"""Actions -> what IAM says to each (``allowed``, ``explicitDeny``, ``implicitDeny``); nothing where all is allowed."""
SMALL_ZONE = 300
"""Records that come with one call, see ListResourceRecordSets."""


@dataclass(frozen=True)
class Online:
    """A definition and the account that it is for.

    version_given: whether the version is the user's, so that names with it can be taken.
    """

    subject: Subject
    aws: Aws
    account: Account
    clock: Clock
    memo: Memo
    version_given: bool
    decisions: Decisions

    def stack_exists(self) -> bool:
        """Whether the user's version is there already: what it needs, it has, and the names are its own."""
        return self.version_given and self._stack_is_there()

    def _stack_is_there(self) -> bool:

        def look_up() -> bool:
            try:
                self.aws.call("cloudformation", "describe_stacks", StackName=self.subject.compiled.full_name)
            except AwsError as error:
                if error.code != "ValidationError":
                    raise
                return False
            return True

        return self.memo.get("stack", look_up)

    def classic_balancers(self) -> tuple[str, ...]:
        """Names of all classic load balancers."""
        return self._names("elb", "describe_load_balancers", "LoadBalancerDescriptions", "LoadBalancerName")

    def modern_balancers(self) -> tuple[dict[str, Any], ...]:
        """All application, network and gateway load balancers."""
        return self.memo.get(
            "elbv2", lambda: tuple(self.aws.pages("elbv2", "describe_load_balancers", "LoadBalancers"))
        )

    def target_groups(self) -> tuple[str, ...]:
        return self._names("elbv2", "describe_target_groups", "TargetGroups", "TargetGroupName")

    def _names(self, service: str, operation: str, key: str, name: str) -> tuple[str, ...]:
        def look_up() -> tuple[str, ...]:
            return tuple(str(item[name]) for item in self.aws.pages(service, operation, key))

        return self.memo.get((service, operation), look_up)

    def limits(self, service: str) -> dict[str, int]:
        """Quotas of ``elb`` or ``elbv2`` in this account and region, by name."""

        def look_up() -> dict[str, int]:
            answer = self.aws.call(service, "describe_account_limits")
            return {limit["Name"]: int(limit["Max"]) for limit in answer["Limits"]}

        return self.memo.get((service, "limits"), look_up)

    def group_limits(self) -> tuple[int, int]:
        """How many auto scaling groups there may be, and how many there are."""

        def look_up() -> tuple[int, int]:
            answer = self.aws.call("autoscaling", "describe_account_limits")
            return int(answer["MaxNumberOfAutoScalingGroups"]), int(answer["NumberOfAutoScalingGroups"])

        return self.memo.get("groups", look_up)

    def cores(self, types: Iterable[str]) -> dict[str, int]:
        """vCPUs of each of these instance types that exists."""
        names = tuple(sorted(set(types)))

        def look_up() -> dict[str, int]:
            filters = [{"Name": "instance-type", "Values": list(names)}]
            found = self.aws.pages("ec2", "describe_instance_types", "InstanceTypes", Filters=filters)
            return {item["InstanceType"]: int(item["VCpuInfo"]["DefaultVCpus"]) for item in found}

        return self.memo.get(("cores", names), look_up)

    def offerings(self, types: Iterable[str]) -> set[tuple[str, str]]:
        """Instance type and zone, for each of these types and the zones that offer it."""
        names = tuple(sorted(set(types)))

        def look_up() -> set[tuple[str, str]]:
            found = self.aws.pages(
                "ec2",
                "describe_instance_type_offerings",
                "InstanceTypeOfferings",
                LocationType="availability-zone",
                Filters=[{"Name": "instance-type", "Values": list(names)}],
            )
            return {(item["InstanceType"], item["Location"]) for item in found}

        return self.memo.get(("offerings", names), look_up)

    def quota(self, code: str) -> dict[str, Any]:
        """A quota of EC2 as Service Quotas describes it, the metric of its use included."""

        def look_up() -> dict[str, Any]:
            found: dict[str, Any] = self.aws.call(
                "service-quotas", "get_service_quota", ServiceCode="ec2", QuotaCode=code
            )
            quota: dict[str, Any] = found["Quota"]
            return quota

        return self.memo.get(("quota", code), look_up)

    def records(self, zone: HostedZone, names: Iterable[str]) -> list[dict[str, Any]]:
        """The record sets of these names (with final dots): a small zone is read whole, else each name is asked for."""
        wanted = sorted(set(names))

        def whole() -> list[dict[str, Any]]:
            return list(
                self.aws.pages("route53", "list_resource_record_sets", "ResourceRecordSets", HostedZoneId=zone.id)
            )

        def of(name: str) -> Callable[[], list[dict[str, Any]]]:
            def look_up() -> list[dict[str, Any]]:
                answer = self.aws.call(
                    "route53", "list_resource_record_sets", HostedZoneId=zone.id, StartRecordName=name, MaxItems="100"
                )
                found: list[dict[str, Any]] = answer["ResourceRecordSets"]
                return found

            return look_up

        if zone.record_count <= SMALL_ZONE:
            found = self.memo.get(("zone", zone.id), whole)
        else:
            answers = self.aws.parallel({name: of(name) for name in wanted})
            found = [record for name in wanted for record in answers[name]]
        return [record for record in found if record["Name"].lower() in wanted]


@dataclass(frozen=True)
class Answer:
    """What a check of the account has found; as :class:`senza.checks.model.Hit`, with a severity of its own."""

    severity: Severity
    message: str
    resource: str = ""
    path: KeyPath = ()
    words: KeyPath = ()
    place: KeyPath | None = None
    hint: str = ""
