"""Gap: moto does not tell the limits of classic load balancers and Auto Scaling, and Service Quotas knows VPC alone.

The quotas of EC2 that count vCPUs are those of an account that was given some; the figure of AWS/Usage that says how
much of one is used is written when the quota is asked for, since nothing else looks at it.
"""

from __future__ import annotations

import re
from typing import Any

from senza.sandbox.cloudwatch.data import Datum, Key
from senza.sandbox.world import world

CLASSIC = {"classic-load-balancers": 20, "classic-listeners": 100, "classic-registered-instances": 1000}
GROUPS, CONFIGURATIONS = 500, 200
USAGE_PERIOD = 300
CORES: dict[str, tuple[str, float, str, str]] = {
    "L-1216C47A": (
        "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances",
        64.0,
        "Standard/OnDemand",
        r"[acdhimrtz]|im|is",
    ),
    "L-34B43A08": (
        "All Standard (A, C, D, H, I, M, R, T, Z) Spot Instance Requests",
        64.0,
        "Standard/Spot",
        r"[acdhimrtz]|im|is",
    ),
    "L-DB2E81BA": ("Running On-Demand G and VT instances", 0.0, "G/OnDemand", "g|gr|vt"),
    "L-3819A6DF": ("All G and VT Spot Instance Requests", 0.0, "G/Spot", "g|gr|vt"),
    "L-417A185B": ("Running On-Demand P instances", 0.0, "P/OnDemand", "p"),
    "L-7212CCBC": ("All P4, P3 and P2 Spot Instance Requests", 0.0, "P/Spot", "p"),
}
"""Code -> name, vCPUs, class of the metric, families. A new account may start no instance with a graphics card."""


def running_cores(families: str, spot: bool, account: str, region: str) -> float:
    """vCPUs of the running instances of these families."""
    from moto.ec2.models import ec2_backends
    from moto.ec2.models.instance_types import INSTANCE_TYPES

    instances = [
        instance
        for reservation in ec2_backends[account][region].all_reservations()
        for instance in reservation.instances
        if instance.state in ("pending", "running") and bool(instance.lifecycle == "spot") == spot
    ]
    types = [one.instance_type for one in instances if re.match(rf"(?:{families})\d", one.instance_type)]
    return float(sum(INSTANCE_TYPES[kind]["VCpuInfo"]["DefaultVCpus"] for kind in types if kind in INSTANCE_TYPES))


def quota(code: str, account: str, region: str) -> dict[str, Any]:
    """As GetServiceQuota describes it (Service Quotas API reference, ServiceQuota)."""
    from senza.sandbox.patches.cloudwatch import here

    name, value, kind, families = CORES[code]
    dimensions = {"Class": kind, "Resource": "vCPU", "Service": "EC2", "Type": "Resource"}
    used = running_cores(families, kind.endswith("Spot"), account, region)
    if used:
        at = world.timeline.now // USAGE_PERIOD * USAGE_PERIOD - USAGE_PERIOD  # the last period that is over
        with world.at((account, region)):
            here().add(Key.of("AWS/Usage", "ResourceCount", dimensions), Datum.of(at, [(used, 1)]))
    return {
        "ServiceCode": "ec2",
        "ServiceName": "Amazon Elastic Compute Cloud (Amazon EC2)",
        "QuotaArn": f"arn:aws:servicequotas:{region}:{account}:ec2/{code}",
        "QuotaCode": code,
        "QuotaName": name,
        "Value": value,
        "Unit": "None",
        "Adjustable": True,
        "GlobalQuota": False,
        "UsageMetric": {
            "MetricNamespace": "AWS/Usage",
            "MetricName": "ResourceCount",
            "MetricDimensions": dimensions,
            "MetricStatisticRecommendation": "Maximum",
        },
    }


def apply() -> None:
    from moto.autoscaling.responses import AutoScalingResponse
    from moto.core.responses import ActionResult
    from moto.elb.responses import ELBResponse
    from moto.servicequotas.models import ServiceQuotasBackend

    known = ServiceQuotasBackend.get_service_quota

    def classic_limits(self: Any) -> Any:
        limits = [{"Name": name, "Max": str(most)} for name, most in CLASSIC.items()]
        return ActionResult({"Limits": limits})

    def group_limits(self: Any) -> Any:
        backend = self.autoscaling_backend
        return ActionResult(
            {
                "MaxNumberOfAutoScalingGroups": GROUPS,
                "MaxNumberOfLaunchConfigurations": CONFIGURATIONS,
                "NumberOfAutoScalingGroups": len(backend.autoscaling_groups),
                "NumberOfLaunchConfigurations": len(backend.launch_configurations),
            }
        )

    def get_service_quota(self: Any, service_code: str, quota_code: str) -> dict[str, Any]:
        if service_code == "ec2" and quota_code in CORES:
            return quota(quota_code, self.account_id, self.region_name)
        answer: dict[str, Any] = known(self, service_code, quota_code)
        return answer

    ELBResponse.describe_account_limits = classic_limits
    AutoScalingResponse.describe_account_limits = group_limits
    ServiceQuotasBackend.get_service_quota = get_service_quota
