"""``Senza::AutoScalingGroup``: a launch template, a group, its scaling policies and alarms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

from troposphere import autoscaling, cloudwatch, ec2

from senza.account import Needs
from senza.components import group_life, launch, mixed_instances, tracking
from senza.components.functions import get_att, in_region, ref
from senza.components.instance_profiles import add_instance_profile
from senza.components.model import ComponentType, Fragment, Property
from senza.components.scaling import PROPERTIES as SCALING_PROPERTIES
from senza.components.scaling import Scaling, creation_policy
from senza.components.sections import checked
from senza.components.security_groups import group_names, resolve_security_groups
from senza.components.settings import Settings
from senza.components.shapes import Shaper
from senza.components.volumes import VOLUME, block_devices

NOTIFICATIONS = [
    "autoscaling:EC2_INSTANCE_LAUNCH",
    "autoscaling:EC2_INSTANCE_LAUNCH_ERROR",
    "autoscaling:EC2_INSTANCE_TERMINATE",
    "autoscaling:EC2_INSTANCE_TERMINATE_ERROR",
]
GROUP_PROPERTIES = frozenset(autoscaling.AutoScalingGroup.props)
OTHER_LAUNCHERS = ("LaunchConfigurationName", "LaunchTemplate", "MixedInstancesPolicy", "InstanceId")
"""Properties of a group that say how instances are launched; the launch template is one way."""


class AutoScalingGroup(ComponentType):
    type_names: ClassVar[tuple[str, ...]] = ("AutoScalingGroup",)
    summary: ClassVar[str] = (
        "Instances of one image in an Auto Scaling group, with a launch template and scaling triggers."
    )
    properties: ClassVar[tuple[Property, ...]] = (
        Property("Image", "name", "Name in the Images map of the machine image.", required=True),
        Property(
            "InstanceType", "text", "EC2 instance type, e.g. t3.micro; needed unless there is one of the next two."
        ),
        *mixed_instances.PROPERTIES,
        Property("SecurityGroups", "list of security groups", "Ids, names, functions, {Stack, LogicalId}."),
        Property("IamRoles", "list of roles", "One role, or names of several whose policies are merged."),
        Property("IamInstanceProfile", "name, ARN or function", "Instead of IamRoles."),
        Property("UserData", "text or function", "What the instances get at boot; plain text is encoded."),
        Property("ElasticLoadBalancer", "name or list of names", "Classic load balancers among the components."),
        Property(
            "ElasticLoadBalancerV2",
            "name or list of names",
            "Application and network load balancers among the components.",
        ),
        Property("AutoScaling", "mapping", "How many instances and when, see below."),
        Property("AssociatePublicIpAddress", "boolean", "Whether instances get a public address.", False),
        Property("EbsOptimized", "boolean", "Dedicated bandwidth for disks.", False),
        Property("SpotPrice", "number", "Highest price in dollars per hour: spot instances instead of on demand."),
        Property("Volume", "mapping, or list of mappings", "The disk: gp3 and encrypted, see below."),
        Property("BlockDeviceMappings", "list", "Disks, as in CloudFormation."),
        Property("InstanceMonitoring", "boolean", "Metrics every minute instead of every five."),
        Property(
            "Tags", "list of {Key, Value}", "Added to the three tags of the stack; all are passed on to instances."
        ),
        Property("HealthCheckType", "ELB or EC2", "Default: ELB with a load balancer, else EC2."),
        Property("HealthCheckGracePeriod", "seconds", "Time to start before health counts.", 300),
        Property("DefaultInstanceWarmup", "seconds", "Until the metrics of a new instance count for scaling."),
        *group_life.PROPERTIES,
    )
    passes_on: ClassVar[tuple[str, ...]] = ("AWS::AutoScaling::AutoScalingGroup", "AWS::EC2::LaunchTemplate")
    sections: ClassVar[Mapping[str, tuple[Property, ...]]] = {
        "AutoScaling": (*SCALING_PROPERTIES, *tracking.PROPERTIES),
        "AutoScaling.Targets": tracking.TARGET,
        "AutoScaling.Predictive": tracking.PREDICTIVE,
        "AutoScaling.Schedule": tracking.SCHEDULE,
        "Spot": mixed_instances.SPOT,
        "Volume": VOLUME,
        "LifecycleHooks": group_life.HOOK,
        "WarmPool": group_life.WARM_POOL,
    }
    http_tokens: ClassVar[str] = "required"
    example: ClassVar[str] = """\
Worker:
  Type: Senza::AutoScalingGroup
  Image: LatestTaupageImage
  InstanceType: t3.small
  SecurityGroups: [app-hello-world]
  AutoScaling:
    Minimum: 2
    Maximum: 10
    SuccessRequires: 2 within 20m
    MetricType: CPU
    ScaleUpThreshold: 70
    ScaleDownThreshold: 30
"""

    @classmethod
    def known_properties(cls) -> frozenset[str]:
        return super().known_properties() | GROUP_PROPERTIES | launch.PROPERTIES

    def needs(self) -> Needs:
        return Needs(security_groups=group_names(self.settings.items("SecurityGroups")))

    def build(self) -> Fragment:
        fragment = Fragment()
        config = f"{self.name}Config"
        shaper = Shaper(self.settings, self.site.tolerate)
        profile = add_instance_profile(self.settings, self.site, fragment)
        groups = None
        if "SecurityGroups" in self.settings:
            groups = resolve_security_groups(self.settings, self.site)
        data = launch.launch_template_data(
            self.settings,
            self.image(),
            groups,
            user_data=self.user_data(),
            profile=profile,
            http_tokens=self._http_tokens(),
        )
        self.adjust_launch(data, fragment)
        self._choose_instances(data)
        fragment.resources[config] = shaper.resource(ec2.LaunchTemplate, config, {"LaunchTemplateData": data})
        self._add_group(
            fragment, shaper, {"LaunchTemplateId": ref(config), "Version": get_att(config, "LatestVersionNumber")}
        )
        return fragment

    def user_data(self) -> Any:
        """What instances get at boot; None for nothing."""
        return launch.plain_user_data(self.settings)

    def adjust_launch(self, data: dict[str, Any], fragment: Fragment) -> None:
        """Change the data of the launch template by what only this kind of group or the network knows."""
        if getattr(self.site.network, "public_addresses", False) and "AssociatePublicIpAddress" not in self.settings:
            for interface in data.get("NetworkInterfaces", ()) if "NetworkInterfaces" not in self.settings else ():
                interface["AssociatePublicIpAddress"] = True

    def image(self) -> Any:
        """The name in the Images map, or a function. Raises DefinitionError without it and without an ImageId."""
        if "ImageId" in self.settings:
            return ""
        return self.settings.require("Image", "LatestTaupageImage")

    def _choose_instances(self, data: dict[str, Any]) -> None:
        """Put type and disks into the data of the launch template. Raises DefinitionError."""
        data.pop("InstanceRequirements", None)  # part of the group, where spot instances are chosen as well
        chosen = mixed_instances.instance_type(self.settings)
        if chosen is not None:
            data["InstanceType"] = chosen
        if volumes := block_devices(self.settings, self.site, self.image()):
            data["BlockDeviceMappings"] = [*data.get("BlockDeviceMappings", ()), *volumes]

    def _http_tokens(self) -> str:
        """Taupage's own scripts read instance metadata the old way; everything else is held to IMDSv2."""
        return "optional" if str(self.image()).startswith("LatestTaupage") else self.http_tokens

    def _add_group(self, fragment: Fragment, shaper: Shaper, template: dict[str, Any]) -> None:
        settings = self.settings
        section = settings.section("AutoScaling")
        scaling = Scaling(self._checked(section), self.name) if section else None
        properties = {
            "HealthCheckGracePeriod": 300,
            "HealthCheckType": "EC2",
            "MinSize": scaling.minimum if scaling else 1,
            "MaxSize": scaling.maximum if scaling else 1,
            "VPCZoneIdentifier": in_region("ServerSubnets", "Subnets"),
            **self._balancers(),
        }
        if scaling:
            properties["DesiredCapacity"] = scaling.desired
        if mixed_instances.wants_mixed(settings):
            properties.update(mixed_instances.group_properties(settings, self.site, template))
        elif not any(name in settings for name in OTHER_LAUNCHERS):
            properties["LaunchTemplate"] = template
        if hooks := group_life.lifecycle_hooks(settings, self.site):
            properties["LifecycleHookSpecificationList"] = hooks
        properties.update({key: value for key, value in settings.values.items() if key in GROUP_PROPERTIES})
        properties["Tags"] = self._tags()
        raw = self._notifications()
        group = shaper.resource(autoscaling.AutoScalingGroup, self.name, properties, raw)
        group.resource["CreationPolicy"] = creation_policy(section)
        fragment.resources[self.name] = group
        if pool := group_life.warm_pool(settings, self.site):
            name = f"{self.name}WarmPool"
            fragment.resources[name] = shaper.resource(autoscaling.WarmPool, name, pool)
        if scaling:
            self._add_scaling(fragment, shaper, scaling)

    def _checked(self, section: Settings) -> Settings:
        """The AutoScaling section, with misspelt names told; the required ones have messages of their own."""
        known = [replace(item, required=False) for item in self.sections["AutoScaling"]]
        return checked(section, known, self.site.tolerate)

    def _balancers(self) -> dict[str, Any]:
        properties: dict[str, Any] = {}
        if "ElasticLoadBalancer" in self.settings:
            names = self.settings.items("ElasticLoadBalancer")
            properties["LoadBalancerNames"] = [name if isinstance(name, Mapping) else ref(name) for name in names]
        if "ElasticLoadBalancerV2" in self.settings:
            names = self.settings.items("ElasticLoadBalancerV2")
            properties["TargetGroupARNs"] = [group for name in names for group in self._target_groups(name)]
        if properties:
            properties["HealthCheckType"] = "ELB"
        return properties

    def _target_groups(self, balancer: Any) -> list[Any]:
        """balancer: a function that tells one target group, or the name of a component, which may have several."""
        if isinstance(balancer, Mapping):
            return [balancer]
        known = self.site.balanced.get(str(balancer))
        return [ref(name) for name in (known.target_groups() if known else [f"{balancer}TargetGroup"])]

    def _tags(self) -> list[dict[str, Any]]:
        tags = [{"Key": key, "Value": value} for key, value in self.site.tags.items()]
        for number, tag in enumerate(self.settings.items("Tags")):
            if not isinstance(tag, Mapping) or not {"Key", "Value"} <= set(tag):
                raise self.settings.wrong("a tag must be a mapping with Key and Value", "Tags", number)
            tags.append({"Key": tag["Key"], "Value": tag["Value"]})
        return [{**tag, "PropagateAtLaunch": True} for tag in tags]

    def _notifications(self) -> dict[str, Any]:
        topic = self.site.operator_topic()
        return {"NotificationConfiguration": {"NotificationTypes": NOTIFICATIONS, "TopicARN": topic}} if topic else {}

    def _add_scaling(self, fragment: Fragment, shaper: Shaper, scaling: Scaling) -> None:
        existing = self.site.bound.template.get("Resources") or {}
        for name, properties in scaling.policies().items():
            if name not in existing:
                fragment.resources[name] = shaper.resource(autoscaling.ScalingPolicy, name, properties)
                continue
            kept = existing[name].get("Properties") if isinstance(existing[name], Mapping) else None
            if not isinstance(kept, Mapping) or kept.get("AutoScalingGroupName") != ref(self.name):
                raise self.settings.wrong(
                    f"Resources has a {name}, which {self.name} would make, and it does not belong to {self.name}",
                    "AutoScaling",
                    hint=f"Rename it, or let its AutoScalingGroupName be {{Ref: {self.name}}} to keep it as it is.",
                )
        for name, properties in scaling.alarms().items():
            fragment.resources[name] = shaper.resource(cloudwatch.Alarm, name, properties)
        following = tracking.Tracking(
            scaling.settings, self.name, self.settings.items("ElasticLoadBalancerV2"), self.site
        )
        for name, (properties, waits) in following.policies().items():
            policy = shaper.resource(autoscaling.ScalingPolicy, name, properties)
            if waits:
                policy.resource["DependsOn"] = waits
            fragment.resources[name] = policy
        for name, properties in following.schedule().items():
            fragment.resources[name] = shaper.resource(autoscaling.ScheduledAction, name, properties)
