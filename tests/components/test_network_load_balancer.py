"""Network load balancers."""

from __future__ import annotations

from typing import Any

import pytest

from senza.errors import DefinitionError
from tests.components.conftest import Compiles, definition

NLB = "- Nlb: {Type: Senza::NetworkLoadBalancer, SecurityGroups: [sg-1]%s}"
DOMAIN = "Domains: {Main: {Type: weighted, Zone: hello.example.org, Subdomain: shop}}"
GROUP = "\n- App: {Type: Senza::AutoScalingGroup, Image: Base, InstanceType: t3.nano, ElasticLoadBalancerV2: %s}"
TCP = "Listeners: [{Port: 80, Protocol: TCP, TargetPort: 8080}]"


def nlb(compiles: Compiles, more: str, group: str = "") -> dict[str, Any]:
    return compiles.component(NLB % f", {more}" + group)


def test_encrypted_by_default(compiles: Compiles, labels: dict[str, str]) -> None:
    resources = nlb(compiles, f"TargetPort: 8080, {DOMAIN}")
    listener, target = resources["NlbListener"]["Properties"], resources["NlbTargetGroup"]["Properties"]
    assert (listener["Port"], listener["Protocol"]) == (443, "TLS")
    assert listener["SslPolicy"] == "ELBSecurityPolicy-TLS13-1-2-2021-06"
    (certificate,) = listener["Certificates"]
    assert labels[certificate["CertificateArn"]] == "<acm-cert:*.hello.example.org>"
    assert (target["Port"], target["Protocol"], target["HealthCheckProtocol"]) == (8080, "TCP", "TCP")
    assert "HealthCheckPath" not in target
    balancer = resources["Nlb"]["Properties"]
    assert (balancer["Type"], balancer["Name"], balancer["SecurityGroups"]) == ("network", "my-app-1", ["sg-1"])
    assert balancer["LoadBalancerAttributes"] == [{"Key": "load_balancing.cross_zone.enabled", "Value": "true"}]
    assert resources["NlbMain"]["Properties"]["Weight"] == 0


def test_a_group_belongs_to_each_target_group_once(compiles: Compiles) -> None:
    listeners = (
        "TargetPort: 8080, Listeners: [{Port: 80, Protocol: TCP}, {Port: 8080, Protocol: tcp}, "
        "{Port: 53, Protocol: UDP, TargetPort: {Ref: P}}, {Port: 54, Protocol: UDP, TargetPort: {Ref: P}}]"
    )
    resources = nlb(compiles, listeners, GROUP % "Nlb")
    assert resources["App"]["Properties"]["TargetGroupARNs"] == [{"Ref": "NlbTargetGroup"}, {"Ref": "NlbTargetGroup2"}]
    assert resources["App"]["Properties"]["HealthCheckType"] == "ELB"
    leads = [
        resources[f"NlbListener{number}"]["Properties"]["DefaultActions"][0]["TargetGroupArn"]["Ref"]
        for number in ("", 2, 3, 4)
    ]
    assert leads == ["NlbTargetGroup", "NlbTargetGroup", "NlbTargetGroup2", "NlbTargetGroup2"]
    assert resources["NlbTargetGroup2"]["Properties"]["Name"] == "my-app-1-2"


def test_health_over_http(compiles: Compiles) -> None:
    target = nlb(compiles, f"{TCP}, HealthCheckProtocol: http, HealthCheckPath: alive, HealthCheckPort: 81")
    checks = target["NlbTargetGroup"]["Properties"]
    assert (checks["HealthCheckProtocol"], checks["HealthCheckPath"], checks["HealthCheckPort"]) == (
        "HTTP",
        "/alive",
        81,
    )


def test_fixed_addresses(compiles: Compiles) -> None:
    resources = nlb(compiles, f"{TCP}, Scheme: internet-facing, ElasticIPs: [eipalloc-1, {{Ref: Two}}]")
    subnets = {"Fn::FindInMap": ["LoadBalancerSubnets", {"Ref": "AWS::Region"}, "Subnets"]}
    assert resources["Nlb"]["Properties"]["SubnetMappings"] == [
        {"SubnetId": {"Fn::Select": ["0", subnets]}, "AllocationId": "eipalloc-1"},
        {"SubnetId": {"Fn::Select": ["1", subnets]}, "AllocationId": {"Ref": "Two"}},
    ]
    assert "Subnets" not in resources["Nlb"]["Properties"]


def test_what_else_can_be_said(compiles: Compiles) -> None:
    resources = nlb(
        compiles,
        f"{TCP}, CrossZone: false, ProxyProtocol: true, PreserveClientIP: false, IpAddressType: dualstack, {DOMAIN}, "
        "HealthCheckIntervalSeconds: 30, LoadBalancerAttributes: [{Key: deletion_protection.enabled, Value: 'true'}]",
    )
    attributes = {item["Key"]: item["Value"] for item in resources["Nlb"]["Properties"]["LoadBalancerAttributes"]}
    assert attributes == {"deletion_protection.enabled": "true", "load_balancing.cross_zone.enabled": "false"}
    target = resources["NlbTargetGroup"]["Properties"]
    assert {item["Key"]: item["Value"] for item in target["TargetGroupAttributes"]} == {
        "deregistration_delay.timeout_seconds": "60",
        "proxy_protocol_v2.enabled": "true",
        "preserve_client_ip.enabled": "false",
    }
    assert target["HealthCheckIntervalSeconds"] == 30
    assert {resources[name]["Properties"]["Type"] for name in ("NlbMain", "NlbMainIPv6")} == {"A", "AAAA"}
    assert "EnablePrefixForIpv6SourceNat" not in resources["Nlb"]["Properties"]
    udp = nlb(compiles, "IpAddressType: dualstack, Listeners: [{Port: 53, Protocol: UDP, TargetPort: 53}]")
    assert udp["Nlb"]["Properties"]["EnablePrefixForIpv6SourceNat"] == "on"


def test_without_security_groups_on_request_only(compiles: Compiles) -> None:
    entry = f"- Nlb: {{Type: Senza::NetworkLoadBalancer, {TCP}, SecurityGroups: []}}"
    assert "SecurityGroups" not in compiles.component(entry)["Nlb"]["Properties"]
    with pytest.raises(DefinitionError, match="needs SecurityGroups"):
        compiles.component(entry.replace(", SecurityGroups: []", ""))


def test_weighted_domains(compiles: Compiles) -> None:
    entry = "- Nlb: {Type: Senza::WeightedDnsNetworkLoadBalancer, SecurityGroups: [], TargetPort: 8080}"
    compiled = compiles(definition(entry))
    (record,) = compiled.weighted_records
    assert (record.name, record.logical_id) == ("my-app.hello.example.org.", "NlbMainDomain")
    assert "NlbVersionDomain" in compiled.template["Resources"]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("NameSuffix: x", "needs TargetPort"),
        ("HTTPPort: 8080", "has no property HTTPPort"),
        ("Protocols: TCP", "has no property Protocols"),
        ("TargetPort: 80", "HTTPS needs a certificate"),
        ("Listeners: [{Port: 80, Protocol: TCP}]", "needs TargetPort"),
        ("Listeners: [{Protocol: TCP, TargetPort: 1}]", "Listeners needs Port"),
        ("Listeners: [{Port: 80, Protocol: HTTP, TargetPort: 1}]", "no Protocol HTTP"),
        ("Listeners: [{Port: 80, Protocol: TCP, TargetProtocol: UDP, TargetPort: 1}]", "cannot pass on UDP"),
        ("Listeners: [{Port: 80, Protocol: TCP, TargetPort: 1, SslPolicy: x}]", "a TCP listener has no SslPolicy"),
        ("Listeners: [{Port: 80, Protocol: TCP, Target: 1}]", "has no property Target"),
        ("Listeners: [80]", "must be a mapping"),
        (f"{TCP}, HealthCheckProtocol: UDP", "no HealthCheckProtocol UDP"),
        (f"{TCP}, ElasticIPs: [a]", "an internal load balancer has no elastic IPs"),
        ("Listeners: [{Port: 1, Protocol: UDP, TargetPort: 1}], PreserveClientIP: false", "always preserves"),
        ("TargetPort: 1, SSLCertificateId: [hello-example-org, hello-example-org]", "one certificate only"),
    ],
)
def test_mistakes(more: str, message: str, compiles: Compiles) -> None:
    with pytest.raises(DefinitionError) as caught:
        nlb(compiles, more)
    assert message in caught.value.message
    assert caught.value.where is not None


def test_nobody_counts_requests_there(compiles: Compiles) -> None:
    group = (GROUP % "Nlb").replace("InstanceType", "AutoScaling: {Minimum: 1, Maximum: 2, "
                                    "Targets: [{Metric: RequestsPerTarget, Value: 1}]}, InstanceType")  # fmt: skip
    with pytest.raises(DefinitionError, match="only application load balancers count requests"):
        nlb(compiles, TCP, group)
