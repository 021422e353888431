"""Write senza/sandbox/data/replacements.json: which changes of a property make CloudFormation replace a resource.

The facts are those of the CloudFormation registry's schemas (createOnlyProperties, conditionalCreateOnlyProperties,
tagging), as cfn-lint's package carries them. Run by hand, in a venv with cfn-lint, when components get new types:
``python scripts/replacements.py``.
"""

from __future__ import annotations

import json
from pathlib import Path

TARGET = Path(__file__).parents[1] / "senza" / "sandbox" / "data" / "replacements.json"
REGION = "us-east-1"
SERVICES = (
    *("ApplicationAutoScaling", "AutoScaling", "CertificateManager", "CloudWatch", "DynamoDB", "ECS", "EFS"),
    *("ElastiCache", "ElasticLoadBalancing", "ElasticLoadBalancingV2", "Events", "IAM", "KMS", "Kinesis", "Lambda"),
    *("Logs", "RDS", "Route53", "S3", "SNS", "SQS", "SSM", "SecretsManager", "WAFv2"),
)
OF_EC2 = (
    *("EIP", "Instance", "InternetGateway", "LaunchTemplate", "NatGateway", "Route", "RouteTable", "SecurityGroup"),
    *("SecurityGroupEgress", "SecurityGroupIngress", "Subnet", "SubnetRouteTableAssociation", "VPC", "VPCEndpoint"),
    *("VPCGatewayAttachment", "Volume"),
)
ALSO_ALWAYS = {"AWS::Route53::RecordSet": ["Name"]}
"""What the resource reference says ("Update requires: Replacement") and the schema only implies: the record's name."""


def wanted(type_name: str) -> bool:
    _, service, kind = type_name.split("::", 2)
    return kind in OF_EC2 if service == "EC2" else service in SERVICES


def properties(paths: list[str] | None) -> set[str]:
    """The top-level properties in which the paths end or lead further down."""
    return {path.removeprefix("/properties/").split("/")[0] for path in paths or ()}


def facts() -> dict[str, dict[str, object]]:
    from cfnlint.schema import PROVIDER_SCHEMA_MANAGER as SCHEMAS

    found: dict[str, dict[str, object]] = {}
    for type_name in sorted(SCHEMAS.get_resource_types(REGION)):
        if not wanted(type_name):
            continue
        schema = SCHEMAS.get_resource_schema(REGION, type_name).schema
        always = properties(schema.get("createOnlyProperties")) | set(ALSO_ALWAYS.get(type_name, ()))
        maybe = properties(schema.get("conditionalCreateOnlyProperties")) - always
        tagging = schema.get("tagging") or {}
        tagged = bool(tagging.get("taggable", schema.get("taggable")))
        found[type_name] = {"always": sorted(always), "conditionally": sorted(maybe), "tagged": tagged}
    return found


if __name__ == "__main__":
    lines = [f" {json.dumps(name)}: {json.dumps(said)}" for name, said in facts().items()]
    TARGET.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    print(f"{TARGET}: {len(lines)} types")  # noqa: T201 - a program for the shell
