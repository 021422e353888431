"""``Senza::Elastigroup``: a group of spot instances that Spot by NetApp (Spotinst) runs.

The properties of an AutoScalingGroup are translated into the ``group`` of Spot's custom resource; what ``Elastigroup``
says itself wins. (Spot documentation, "Elastigroup CloudFormation template examples".)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from senza.components.auto_scaling_group import AutoScalingGroup
from senza.components.functions import in_region, ref
from senza.components.instance_profiles import add_instance_profile
from senza.components.launch import instance_profile
from senza.components.model import Fragment, Property
from senza.components.scaling import PROPERTIES as SCALING_PROPERTIES
from senza.components.scaling import Scaling
from senza.components.security_groups import resolve_security_groups
from senza.components.settings import Settings
from senza.components.shapes import plain
from senza.components.taupage import TaupageAutoScalingGroup

SPOT_ACCOUNT = "178579023202"
"""AWS account in which Spot's CloudFormation function runs."""

_SHARED = (
    "InstanceType",
    "SecurityGroups",
    "IamRoles",
    "IamInstanceProfile",
    "ElasticLoadBalancer",
    "ElasticLoadBalancerV2",
    "AutoScaling",
    "AssociatePublicIpAddress",
    "BlockDeviceMappings",
    "HealthCheckType",
    "HealthCheckGracePeriod",
    "Tags",
)


class Elastigroup(TaupageAutoScalingGroup):
    type_names: ClassVar[tuple[str, ...]] = ("Elastigroup",)
    summary: ClassVar[str] = "Spot instances run by Spot by NetApp (Spotinst) instead of an Auto Scaling group."
    properties: ClassVar[tuple[Property, ...]] = (
        Property(
            "SpotAlternatives", "list of instance types", "What may run as spot instances. Default: InstanceType."
        ),
        Property("Elastigroup", "mapping", "Spot's own `group`; what is given here wins."),
        Property("SpotinstAccountId", "text", "Account at Spot. Default: SenzaInfo.SpotinstAccountId."),
        Property("Image", "name", "Name in the Images map.", "LatestTaupageImage"),
        Property("TaupageConfig", "mapping", "What to run, as in TaupageAutoScalingGroup."),
        *(item for item in AutoScalingGroup.properties if item.name in _SHARED),
    )
    passes_on: ClassVar[tuple[str, ...]] = ()
    takes_stock_images: ClassVar[bool] = False
    sections: ClassVar[Mapping[str, tuple[Property, ...]]] = {"AutoScaling": SCALING_PROPERTIES}
    example: ClassVar[str] = """\
Group:
  Type: Senza::Elastigroup
  InstanceType: m5.large
  SpotinstAccountId: act-1234
  SpotAlternatives: [m5.large, c5.large]
  TaupageConfig:
    runtime: Docker
    source: "stups/hello-world:1.0"
"""

    @classmethod
    def known_properties(cls) -> frozenset[str]:
        return super(AutoScalingGroup, cls).known_properties()

    def build(self) -> Fragment:
        fragment = Fragment()
        given = self.settings.section("Elastigroup")
        group = merged(self._group(fragment), plain(given.values) if given else {})
        region = self.site.account.region
        fragment.resources[self.name] = {
            "Type": "Custom::elastigroup",
            "Properties": {
                "ServiceToken": f"arn:aws:lambda:{region}:{SPOT_ACCOUNT}:function:spotinst-cloudformation",
                "accessToken": self._token(),
                "accountId": self._account_id(),
                "group": group,
            },
        }
        return fragment

    def _token(self) -> Any:
        if "SpotinstAccessToken" in self.site.secrets:
            return ref(self.site.secrets["SpotinstAccessToken"])
        source = self.site.bound.source
        token = self.site.bound.info.get("SpotinstAccessToken")
        if not token:
            raise self.settings.wrong(
                "an Elastigroup needs SenzaInfo.SpotinstAccessToken",
                hint="Encrypt it: write SpotinstAccessToken: senza:kms:... (base64 of what aws kms encrypt returns).",
            )
        self.site.warn(
            f"{source.where('SenzaInfo', 'SpotinstAccessToken')}: the token is in clear text in the definition and in "
            "the template. Encrypt it with KMS and write senza:kms:... (base64 of the ciphertext)."
        )
        return str(token)

    def _account_id(self) -> str:
        ident = self.settings.get("SpotinstAccountId") or self.site.bound.info.get("SpotinstAccountId")
        if not ident:
            raise self.settings.wrong(
                "an Elastigroup needs the account at Spot", hint="Write SenzaInfo.SpotinstAccountId: act-1234abcd."
            )
        return str(ident)

    def _group(self, fragment: Fragment) -> dict[str, Any]:
        settings = self.settings
        instance_type = settings.require("InstanceType", "m5.large")
        section = settings.section("AutoScaling")
        scaling = Scaling(self._checked(section), self.name) if section else None
        public = str(settings.get("AssociatePublicIpAddress", False)).lower() == "true"
        return {
            "name": self.site.bound.full_name,
            "region": self.site.account.region,
            "capacity": {
                "minimum": scaling.minimum if scaling else 1,
                "maximum": scaling.maximum if scaling else 1,
                "target": scaling.desired if scaling else 1,
            },
            "compute": {
                "instanceTypes": {
                    "ondemand": instance_type,
                    "spot": settings.items("SpotAlternatives") or [instance_type],
                },
                "launchSpecification": self._launch_specification(fragment, public),
                "product": "Linux/UNIX",
                "subnetIds": in_region("LoadBalancerSubnets" if public else "ServerSubnets", "Subnets"),
            },
            "scaling": scaling_rules(scaling) if scaling else {},
            "scheduling": {},
            "strategy": {
                "availabilityVsCost": "balanced",
                "fallbackToOd": True,
                "risk": 100,
                "utilizeReservedInstances": True,
            },
            "thirdPartiesIntegration": {},
        }

    def _launch_specification(self, fragment: Fragment, public: bool) -> dict[str, Any]:
        settings = self.settings
        balancers = self._spot_balancers()
        kinds = {item["type"] for item in balancers}
        health = "TARGET_GROUP" if "TARGET_GROUP" in kinds else "ELB" if kinds else "EC2"
        specification: dict[str, Any] = {
            "healthCheckGracePeriod": settings.integer("HealthCheckGracePeriod", 300),
            "healthCheckType": settings.text("HealthCheckType", health),
            "imageId": in_region("Images", self.image()),
            "monitoring": True,
            "tags": [{"tagKey": tag["Key"], "tagValue": tag["Value"]} for tag in self._tags()],
        }
        profile = settings.get("IamInstanceProfile") or add_instance_profile(settings, self.site, fragment)
        if profile is not None:
            role = instance_profile(profile)
            specification["iamRole"] = {key.lower(): value for key, value in role.items()}
        if "SecurityGroups" in settings:
            specification["securityGroupIds"] = resolve_security_groups(settings, self.site)
        if balancers:
            specification["loadBalancersConfig"] = {"loadBalancers": balancers}
        if public:
            specification["networkInterfaces"] = [
                {"associatePublicIpAddress": True, "deleteOnTermination": True, "deviceIndex": 0}
            ]
        if "TaupageConfig" in settings:
            specification["userData"] = self.user_data()
        if "BlockDeviceMappings" in settings:
            specification["blockDeviceMappings"] = [
                block_device(settings, item, number)
                for number, item in enumerate(settings.items("BlockDeviceMappings"))
            ]
        return specification

    def _spot_balancers(self) -> list[dict[str, Any]]:
        own = self._balancers()
        groups = [{"type": "TARGET_GROUP", "arn": arn} for arn in own.get("TargetGroupARNs", ())]
        return groups + [{"type": "CLASSIC", "name": name} for name in own.get("LoadBalancerNames", ())]


def block_device(settings: Settings, device: Any, number: int) -> dict[str, Any]:
    """A disk in Spot's words: the names of CloudFormation with a small first letter."""
    if not isinstance(device, Mapping):
        raise settings.wrong("a block device must be a mapping", "BlockDeviceMappings", number)
    translated: dict[str, Any] = {small(key): value for key, value in device.items() if key != "Ebs"}
    if isinstance(device.get("Ebs"), Mapping):
        ebs = {small(key): value for key, value in device["Ebs"].items()}
        translated["ebs"] = {"deleteOnTermination": True, "volumeType": "gp2", **ebs}
    return translated


def small(name: str) -> str:
    return str(name)[:1].lower() + str(name)[1:]  # a key of a definition may be a number


def scaling_rules(scaling: Scaling) -> dict[str, Any]:
    """The alarms and policies of an Auto Scaling group as Spot's scaling rules."""
    rules = {}
    policies = scaling.policies()
    for logical_id, alarm in scaling.alarms().items():
        up = logical_id.endswith("High")
        policy = policies[f"{scaling.group}Scale{'Up' if up else 'Down'}"]
        metric = "CPU" if alarm["MetricName"] == "CPUUtilization" else alarm["MetricName"]
        unit = alarm.get("Unit", "percent")
        adjustment = policy["ScalingAdjustment"]
        statistic = alarm["Statistic"].lower()
        minutes = alarm["Period"] * alarm["EvaluationPeriods"] / 60
        rules["up" if up else "down"] = [
            {
                "policyName": f"Scale if {metric} {'>=' if up else '<'} {alarm['Threshold']} {unit} "
                f"for {minutes:.1f} minutes ({statistic})",
                "metricName": alarm["MetricName"],
                "statistic": statistic,
                "unit": unit,
                "threshold": alarm["Threshold"],
                "namespace": alarm["Namespace"],
                "dimensions": [{"name": "InstanceId"}],
                "period": alarm["Period"],
                "evaluationPeriods": alarm["EvaluationPeriods"],
                "cooldown": policy["Cooldown"],
                "action": {"type": "adjustment", "adjustment": abs(adjustment)},
                "operator": "gte" if up else "lt",
            }
        ]
    return rules


def merged(made: dict[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Spot's ``group``: what the user gives wins; tags are added; ``strategy`` and ``scaling`` are taken whole."""
    result = dict(made)
    for key, value in given.items():
        own = result.get(key)
        if key == "tags" and isinstance(own, list) and isinstance(value, list):
            result[key] = [*own, *value]
        elif isinstance(own, dict) and isinstance(value, Mapping) and key not in ("strategy", "scaling"):
            result[key] = merged(own, value)
        else:
            result[key] = value
    return result
