"""What an instance that runs one container may do: exactly what its bootstrap does, and no action by wildcard.

Actions and the resources that they can be narrowed to are from the Service Authorization Reference. Where AWS takes no
narrower resource than ``*``, the statement says so.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from senza.account.oci import EcrHost, ImageReference
from senza.components.functions import is_function

KMS, SSM, SECRETS = "aws:kms:", "aws:ssm:", "aws:secretsmanager:"
PREFIXES = (KMS, SSM, SECRETS)
HERE = "arn:${AWS::Partition}:%s:${AWS::Region}:${AWS::AccountId}:%s"
APPLICATION_LOG = "/var/log/application.log"
AGENT_NAMESPACE = "CWAgent"
"""Of the metrics that the CloudWatch agent sends unless told otherwise."""


@dataclass(frozen=True)
class Permission:
    """One statement of a policy. sid: unique in it. resources: texts, with ``${AWS::…}`` too, functions, or ``*``."""

    sid: str
    actions: tuple[str, ...]
    resources: tuple[Any, ...]
    condition: Mapping[str, Any] | None = None

    def statement(self) -> dict[str, Any]:
        resources = [{"Fn::Sub": one} if isinstance(one, str) and "${" in one else one for one in self.resources]
        made = {
            "Sid": self.sid,
            "Effect": "Allow",
            "Action": list(self.actions),
            "Resource": resources[0] if len(resources) == 1 else resources,
        }
        return made | ({"Condition": dict(self.condition)} if self.condition else {})


def policy(permissions: list[Permission]) -> dict[str, Any]:
    """The policy document."""
    return {"Version": "2012-10-17", "Statement": [permission.statement() for permission in permissions]}


def permissions(config: Mapping[str, Any], log_group: str, kms_keys: list[Any]) -> list[Permission]:
    """Of the instances of a ``TaupageConfig`` that has passed its check.

    log_group: logical id of the log group that the component makes, "" without one. kms_keys: ids, ARNs or aliases of
    the keys that secrets are encrypted with.
    """
    made = [*_always(), *_logs(config, log_group), *_image(config), *_secrets(config, kms_keys), *_volumes(config)]
    if config.get("healthcheck"):
        # DescribeInstanceHealth cannot be narrowed
        made.append(Permission("Balancer", ("elasticloadbalancing:DescribeInstanceHealth",), ("*",)))
    return made


def _always() -> Iterator[Permission]:
    yield Permission("Signal", ("cloudformation:SignalResource",), ("${AWS::StackId}",))
    # Session Manager ("Add Session Manager permissions to an existing IAM role"): the channels take no resource, and
    # the instance's own id is not known before there is one
    channels = [f"ssmmessages:{verb}{kind}Channel" for verb in ("Create", "Open") for kind in ("Control", "Data")]
    yield Permission("Session", ("ssm:UpdateInstanceInformation", *channels), ("*",))


def _logs(config: Mapping[str, Any], log_group: str) -> Iterator[Permission]:
    write = ("logs:CreateLogStream", "logs:PutLogEvents")
    if log_group:
        yield Permission("Log", write, ({"Fn::GetAtt": [log_group, "Arn"]},))
    groups = config.get("cloudwatch_logs") or {}
    if groups:
        arns = [_joined(HERE % ("logs", "log-group:"), group, ":*") for group in _unique(groups.values())]
        yield Permission("FileLogs", (*write, "logs:DescribeLogStreams", "logs:CreateLogGroup"), tuple(arns))
    if str(config.get("enhanced_cloudwatch_metrics", False)).lower() in ("true", "yes", "on"):
        # neither can be narrowed to a resource; metrics can, to their namespace
        only = {"StringEquals": {"cloudwatch:namespace": AGENT_NAMESPACE}}
        yield Permission("Metrics", ("cloudwatch:PutMetricData",), ("*",), only)
        yield Permission("MetricDimensions", ("ec2:DescribeTags",), ("*",))


def _image(config: Mapping[str, Any]) -> Iterator[Permission]:
    source = config.get("source")
    reference = ImageReference.parse(source) if isinstance(source, str) else ImageReference("", "")
    ecr = EcrHost.of(reference.host)
    if ecr is None:
        return
    repository = f"arn:${{AWS::Partition}}:ecr:{ecr.region}:{ecr.account}:repository/{reference.repository}"
    # a login is for all registries of the region: GetAuthorizationToken cannot be narrowed
    yield Permission("RegistryLogin", ("ecr:GetAuthorizationToken",), ("*",))
    pull = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
    yield Permission("Image", pull, (repository,))


def secrets(config: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Key path and value of everything that is, or as a function may be, a reference to a secret."""
    for section in ("environment", "credentials"):
        for name, value in (config.get(section) or {}).items():
            if mentions_secret(value):
                yield (section, str(name)), value
    if mentions_secret(config.get("dockercfg")):
        yield ("dockercfg",), config["dockercfg"]


def mentions_secret(value: Any) -> bool:
    if is_function(value):
        return any(f'"{prefix}' in json.dumps(value, default=str) for prefix in PREFIXES)
    return isinstance(value, str) and value.startswith(PREFIXES)


def _secrets(config: Mapping[str, Any], kms_keys: list[Any]) -> Iterator[Permission]:
    values = [value for _, value in secrets(config) if isinstance(value, str)]
    parameters = _unique(parameter_arn(value.removeprefix(SSM)) for value in values if value.startswith(SSM))
    stored = _unique(secret_arn(value.removeprefix(SECRETS)) for value in values if value.startswith(SECRETS))
    if parameters:
        yield Permission("Parameters", ("ssm:GetParameter",), tuple(parameters))
    if stored:
        yield Permission("Secrets", ("secretsmanager:GetSecretValue",), tuple(stored))
    aliases = [key for key in kms_keys if isinstance(key, str) and key.startswith("alias/")]
    keys = [key_arn(key) for key in kms_keys if key not in aliases]
    if keys:
        yield Permission("Keys", ("kms:Decrypt",), tuple(keys))
    if aliases:
        # an alias is no resource of Decrypt; this condition means the key that has it ("kms:ResourceAliases")
        only = {"ForAnyValue:StringEquals": {"kms:ResourceAliases": aliases}}
        yield Permission("KeysByAlias", ("kms:Decrypt",), (HERE % ("kms", "key/*"),), only)


def parameter_arn(name: str) -> str:
    """Of an SSM parameter by name or ARN; a version or label behind it is no part of it."""
    if name.startswith("arn:"):
        return ":".join(name.split(":")[:6])
    return HERE % ("ssm", f"parameter/{name.partition(':')[0].lstrip('/')}")


def secret_arn(name: str) -> str:
    """Of a secret by name, to which AWS adds six random characters, or by ARN; ``#key`` is no part of it."""
    name = name.partition("#")[0]
    return name if name.startswith("arn:") else HERE % ("secretsmanager", f"secret:{name}-??????")


def key_arn(key: Any) -> Any:
    return key if not isinstance(key, str) or key.startswith("arn:") else HERE % ("kms", f"key/{key}")


def _volumes(config: Mapping[str, Any]) -> Iterator[Permission]:
    volumes = (config.get("volumes") or {}).get("ebs") or {}
    if volumes or config.get("mounts"):
        yield Permission("FindVolumes", ("ec2:DescribeVolumes",), ("*",))  # which cannot be narrowed
    if volumes:
        tagged = {"StringEquals": {"aws:ResourceTag/Name": _unique(volumes.values())}}
        ours = {"StringEquals": {"aws:ResourceTag/aws:cloudformation:stack-id": {"Ref": "AWS::StackId"}}}
        yield Permission("AttachVolumes", ("ec2:AttachVolume",), (HERE % ("ec2", "volume/*"),), tagged)
        yield Permission("AttachToUs", ("ec2:AttachVolume",), (HERE % ("ec2", "instance/*"),), ours)


def _joined(before: str, value: Any, after: str) -> Any:
    if is_function(value):
        return {"Fn::Join": ["", [{"Fn::Sub": before}, value, after]]}
    return f"{before}{value}{after}"


def _unique(values: Any) -> list[Any]:
    found: list[Any] = []
    for value in values:
        if value not in found:
            found.append(value)
    return found


def example_arn(partition: str, account: str, region: str, resource: Any) -> str:
    """A resource as an ARN to ask AWS about; what CloudFormation will know only becomes an example."""
    if not isinstance(resource, str):
        return f"arn:{partition}:logs:{region}:{account}:log-group:/senza/example:log-stream:example"
    stack = f"arn:{partition}:cloudformation:{region}:{account}:stack/example/1"
    text = resource.replace("${AWS::StackId}", stack)
    for name, value in (("Partition", partition), ("Region", region), ("AccountId", account)):
        text = text.replace(f"${{AWS::{name}}}", value)
    return text.replace("-??????", "-AbCdEf").replace("/*", "/example")
