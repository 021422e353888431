"""Templates in a form in which only real differences are left.

Not a difference: random ids (labels stand for them), key order, the type of scalars, the order of what AWS treats as
sets, spellings of one and the same function, the spelling of Taupage's YAML, a launch template in place of the launch
configuration it replaces, and what IGNORED lists. A difference: null against a missing key, the order of listeners.
"""

from __future__ import annotations

import fnmatch
import json
import re
from collections.abc import Mapping
from typing import Any

import yaml

SETS = {
    "SecurityGroups", "SecurityGroupIds", "VpcSecurityGroupIds", "securityGroupIds", "Subnets", "SubnetIds",
    "subnetIds", "VPCZoneIdentifier", "AvailabilityZones", "LoadBalancerNames", "TargetGroupARNs",
    "NotificationTypes", "Dimensions", "dimensions", "LoadBalancerAttributes", "TargetGroupAttributes", "Roles",
    "TerminationPolicies", "loadBalancers", "Tags", "tags",
}  # fmt: skip
IGNORED = (
    "Resources.*.Properties.MetadataOptions*",
    "Resources.*.Properties.AlarmDescription",
    "Resources.*.AliasTarget.EvaluateTargetHealth",
    "Mappings.Senza.Info.Parameters*",
    "Mappings.Senza.Info.Tags*",
    "Mappings.Senza.Info.SpotinstAccessToken",
    "Resources.*.Properties.accessToken*",
    "Metadata.Senza*",
    "Mappings.Images.*.LatestCoreOSImage",
)
TAUPAGE = "#taupage-ami-config"
LAUNCH_CONFIGURATION = "AWS::AutoScaling::LaunchConfiguration"


def canonical(template: Mapping[str, Any], labels: Mapping[str, str]) -> Any:
    """The canonical form; labels: random id -> what to write for it."""
    return _Canon(labels).node(_lowered(template), "")


def differences(golden: Any, ours: Any) -> list[str]:
    """``path: golden -> ours`` of everything that differs; both canonical."""
    left, right = _flat(golden, ""), _flat(ours, "")
    found = []
    for path in sorted(left.keys() | right.keys()):
        if any(fnmatch.fnmatchcase(path, pattern) for pattern in IGNORED):
            continue
        old, new = left.get(path, "(missing)"), right.get(path, "(missing)")
        if old != new:
            found.append(f"{path}: {old!r} -> {new!r}")
    return found


def _flat(node: Any, path: str) -> dict[str, Any]:
    if isinstance(node, dict) and node:
        items = [(f"{path}.{key}" if path else key, value) for key, value in node.items()]
    elif isinstance(node, list) and node:
        items = [(f"{path}[{number}]", value) for number, value in enumerate(node)]
    else:
        return {path: node}
    return {inner: leaf for place, value in items for inner, leaf in _flat(value, place).items()}


class _Canon:
    def __init__(self, labels: Mapping[str, str]) -> None:
        self._labels = sorted(labels.items(), key=lambda item: -len(item[0]))

    def node(self, node: Any, key: str) -> Any:
        if isinstance(node, dict):
            return self._mapping(node)
        if isinstance(node, list):
            items = [self.node(item, "") for item in node]
            return sorted(items, key=lambda item: json.dumps(item, sort_keys=True)) if key in SETS else items
        return self.scalar(node)

    def scalar(self, value: Any) -> Any:
        if value is None:
            return None
        if isinstance(value, bool):
            return str(value).lower()
        if isinstance(value, float) and value == int(value):
            value = int(value)
        text = str(value)
        for ident, label in self._labels:
            text = text.replace(ident, label)
        return text

    def _mapping(self, node: dict[Any, Any]) -> Any:
        if len(node) == 1:
            ((name, argument),) = node.items()
            if name == "Fn::Base64":
                return {name: self._user_data(argument)}
            if name in ("Fn::Join", "Fn::Sub") and _parts(node) != [node]:
                return self._joined(_parts(node))
            if name == "Fn::GetAtt" and isinstance(argument, str):
                return {name: argument.split(".", 1)}
        made = {self.scalar(key): self.node(value, str(key)) for key, value in node.items()}
        if isinstance(made.get("HostedZoneName"), str):
            made["HostedZoneName"] = made["HostedZoneName"].rstrip(".") + "."
        return made

    def _joined(self, parts: list[Any]) -> Any:
        merged: list[Any] = []
        for part in parts:
            if isinstance(part, str) and merged and isinstance(merged[-1], str):
                merged[-1] += part
            else:
                merged.append(part)
        merged = [self.node(part, "") for part in merged]
        return "" if not merged else merged[0] if len(merged) == 1 else {"Fn::Join": ["", merged]}

    def _user_data(self, value: Any) -> Any:
        functions = [part for part in _parts(value) if not isinstance(part, str)]
        numbers = iter(range(len(functions)))
        text = "".join(part if isinstance(part, str) else f"__FN{next(numbers)}__" for part in _parts(value))
        first, _, rest = text.partition("\n")
        if first.strip() != TAUPAGE:
            return self._joined(_parts(value))
        return {TAUPAGE: self._with_functions(self.node(yaml.safe_load(rest), ""), functions)}

    def _with_functions(self, node: Any, functions: list[Any]) -> Any:
        if isinstance(node, dict):
            return {key: self._with_functions(value, functions) for key, value in node.items()}
        if isinstance(node, list):
            return [self._with_functions(value, functions) for value in node]
        if isinstance(node, str):
            whole = re.fullmatch(r"__FN(\d+)__", node)
            if whole:
                return self.node(functions[int(whole[1])], "")
            return re.sub(
                r"__FN(\d+)__",
                lambda found: json.dumps(self.node(functions[int(found[1])], ""), sort_keys=True),
                node,
            )
        return node


def _parts(value: Any) -> list[Any]:
    """A value as texts and functions that are to be put together."""
    if isinstance(value, str):
        return [value] if value else []
    if isinstance(value, dict) and len(value) == 1:
        ((name, argument),) = value.items()
        if name == "Fn::Join" and isinstance(argument, list) and len(argument) == 2 and isinstance(argument[1], list):
            flat: list[Any] = []
            for number, item in enumerate(argument[1]):
                flat += ([argument[0]] if number and argument[0] else []) + _parts(item)
            return flat
        if name == "Fn::Sub" and isinstance(argument, str):
            pieces = re.split(r"\$\{([^!}][^}]*)\}", argument)
            return [_variable(piece) if number % 2 else piece for number, piece in enumerate(pieces) if piece]
    return [str(value)] if isinstance(value, int | float) else [value]


def _variable(name: str) -> dict[str, Any]:
    head, dot, tail = name.partition(".")
    return {"Fn::GetAtt": [head, tail]} if dot else {"Ref": name}


def _lowered(template: Mapping[str, Any]) -> dict[str, Any]:
    """Launch templates as the launch configurations that they replace."""
    lowered = json.loads(json.dumps(template))
    for resource in (lowered.get("Resources") or {}).values():
        properties = resource.get("Properties", {})
        if resource.get("Type") == "AWS::EC2::LaunchTemplate":
            properties = resource["Properties"] = _launch_settings(properties["LaunchTemplateData"])
            resource["Type"] = LAUNCH_CONFIGURATION
        elif resource.get("Type") == "AWS::AutoScaling::AutoScalingGroup" and "LaunchTemplate" in properties:
            properties["LaunchConfigurationName"] = properties.pop("LaunchTemplate")["LaunchTemplateId"]
        if resource.get("Type") == LAUNCH_CONFIGURATION:
            properties.setdefault("AssociatePublicIpAddress", False)
            properties.setdefault("EbsOptimized", False)
            if isinstance(properties.get("UserData"), dict) and set(properties["UserData"]) == {"Fn::Base64"}:
                text = properties["UserData"]["Fn::Base64"]
                if not str(_parts(text)[0] if _parts(text) else "").startswith(TAUPAGE):
                    properties["UserData"] = text
    return dict(lowered)


def _launch_settings(data: dict[str, Any]) -> dict[str, Any]:
    for interface in data.pop("NetworkInterfaces", []):
        data["AssociatePublicIpAddress"] = interface["AssociatePublicIpAddress"]
        if "Groups" in interface:
            data["SecurityGroups"] = interface["Groups"]
    if "IamInstanceProfile" in data:
        (data["IamInstanceProfile"],) = data["IamInstanceProfile"].values()
    if "Monitoring" in data:
        data["InstanceMonitoring"] = data.pop("Monitoring")["Enabled"]
    if "InstanceMarketOptions" in data:
        data["SpotPrice"] = data.pop("InstanceMarketOptions")["SpotOptions"]["MaxPrice"]
    return data


def unwrapped(golden: dict[str, Any]) -> dict[str, Any]:
    """A golden template with Taupage user data wrapped as ours is before it is compared."""
    for resource in (golden.get("Resources") or {}).values():
        data = resource.get("Properties", {}).get("UserData")
        if resource.get("Type") == LAUNCH_CONFIGURATION and isinstance(data, dict) and TAUPAGE in data:
            resource["Properties"]["UserData"] = {"Fn::Base64": data}
    return golden
