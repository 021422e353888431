"""Stacks of the classic tool, from its recorded template: launch configurations, weights in the template."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from senza.aws import Aws
from senza.sandbox.embedded import EmbeddedSandbox
from tests.cli.conftest import Senza

PARITY = Path(__file__).parents[1] / "parity"
TAUPAGE = "#taupage-ami-config"
VERSION_TAG = ("Name", "StackName", "StackVersion")


@dataclass(frozen=True)
class Case:
    """A template that the classic tool made for a version of an app.

    config: its launch configuration. record: its weighted one. image: of the command line.
    """

    name: str
    app: str
    version: str
    image: str
    config: str = "AppServerConfig"
    record: str = "AppLoadBalancerMainDomain"


CLASSIC_BALANCER = Case("01-hello-world", "hello-world", "1", "0.2")
APPLICATION_BALANCER = Case("09-weighted-v2", "kio", "7", "0.1", record="AlbMainDomain")


def recorded(labels: Mapping[str, str], case: Case, version: str, weight: int) -> dict[str, Any]:
    """What the classic tool sent for that version, with the ids of this account, and with the weight of a switch."""
    text = (PARITY / "golden" / f"{case.name}.json").read_text()
    text = text.replace(f"{case.app}-{case.version}", f"{case.app}-{version}")
    for ident, label in labels.items():
        text = text.replace(label, ident)

    def of_version(node: dict[str, Any]) -> dict[str, Any]:
        return {**node, "Value": version} if node.get("Key") == "StackVersion" else node

    template: dict[str, Any] = json.loads(text, object_hook=of_version)
    info = template["Mappings"]["Senza"]["Info"]
    info["StackVersion"] = version
    for key in ("Tags", "Parameters"):  # the recording has them parsed; in a mapping they were text
        del info[key]
    config = template["Resources"][case.config]["Properties"]
    data = config["UserData"][TAUPAGE] | {"application_version": version}
    lines = [TAUPAGE, *yaml.safe_dump(data).splitlines()]
    config["UserData"] = {"Fn::Base64": {"Fn::Join": ["\n", lines]}}
    template["Resources"][case.record]["Properties"]["Weight"] = str(weight)
    return template


def create(aws: Aws, labels: Mapping[str, str], case: Case, version: str, weight: int) -> None:
    name = f"{case.app}-{version}"
    values = dict(zip(VERSION_TAG, (name, case.app, version), strict=True))
    aws.call(
        "cloudformation",
        "create_stack",
        StackName=name,
        TemplateBody=json.dumps(recorded(labels, case, version, weight)),
        Parameters=[{"ParameterKey": "ImageVersion", "ParameterValue": case.image}],
        Tags=[{"Key": key, "Value": value} for key, value in values.items()],
        Capabilities=["CAPABILITY_IAM"],
    )


@pytest.fixture
def two_classic_versions(sandbox: EmbeddedSandbox, aws: Aws, labels: Mapping[str, str]) -> None:
    sandbox.settings.allow_launch_configurations = True
    create(aws, labels, CLASSIC_BALANCER, "1", 200)
    create(aws, labels, CLASSIC_BALANCER, "2", 0)


def weights(senza: Senza, app: str = "hello-world") -> dict[str, float]:
    return {one["version"]: one["weight%"] for one in json.loads(senza(f"traffic {app} -o json").stdout)}


def configurations(aws: Aws) -> list[str]:
    found = aws.call("autoscaling", "describe_launch_configurations")["LaunchConfigurations"]
    return sorted(one["InstanceType"] for one in found)


@pytest.mark.usefixtures("two_classic_versions")
def test_they_are_listed_compared_switched_patched_respawned_and_deleted(
    senza: Senza, aws: Aws, sandbox: EmbeddedSandbox
) -> None:
    listed = json.loads(senza("list hello-world -o json").stdout)
    assert [(one["version"], one["status"]) for one in listed] == [("1", "CREATE_COMPLETE"), ("2", "CREATE_COMPLETE")]
    assert weights(senza) == {"1": 100.0, "2": 0.0}

    found = json.loads(senza("diff DEF 3 0.2 -o json --exit-code", exit_code=1).stdout)
    assert found["stack"] == "hello-world-2"
    changed = {one["logical_id"]: one["type"] for one in found["resources"]}
    assert changed["AppServerConfig"] == "AWS::EC2::LaunchTemplate"
    assert "AppLoadBalancerMainDomain" not in changed

    senza("traffic hello-world 2 50")
    assert weights(senza) == {"1": 50.0, "2": 50.0}

    before = instances(aws)
    senza("patch hello-world 2 --instance-type t3.small")
    assert instances(aws) == before
    senza("respawn-instances hello-world 2")
    assert instances(aws)["hello-world-2"] == "t3.small"
    assert weights(senza) == {"1": 50.0, "2": 50.0}

    senza("traffic hello-world 2 100")
    senza("delete hello-world 1 --wait")  # its template still says 200
    assert weights(senza) == {"2": 100.0}


def instances(aws: Aws) -> dict[str, str]:
    """The stack's name to the type of its running instance."""
    found = aws.call("ec2", "describe_instances", Filters=[{"Name": "instance-state-name", "Values": ["running"]}])
    return {
        tags["aws:cloudformation:stack-name"]: one["InstanceType"]
        for group in found["Reservations"]
        for one in group["Instances"]
        if "aws:cloudformation:stack-name" in (tags := {tag["Key"]: tag["Value"] for tag in one.get("Tags", ())})
    }


@pytest.mark.usefixtures("two_classic_versions")
def test_what_an_update_cannot_do_to_them_is_said_before(senza: Senza, aws: Aws) -> None:
    """CloudFormation gives no logical id another type, so a launch configuration does not become a launch template."""
    result = senza("diff DEF 2 0.2 --exit-code", exit_code=1)
    assert "~ AppServerConfig" in result.stdout
    assert "cannot give a resource another type, and AppServerConfig would get one" in result.stderr
    refusal = senza("update DEF 2 0.2", exit_code=1).stderr
    assert "Create a new version instead" in refusal
    assert configurations(aws) == ["t2.micro", "t2.micro"]


def test_one_behind_an_application_load_balancer(
    senza: Senza, aws: Aws, sandbox: EmbeddedSandbox, labels: Mapping[str, str]
) -> None:
    """The same, of a template with a target group, an instance profile and no weight but 0."""
    sandbox.settings.allow_launch_configurations = True
    create(aws, labels, APPLICATION_BALANCER, "7", 0)
    create(aws, labels, APPLICATION_BALANCER, "8", 0)
    assert len(json.loads(senza("list kio -o json").stdout)) == 2
    definition = str(PARITY / "cases" / "09-weighted-v2.yaml")
    found = json.loads(senza("diff", definition, "9", "0.1", "-o", "json").stdout)
    assert (found["stack"], found["parameters"]) == ("kio-8", [])
    changed = {one["logical_id"] for one in found["resources"]}
    assert "AppServerConfig" in changed
    assert not {"Alb", "AlbMainDomain", "AlbTargetGroup", "AlbListener"} & changed
    senza("traffic kio 8 100")
    assert weights(senza, "kio") == {"7": 0.0, "8": 100.0}
    senza("patch kio 8 --instance-type t3.small")
    senza("respawn-instances kio 8")
    assert instances(aws) == {"kio-7": "t3.micro", "kio-8": "t3.small"}
    assert "Nothing drifted." in senza("drift kio").stderr
    senza("delete kio 7 --wait")
    senza("delete kio 8 --force --wait")
    assert json.loads(senza("list -o json").stdout) == []
