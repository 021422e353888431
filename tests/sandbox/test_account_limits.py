"""Limits and quotas as AWS tells them, with what is used of them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from senza.aws import Aws
from senza.errors import AwsError
from senza.sandbox.embedded import EmbeddedSandbox
from tests.conftest import FakeClock

STANDARD = "L-1216C47A"


def test_limits_of_balancers_and_groups(aws: Aws) -> None:
    limits = {limit["Name"]: limit["Max"] for limit in aws.call("elb", "describe_account_limits")["Limits"]}
    assert limits["classic-load-balancers"] == "20"
    groups = aws.call("autoscaling", "describe_account_limits")
    assert (groups["MaxNumberOfAutoScalingGroups"], groups["NumberOfAutoScalingGroups"]) == (500, 0)


def used(aws: Aws, quota: dict[str, Any], now: float) -> list[float]:
    metric = quota["UsageMetric"]
    stat = {
        "Metric": {
            "Namespace": metric["MetricNamespace"],
            "MetricName": metric["MetricName"],
            "Dimensions": [{"Name": name, "Value": value} for name, value in metric["MetricDimensions"].items()],
        },
        "Period": 300,
        "Stat": metric["MetricStatisticRecommendation"],
    }
    answer = aws.call(
        "cloudwatch",
        "get_metric_data",
        MetricDataQueries=[{"Id": "used", "MetricStat": stat}],
        StartTime=datetime.fromtimestamp(int(now) - 3600, UTC),
        EndTime=datetime.fromtimestamp(int(now) + 1, UTC),
    )
    values: list[float] = answer["MetricDataResults"][0]["Values"]
    return values


def test_the_quota_of_cores_and_how_many_run(aws: Aws, sandbox: EmbeddedSandbox, clock: FakeClock) -> None:
    def quota() -> dict[str, Any]:
        found: dict[str, Any] = aws.call("service-quotas", "get_service_quota", ServiceCode="ec2", QuotaCode=STANDARD)
        return dict(found["Quota"])

    assert (quota()["Value"], used(aws, quota(), clock.now())) == (64.0, [])
    image = next(ident for ident, label in sandbox.labels.items() if label.startswith("<ami:"))
    subnet = sandbox.values["subnets"]["internal-eu-central-1a"]
    aws.call("ec2", "run_instances", ImageId=image, InstanceType="m5.xlarge", SubnetId=subnet, MinCount=2, MaxCount=2)
    assert used(aws, quota(), clock.now()) == [8.0]


def test_other_quotas_are_not_known(aws: Aws) -> None:
    with pytest.raises(AwsError, match="NoSuchResource"):
        aws.call("service-quotas", "get_service_quota", ServiceCode="ec2", QuotaCode="L-00000000")
