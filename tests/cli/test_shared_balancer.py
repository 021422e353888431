"""From the shared load balancer to a version behind it and back, with the definitions that people start from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from senza.account import Account
from senza.aws import Aws
from senza.sandbox.embedded import EmbeddedSandbox
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


@pytest.fixture
def edge(tmp_path: Path) -> Callable[[str], str]:
    """A definition of the load balancer with further properties."""

    def made(properties: str) -> str:
        path = tmp_path / "edge.yaml"
        path.write_text(
            "SenzaInfo: {StackName: edge}\nSenzaComponents:\n"
            "  - Configuration: {Type: Senza::StupsAutoConfiguration}\n"
            f"  - Edge: {{Type: Senza::SharedLoadBalancer, SecurityGroups: [app-hello-world-lb], {properties}}}\n"
        )
        return str(path)

    return made


def test_a_shared_balancer_keeps_the_names_and_certificates_that_apps_live_on(
    senza: Senza, aws: Aws, edge: Callable[[str], str]
) -> None:
    def names(*subdomains: str) -> str:
        zone = "Type: standalone, Zone: hello.example.org"
        return (
            "Domains: {" + ", ".join(f"D{n}: {{{zone}, Subdomain: '{one}'}}" for n, one in enumerate(subdomains)) + "}"
        )

    senza("create", edge(names("*", "other")), "1")
    senza("create", HELLO, "1", "1.0")
    senza("update", edge(names("*")), "1")
    refused = senza("update", edge(names("hello")), "1", exit_code=1)
    assert "hello-1.hello.example.org would no longer be led to it: edge-1 would give that up" in refused.stderr
    certificates = aws.call("acm", "list_certificates")["CertificateSummaryList"]
    other = next(one["CertificateArn"] for one in certificates if "unrelated" in one["DomainName"])
    refused = senza("update", edge(f"SSLCertificateId: {other}"), "1", exit_code=1)
    assert "hello-1.hello.example.org would no longer have a certificate there" in refused.stderr


@pytest.mark.parametrize("words", [(EDGE,), (HELLO, "1", "1.0")])
def test_both_definitions_are_checked_without_aws(senza: Senza, words: tuple[str, ...]) -> None:
    assert "error" not in senza("check", *words).stderr.replace("0 errors", "")


@pytest.fixture
def alone(tmp_path: Path) -> str:
    """A definition of the same app whose versions have load balancers of their own."""
    text = (DEFINITIONS / "hello-world.yaml").read_text().replace("StackName: hello-world", "StackName: hello")
    made = tmp_path / "alone.yaml"
    made.write_text(text.replace("WeightedDnsElasticLoadBalancer", "WeightedDnsElasticLoadBalancerV2").replace(
        "ElasticLoadBalancer: App", "ElasticLoadBalancerV2: App"))  # fmt: skip
    return str(made)


def test_a_first_record_does_not_take_all_requests_past_the_balancer(senza: Senza, alone: str) -> None:
    senza("create", EDGE, "1")
    senza("create", HELLO, "1", "1.0")
    senza("traffic hello 1 100")
    refused = senza("create", alone, "2", "1.0", exit_code=1).stderr
    assert "the shared load balancer edge-1 distributes its requests (hello-1 100 %)" in refused
    assert "would lead all of them to hello-2 at once" in refused
    senza("create", HELLO, "2", "1.0")
    refused = senza("update", alone, "2", "1.0", exit_code=1).stderr
    assert "would lead all of them to hello-2 at once" in refused
    senza("create --force", alone, "3", "1.0")


@pytest.fixture
def moving(tmp_path: Path) -> str:
    """A definition whose versions are behind the shared load balancer, and have weighted records as well."""
    made = tmp_path / "moving.yaml"
    made.write_text(Path(HELLO).read_text() + "      WeightedRecords: [A]\n")
    return str(made)


def weights(aws: Aws, sandbox: EmbeddedSandbox) -> tuple[dict[str, int], dict[str, int]]:
    """Of the main domain: in Route 53 by set identifier, in the rule by the names of target groups."""
    zone = sandbox.values["zone_ids"]["hello.example.org."]
    records = aws.pages("route53", "list_resource_record_sets", "ResourceRecordSets", HostedZoneId=zone)
    dns = {one["SetIdentifier"]: one["Weight"] for one in records if "Weight" in one}
    listener = Account(aws).shared_balancer("edge-1").listener
    found = {}
    for rule in aws.call("elbv2", "describe_rules", ListenerArn=listener)["Rules"]:
        if [one["Values"] for one in rule["Conditions"]] == [["hello.hello.example.org"]]:
            groups = rule["Actions"][-1]["ForwardConfig"]["TargetGroups"]
            found = {one["TargetGroupArn"].split("/")[1]: one["Weight"] for one in groups}
    return dns, found


def test_an_app_moves_to_a_shared_balancer_and_away(
    senza: Senza, aws: Aws, sandbox: EmbeddedSandbox, alone: str, moving: str
) -> None:
    def now() -> tuple[dict[str, int], dict[str, int]]:
        return weights(aws, sandbox)

    senza("create", EDGE, "1")
    senza("create", alone, "1", "1.0")
    senza("traffic hello 1 100")
    senza("create", moving, "2", "1.0")
    assert now() == ({"hello-1": 200, "hello-2": 0}, {})
    senza("traffic hello 2 10")
    assert now() == ({"hello-1": 180, "hello-2": 20}, {"hello-2": 200})
    senza("traffic hello 2 100")
    senza("delete hello 1")
    senza("create", HELLO, "3", "1.0")
    senza("traffic hello 3 10")
    assert now() == ({"hello-2": 200}, {"hello-2": 180, "hello-3": 20})
    senza("traffic hello 3 100")
    senza("delete hello 2", exit_code=1)
    senza("delete hello 2 --force")
    assert now() == ({}, {"hello-3": 200})
    assert "AAAA records, which the first record" in senza("create", moving, "4", "1.0", exit_code=1).stderr
    senza("create --force", moving, "4", "1.0")
    assert now() == ({"hello-4": 0}, {"hello-3": 200})
    senza("traffic hello 4 100")
    senza("create", alone, "5", "1.0")
    assert now() == ({"hello-4": 200, "hello-5": 0}, {"hello-4": 200})
    senza("traffic hello 5 100")
    senza("delete hello 3")
    senza("delete hello 4 --force")
    assert now() == ({"hello-5": 200}, {})
    senza("delete edge 1")
