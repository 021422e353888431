"""The app hello-world behind a load balancer that it shares."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from senza.clock import Clock
from senza.sandbox.embedded import EmbeddedSandbox
from tests.rollout.conftest import APP, DEFINITIONS, DOMAIN, Rollouts


class Shared(Rollouts):
    """The same app behind the load balancer of the stack edge-1."""

    def __init__(self, sandbox: EmbeddedSandbox, clock: Clock, directory: Path) -> None:
        super().__init__(sandbox, clock, directory)
        self.senza(f"create {DEFINITIONS}/shared-load-balancer.yaml 1")

    def source(self) -> str:
        text = (DEFINITIONS / "shared-hello-world.yaml").read_text()
        assert "  StackName: hello\n" in text
        return text.replace("  StackName: hello\n", f"  StackName: {APP}\n")

    def groups(self) -> dict[str, str]:
        """Version of the app by ARN of its target group."""
        arns = [one["TargetGroupArn"] for one in self.aws.pages("elbv2", "describe_target_groups", "TargetGroups")]
        described = self.aws.call("elbv2", "describe_tags", ResourceArns=arns)["TagDescriptions"] if arns else []
        tags = {one["ResourceArn"]: {tag["Key"]: tag["Value"] for tag in one["Tags"]} for one in described}
        return {arn: found["StackVersion"] for arn, found in tags.items() if found["StackName"] == APP}

    def rules(self) -> list[dict[str, Any]]:
        """The rules for the app's domain."""
        (balancer,) = self.aws.call("elbv2", "describe_load_balancers")["LoadBalancers"]
        found = self.aws.call("elbv2", "describe_listeners", LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
        (listener,) = (one["ListenerArn"] for one in found if one["Port"] == 443)
        rules = self.aws.call("elbv2", "describe_rules", ListenerArn=listener)["Rules"]
        return [one for one in rules if [c["HostHeaderConfig"]["Values"] for c in one["Conditions"]] == [[DOMAIN]]]

    def named(self) -> dict[str, int]:
        """The weights by ARN of the target groups that the rule names; there is at most one."""
        found = [{one["TargetGroupArn"]: one["Weight"] for one in forwarded(rule)} for rule in self.rules()]
        assert len(found) <= 1
        return found[0] if found else {}

    def weights(self) -> dict[str, int]:
        """Version to weight, also of those that the rule does not name."""
        weights, groups = self.named(), self.groups()
        assert weights.keys() <= groups.keys()
        return {version: weights.get(arn, 0) for arn, version in groups.items()}

    def stacks(self) -> dict[str, str]:
        found = self.aws.pages("cloudformation", "describe_stacks", "Stacks")
        return {
            item["StackName"].rpartition("-")[2]: item["StackStatus"]
            for item in found
            if item["StackName"].startswith(APP)
        }


def forwarded(rule: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = rule["Actions"][0]["ForwardConfig"]["TargetGroups"]
    return found
