"""What groups can do today: spot, several types, targets, forecasts, calendars, hooks, warm pools, gp3."""

from __future__ import annotations

from typing import Any

import pytest

from senza.errors import DefinitionError
from tests.components.conftest import Compiles

GROUP = "- App: {Type: Senza::AutoScalingGroup, Image: Ubuntu%s}"
ALB = (
    "\n- %s: {Type: Senza::ElasticLoadBalancerV2, HTTPPort: 80, SecurityGroups: [sg-1], "
    "SSLCertificateId: hello-example-org, NameSuffix: %s}"
)
SIZES = "InstanceType: t3.nano, AutoScaling: {Minimum: 1, Maximum: 9, %s}"


def group(compiles: Compiles, more: str, **kwargs: Any) -> dict[str, Any]:
    return compiles.component(GROUP % f", {more}", **kwargs)


def properties(compiles: Compiles, more: str) -> dict[str, Any]:
    found: dict[str, Any] = group(compiles, more)["App"]["Properties"]
    return found


def template_data(resources: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = resources["AppConfig"]["Properties"]["LaunchTemplateData"]
    return found


def test_old_definitions_get_nothing_new(compiles: Compiles) -> None:
    resources = group(compiles, SIZES % "MetricType: CPU")
    assert set(resources) == {"App", "AppConfig", "AppScaleUp", "AppScaleDown"}
    assert {"CapacityRebalance", "MixedInstancesPolicy", "LifecycleHookSpecificationList"}.isdisjoint(resources["App"])
    assert "BlockDeviceMappings" not in template_data(resources)


def test_spot_instances_of_several_types(compiles: Compiles) -> None:
    resources = group(compiles, "InstanceTypes: [m5.large, m6i.large], Spot: {OnDemandBase: 1}")
    app = resources["App"]["Properties"]
    assert "LaunchTemplate" not in app
    assert app["CapacityRebalance"] is True
    assert app["MixedInstancesPolicy"] == {
        "InstancesDistribution": {
            "OnDemandBaseCapacity": 1,
            "OnDemandPercentageAboveBaseCapacity": 0,
            "SpotAllocationStrategy": "price-capacity-optimized",
        },
        "LaunchTemplate": {
            "LaunchTemplateSpecification": {
                "LaunchTemplateId": {"Ref": "AppConfig"},
                "Version": {"Fn::GetAtt": ["AppConfig", "LatestVersionNumber"]},
            },
            "Overrides": [{"InstanceType": "m5.large"}, {"InstanceType": "m6i.large"}],
        },
    }
    assert template_data(resources)["InstanceType"] == "m5.large"
    assert properties(compiles, "InstanceType: m5.large, Spot: {}, CapacityRebalance: false")["CapacityRebalance"] is (
        False
    )


def test_several_types_on_demand_only(compiles: Compiles) -> None:
    app = properties(compiles, "InstanceTypes: [m5.large, m6i.large]")
    assert "InstancesDistribution" not in app["MixedInstancesPolicy"]
    assert "CapacityRebalance" not in app


def test_requirements_instead_of_types(compiles: Compiles) -> None:
    """They belong into the group: a launch template that has them has no room for spot settings."""
    resources = group(
        compiles,
        "InstanceRequirements: {VCpuCount: 2, MemoryMiB: {Min: 4096, Max: 8192}, BurstablePerformance: excluded}",
    )
    (override,) = resources["App"]["Properties"]["MixedInstancesPolicy"]["LaunchTemplate"]["Overrides"]
    assert override["InstanceRequirements"] == {
        "VCpuCount": {"Min": 2},
        "MemoryMiB": {"Min": 4096, "Max": 8192},
        "BurstablePerformance": "excluded",
    }
    assert {"InstanceType", "InstanceRequirements"}.isdisjoint(template_data(resources))


def test_a_disk_in_a_few_words(compiles: Compiles) -> None:
    data = template_data(group(compiles, "InstanceType: t3.nano, Volume: {Size: 20, Throughput: 250}"))
    assert data["BlockDeviceMappings"] == [
        {
            "DeviceName": "/dev/sda1",
            "Ebs": {
                "VolumeSize": 20,
                "VolumeType": "gp3",
                "Encrypted": True,
                "DeleteOnTermination": True,
                "Throughput": 250,
            },
        }
    ]
    several = group(
        compiles,
        "InstanceType: t3.nano, BlockDeviceMappings: [{DeviceName: /dev/b, NoDevice: true}], "
        "Volume: [{Size: 20}, {Size: '500', Device: /dev/sdf, Encrypted: false}]",
    )
    devices = template_data(several)["BlockDeviceMappings"]
    assert [device["DeviceName"] for device in devices] == ["/dev/b", "/dev/sda1", "/dev/sdf"]
    assert (devices[2]["Ebs"]["VolumeSize"], devices[2]["Ebs"]["Encrypted"]) == (500, False)


def test_targets_replace_the_steps(compiles: Compiles) -> None:
    targets = "Targets: [{Metric: CPU, Value: 50}, {Metric: requestspertarget, Value: 1000, DisableScaleIn: true}]"
    resources = group(compiles, SIZES % targets + ", ElasticLoadBalancerV2: Alb}" + (ALB % ("Alb", "x"))[:-1])
    assert {"AppScaleUp", "AppScaleDown"}.isdisjoint(resources)
    cpu, requests = resources["AppCPUTarget"]["Properties"], resources["AppRequestsPerTargetTarget"]
    assert cpu["PolicyType"] == "TargetTrackingScaling"
    assert cpu["TargetTrackingConfiguration"] == {
        "TargetValue": 50.0,
        "PredefinedMetricSpecification": {"PredefinedMetricType": "ASGAverageCPUUtilization"},
    }
    tracking = requests["Properties"]["TargetTrackingConfiguration"]
    assert tracking["PredefinedMetricSpecification"]["ResourceLabel"] == {
        "Fn::Join": [
            "/",
            [
                {"Fn::GetAtt": ["Alb", "LoadBalancerFullName"]},
                {"Fn::GetAtt": ["AlbTargetGroup", "TargetGroupFullName"]},
            ],
        ]
    }
    assert tracking["DisableScaleIn"] is True
    assert requests["DependsOn"] == ["AlbListener"]  # a target group without load balancer has no requests to count


def test_any_other_metric_and_a_forecast(compiles: Compiles) -> None:
    own = "CustomizedMetricSpecification: {Namespace: shop, MetricName: Queue/Length, Statistic: Average}, Warmup: 60"
    resources = group(
        compiles,
        SIZES % f"Targets: {{Value: 10, {own}}}, Predictive: {{Metric: CPU, Value: '50', MaxCapacityBuffer: 10}}",
    )
    queue = resources["AppQueueLengthTarget"]["Properties"]
    assert queue["TargetTrackingConfiguration"]["CustomizedMetricSpecification"]["MetricName"] == "Queue/Length"
    assert queue["EstimatedInstanceWarmup"] == 60
    assert resources["AppPredictive"]["Properties"]["PredictiveScalingConfiguration"] == {
        "MetricSpecifications": [
            {"TargetValue": 50.0, "PredefinedMetricPairSpecification": {"PredefinedMetricType": "ASGCPUUtilization"}}
        ],
        "Mode": "ForecastOnly",
        "MaxCapacityBuffer": 10,
    }


def test_other_sizes_at_certain_times(compiles: Compiles) -> None:
    morning = "Morning: {Recurrence: 0 7 * * MON-FRI, TimeZone: Europe/Berlin, Minimum: 4, DesiredCapacity: '4'}"
    resources = group(compiles, SIZES % f"Schedule: {{{morning}}}")
    assert resources["AppScheduleMorning"]["Properties"] == {
        "AutoScalingGroupName": {"Ref": "App"},
        "Recurrence": "0 7 * * MON-FRI",
        "TimeZone": "Europe/Berlin",
        "MinSize": 4,
        "DesiredCapacity": 4,
    }


def test_instances_wait_before_and_after(compiles: Compiles) -> None:
    """Hooks are part of the group: as resources of their own they would miss its first instances."""
    resources = group(
        compiles,
        "InstanceType: t3.nano, DefaultInstanceWarmup: 90, WarmPool: {MinSize: 2, ReuseOnScaleIn: true}, "
        "LifecycleHooks: {drain: {Transition: terminating, HeartbeatTimeout: 120, DefaultResult: continue}}",
    )
    app = resources["App"]["Properties"]
    assert app["DefaultInstanceWarmup"] == 90
    assert app["LifecycleHookSpecificationList"] == [
        {
            "LifecycleHookName": "drain",
            "LifecycleTransition": "autoscaling:EC2_INSTANCE_TERMINATING",
            "HeartbeatTimeout": 120,
            "DefaultResult": "CONTINUE",
        }
    ]
    assert resources["AppWarmPool"]["Properties"] == {
        "AutoScalingGroupName": {"Ref": "App"},
        "MinSize": 2,
        "PoolState": "Stopped",
        "InstanceReusePolicy": {"ReuseOnScaleIn": True},
    }


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("Spot: {}", "needs InstanceType"),
        ("InstanceType: a, Spot: {Base: 1}", "Spot has no property Base"),
        ("InstanceType: a, Spot: {AllocationStrategy: cheapest}", "no AllocationStrategy cheapest"),
        ("InstanceType: a, Spot: {OnDemandPercentage: 101}", "must be 0 to 100"),
        ("InstanceType: a, Spot: {}, SpotPrice: 0.3", "Spot and SpotPrice exclude each other"),
        ("InstanceType: a, Spot: {}, MixedInstancesPolicy: {}", "exclude each other"),
        ("InstanceType: a, InstanceTypes: [b, c]", "not among the InstanceTypes"),
        ("InstanceTypes: [b, b]", "'b' is there twice"),
        ("InstanceTypes: []", "1 to 40"),
        ("InstanceTypes: [{a: b}]", "must be a text"),
        ("InstanceType: a, InstanceRequirements: {VCpuCount: 1, MemoryMiB: 1}", "exclude each other"),
        ("InstanceRequirements: {VCpuCount: 1}", "InstanceRequirements needs MemoryMiB"),
        ("InstanceRequirements: {VCpuCount: 1, MemoryMiB: 1, Cpus: 3}", "has no property Cpus"),
        ("InstanceRequirements: {VCpuCount: 1, MemoryMiB: {Minimum: 1}}", "has no property Minimum"),
        ("InstanceType: a, Volume: {Encrypted: true}", "Volume needs Size"),
        ("InstanceType: a, Volume: {Size: 1, Kind: gp2}", "Volume has no property Kind"),
        ("InstanceType: a, Volume: {Size: big}", "must be a whole number"),
        ("InstanceType: a, Volume: [{Size: 1}, {Size: 2}]", "two volumes /dev/sda1"),
        ("InstanceType: a, ImageId: ami-1, Volume: {Size: 1}", "nobody knows the root device"),
        (SIZES % "Targets: [{Metric: CPU}]", "Targets needs Value"),
        (SIZES % "Targets: [{Metric: Cpus, Value: 1}]", "no Metric Cpus"),
        (SIZES % "Targets: [{Metric: CPU, Value: 200}]", "cannot be held"),
        (SIZES % "Targets: [{Metric: CPU, Value: lots}]", "must be a number"),
        (SIZES % "Targets: [{Metric: CPU, Value: 1}, {Metric: CPU, Value: 2}]", "two targets for CPU"),
        (SIZES % "Targets: [7]", "must be a mapping"),
        (SIZES % "Targets: [{Metric: RequestsPerTarget, Value: 1}]", "has no application load balancer"),
        (SIZES % "Targets: [{Metric: RequestsPerTarget, Value: 1, LoadBalancer: X}]", "no component with a target"),
        (SIZES % "Targets: [{Metric: CPU, Value: 1}], MetricType: CPU", "work against each other"),
        (SIZES % "Predictive: {Metric: Memory, Value: 1}", "no Metric Memory"),
        (SIZES % "Schedule: {Noon: {Minimum: 1}}", "Noon says not when"),
        (SIZES % "Schedule: {Noon: {Recurrence: noon, Minimum: 1}}", "cron expression of five fields"),
        (SIZES % "Schedule: {Noon: {Recurrence: 0 12 * * *}}", "Noon changes no size"),
        (SIZES % "Schedule: {Noon: {Recurrence: 0 12 * * *, Minimum: 3, Maximum: 2}}", "more than Maximum"),
        ("InstanceType: a, WarmPool: {State: Stopped}", "WarmPool has no property State"),
        ("InstanceType: a, WarmPool: {}, Spot: {}", "cannot have spot instances"),
        ("InstanceType: a, LifecycleHooks: {x: {Transition: starting}}", "no Transition starting"),
    ],
)
def test_mistakes(more: str, message: str, compiles: Compiles) -> None:
    with pytest.raises(DefinitionError) as caught:
        group(compiles, more)
    assert message in caught.value.message
    assert caught.value.where is not None
    assert len(caught.value.where.path) > 2
