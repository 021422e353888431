"""From the shared load balancer to a version behind it and back, with the definitions that people start from."""

from __future__ import annotations

from pathlib import Path

import pytest

from senza.aws import Aws
from tests.cli.conftest import Senza

DEFINITIONS = Path(__file__).parents[2] / "definitions"
EDGE = str(DEFINITIONS / "shared-load-balancer.yaml")
HELLO = str(DEFINITIONS / "shared-hello-world.yaml")


def test_an_app_joins_a_shared_balancer_which_then_stays(senza: Senza, aws: Aws) -> None:
    missing = senza("create", HELLO, "1", "1.0", exit_code=2)
    assert 'there is no stack "edge-1"' in missing.stderr
    assert "Senza::SharedLoadBalancer" in missing.stderr
    senza("create", EDGE, "1")
    printed = senza("print", HELLO, "1", "1.0").stdout
    assert '"Fn::ImportValue": "edge-1-SharedListener"' in printed
    senza("create", HELLO, "1", "1.0")
    (balancer,) = aws.call("elbv2", "describe_load_balancers")["LoadBalancers"]
    groups = aws.call("elbv2", "describe_target_groups", LoadBalancerArn=balancer["LoadBalancerArn"])["TargetGroups"]
    health = aws.call("elbv2", "describe_target_health", TargetGroupArn=groups[0]["TargetGroupArn"])
    assert {one["TargetHealth"]["State"] for one in health["TargetHealthDescriptions"]} == {"healthy"}
    stays = senza("delete --force", "edge", "1", exit_code=1)
    assert "hello-1 imports what edge-1 exports (edge-1-SharedListener, edge-1-SharedLoadBalancer)" in stays.stderr
    assert "senza delete hello 1" in stays.stderr
    senza("delete", "hello", "1")
    senza("delete", "edge", "1")
    assert aws.call("elbv2", "describe_load_balancers")["LoadBalancers"] == []


@pytest.mark.parametrize("words", [(EDGE,), (HELLO, "1", "1.0")])
def test_both_definitions_are_checked_without_aws(senza: Senza, words: tuple[str, ...]) -> None:
    assert "error" not in senza("check", *words).stderr.replace("0 errors", "")
