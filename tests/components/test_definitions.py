"""The definitions that people start from: what they compile to, that AWS's linter agrees, and that they deploy.

``python -m tests.components.test_definitions`` writes the goldens anew; look at the difference before you commit it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from senza.account import Account
from senza.aws import Aws
from senza.components import Compiled, check_limits, compile
from senza.definition import bind, load
from senza.sandbox.embedded import EmbeddedSandbox
from tests.conftest import FakeClock
from tests.linting import linted

ROOT = Path(__file__).parents[2]
GOLDEN = Path(__file__).parent / "golden"
DEFINITIONS = (
    *("cognito", "grpc", "https", "login", "network-load-balancer", "shared-hello-world", "shared-load-balancer"),
    *("spot", "warm-pool"),
)
NEEDS = {"shared-hello-world": "shared-load-balancer"}
"""Definition -> the one that must be deployed before it can be compiled."""
GROUP = "AWS::AutoScaling::AutoScalingGroup"
FALSE_ALARMS: Mapping[str, str] = {
    "W2001": "parameters of a definition are always the stack's, to be seen there; Mustache has used them already",
    "W7001": "the network's maps are all there, whatever uses them, and Mappings.Senza is for people's own functions",
}
"""Id of a rule of cfn-lint -> why it is wrong about these templates."""


def compiled(name: str, aws: Aws) -> Compiled:
    if name in NEEDS:
        deploy(compiled(NEEDS[name], aws), aws)
    account = Account(aws)
    definition = load(str(ROOT / "definitions" / f"{name}.yaml"))
    values = {parameter.name: "1.0" for parameter in definition.parameters if "Default" not in parameter.settings}
    bound = bind(definition, "1", [], region=lambda: account.region, account_info=account.info, parameter_values=values)
    return compile(bound, account)


def deploy(made: Compiled, aws: Aws) -> None:
    """Begin to create its stack."""
    aws.call(
        "cloudformation",
        "create_stack",
        StackName=made.full_name,
        TemplateBody=made.template_body(),
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in made.parameters.items()],
        Capabilities=list(made.capabilities),
    )


def golden(made: Compiled, labels: Mapping[str, str]) -> str:
    """The template with labels for the random ids of the seeded account."""
    text = made.template_json()
    for ident, label in sorted(labels.items(), key=lambda item: -len(item[0])):
        text = text.replace(ident, label)
    return f"{text}\n"


@pytest.fixture
def here(sandbox: EmbeddedSandbox) -> Aws:
    return Aws(endpoint=sandbox.endpoint)


@pytest.mark.parametrize("name", DEFINITIONS)
def test_a_definition_compiles_to_its_golden_template(name: str, here: Aws, sandbox: EmbeddedSandbox) -> None:
    made = compiled(name, here)
    check_limits(made)
    assert golden(made, sandbox.labels) == (GOLDEN / f"{name}.json").read_text()


@pytest.mark.parametrize("name", DEFINITIONS)
def test_the_linter_agrees(name: str, here: Aws) -> None:
    matches = linted(compiled(name, here).template_body())
    assert [str(match) for match in matches if match.rule.id not in FALSE_ALARMS] == []


@pytest.mark.parametrize("name", DEFINITIONS)
def test_a_definition_deploys(name: str, here: Aws, clock: FakeClock) -> None:
    made = compiled(name, here)
    deploy(made, here)
    clock.sleep(3600)
    (stack,) = here.call("cloudformation", "describe_stacks", StackName=made.full_name)["Stacks"]
    assert stack["StackStatus"] == "CREATE_COMPLETE", stack.get("StackStatusReason")
    resources = here.call("cloudformation", "describe_stack_resources", StackName=made.full_name)["StackResources"]
    assert {resource["LogicalResourceId"] for resource in resources} == set(made.template["Resources"])
    groups = here.call("autoscaling", "describe_auto_scaling_groups")["AutoScalingGroups"]
    assert len(groups) == sum(one["Type"] == GROUP for one in made.template["Resources"].values())
    assert all(len(group["Instances"]) == group["DesiredCapacity"] > 0 for group in groups)
    detection = here.call("cloudformation", "detect_stack_drift", StackName=made.full_name)["StackDriftDetectionId"]
    drift = here.call(
        "cloudformation", "describe_stack_drift_detection_status", StackDriftDetectionId=detection
    )  # what was just made is what the template says
    assert drift["StackDriftStatus"] == "IN_SYNC"
    here.call("cloudformation", "delete_stack", StackName=made.full_name)
    clock.sleep(3600)
    (gone,) = here.call("cloudformation", "describe_stacks", StackName=stack["StackId"])["Stacks"]
    assert gone["StackStatus"] == "DELETE_COMPLETE"


def write() -> None:
    """All goldens anew."""
    with EmbeddedSandbox() as server:
        for name in DEFINITIONS:
            server.reset()
            text = golden(compiled(name, Aws(endpoint=server.endpoint)), server.labels)
            (GOLDEN / f"{name}.json").write_text(text)


if __name__ == "__main__":
    write()
