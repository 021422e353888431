"""Load balancers, their certificates, domains and records."""

from __future__ import annotations

from typing import Any

import pytest

from senza.errors import DefinitionError, NotFound
from tests.components.conftest import Compiles, definition

ELB = "- Lb: {Type: Senza::ElasticLoadBalancer, HTTPPort: 8080, SecurityGroups: [sg-1]%s}"
ALB = "- Alb: {Type: Senza::ElasticLoadBalancerV2, HTTPPort: 8080, SecurityGroups: [sg-1]%s}"
WEIGHTED = "- Lb: {Type: Senza::WeightedDnsElasticLoadBalancer, HTTPPort: 8080, SecurityGroups: [sg-1]%s}"
CERTIFICATE = "SSLCertificateId: hello-example-org"


def balancer(compiles: Compiles, more: str, *, template: str = ELB, force: bool = False) -> dict[str, Any]:
    name = "Alb" if template == ALB else "Lb"
    found: dict[str, Any] = compiles.component(template % f", {more}", force=force)[name]["Properties"]
    return found


def test_defaults_of_a_classic_load_balancer(compiles: Compiles, labels: dict[str, str]) -> None:
    found = balancer(compiles, CERTIFICATE)
    assert found["Scheme"] == "internal"
    assert found["Subnets"]["Fn::FindInMap"][0] == "LoadBalancerInternalSubnets"
    assert found["HealthCheck"]["Target"] == "HTTP:8080/health"
    (listener,) = found["Listeners"]
    assert labels[listener["SSLCertificateId"]] == "<iam-cert:hello-example-org>"
    assert (listener["LoadBalancerPort"], listener["InstancePort"], listener["Protocol"]) == (443, 8080, "HTTPS")


def test_internet_facing_is_pointed_out(compiles: Compiles) -> None:
    compiled = compiles(definition(ELB % f", Scheme: internet-facing, {CERTIFICATE}"))
    assert compiled.warnings == ("Lb is internet-facing: everybody can reach it",)
    subnets = compiled.template["Resources"]["Lb"]["Properties"]["Subnets"]
    assert subnets["Fn::FindInMap"][0] == "LoadBalancerSubnets"


@pytest.mark.parametrize(
    ("more", "target"),
    [
        ("HealthCheckPath: alive", "HTTP:8080/alive"),
        ("HealthCheckProtocol: TCP", "TCP:8080"),
        ("HealthCheckProtocol: https, HealthCheckPort: '99'", "HTTPS:99/health"),
        ("HealthCheckPort: {Ref: Port}", {"Fn::Join": ["", ["HTTP:", {"Ref": "Port"}, "/health"]]}),
    ],
)
def test_health_checks(more: str, target: Any, compiles: Compiles) -> None:
    assert balancer(compiles, f"{more}, {CERTIFICATE}")["HealthCheck"]["Target"] == target


def test_every_property_of_the_resource_may_be_given(compiles: Compiles) -> None:
    """Classic: copied onto the load balancer, tags in place of the three."""
    found = balancer(
        compiles,
        f"{CERTIFICATE}, CrossZone: false, Tags: [{{Key: a, Value: b}}], LoadBalancerName: own, "
        "HealthCheck: {Target: 'TCP:1', HealthyThreshold: 3, UnhealthyThreshold: 4, Interval: 9, Timeout: 2}",
    )
    assert found["CrossZone"] == "false" or found["CrossZone"] is False
    assert found["Tags"] == [{"Key": "a", "Value": "b"}]
    assert found["LoadBalancerName"] == "own"
    assert found["HealthCheck"]["Target"] == "TCP:1"


def test_listeners_find_their_certificates(compiles: Compiles, labels: dict[str, str]) -> None:
    found = balancer(
        compiles,
        "Domains: {Main: {Type: weighted, Zone: hello.example.org, Subdomain: shop}}, Listeners: ["
        "{Protocol: HTTPS, LoadBalancerPort: 443, InstancePort: 8080},"
        "{Protocol: SSL, LoadBalancerPort: 444, InstancePort: 81, SSLCertificateId: hello-example-org},"
        "{Protocol: TCP, LoadBalancerPort: 5, InstancePort: 5}]",
    )
    certificates = [labels.get(item.get("SSLCertificateId", "")) for item in found["Listeners"]]
    assert certificates == ["<acm-cert:*.hello.example.org>", "<iam-cert:hello-example-org>", None]


def test_a_function_may_name_the_certificate(compiles: Compiles) -> None:
    assert balancer(compiles, "SSLCertificateId: {Ref: C}")["Listeners"][0]["SSLCertificateId"] == {"Ref": "C"}


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("nothing", "no IAM server certificate nothing"),
        ("'arn:aws:acm:eu-central-1:123456789012:certificate/0'", "no ACM certificate arn:aws:acm"),
    ],
)
def test_a_certificate_that_does_not_exist(value: str, message: str, compiles: Compiles) -> None:
    with pytest.raises(NotFound, match=message):
        balancer(compiles, f"SSLCertificateId: {value}")


def test_without_domains_and_certificate(compiles: Compiles) -> None:
    """Classic: writes null, which AWS refuses. Ours: an error; forced, the same with a warning."""
    with pytest.raises(DefinitionError, match="HTTPS needs a certificate") as caught:
        balancer(compiles, "NameSuffix: x")
    assert "SSLCertificateId" in caught.value.hint
    compiled = compiles(definition(ELB % ""), force=True)
    assert compiled.template["Resources"]["Lb"]["Properties"]["Listeners"][0]["SSLCertificateId"] is None
    assert any("HTTPS needs a certificate" in warning for warning in compiled.warnings)


def test_a_domain_that_no_certificate_matches(compiles: Compiles, labels: dict[str, str]) -> None:
    """Classic: the newest IAM certificate, whatever it is for."""
    compiled = compiles(definition(ELB % ", Domains: {A: {Type: weighted, Zone: foo.org., Subdomain: www}}"))
    listener = compiled.template["Resources"]["Lb"]["Properties"]["Listeners"][0]
    assert labels[listener["SSLCertificateId"]] == "<iam-cert:hello-example-org>"
    assert "no certificate matches www.foo.org" in compiled.warnings[0]


def test_records(compiles: Compiles) -> None:
    resources = compiles.component(
        ELB % ", Domains: {Main: {Type: weighted, Zone: hello.example.org, Subdomain: shop},"
        " Own: {Type: standalone, Zone: hello.example.org., Subdomain: shop-1},"
        " Apex: {Type: weighted, Zone: hello.example.org.}}"
    )
    main = resources["LbMain"]["Properties"]
    assert (main["Weight"], main["SetIdentifier"], main["HostedZoneName"]) == (0, "my-app-1", "hello.example.org.")
    assert "Weight" not in resources["LbOwn"]["Properties"]
    assert resources["LbApex"]["Properties"]["Name"] == "hello.example.org."


@pytest.mark.parametrize(
    ("domains", "message"),
    [
        ("{A: {Type: wheighted, Zone: x.org, Subdomain: a}}", "no domain Type wheighted"),
        ("{A: {Zone: x.org, Subdomain: a}}", "A needs Type"),
        ("{A: {Type: weighted, Subdomain: a}}", "A needs Zone"),
        ("{A: {Type: weighted, Zone: x.org, Sub: a}}", "a domain has no Sub"),
        ("{A: www.x.org}", "A must be a mapping"),
    ],
)
def test_mistakes_in_domains(domains: str, message: str, compiles: Compiles) -> None:
    with pytest.raises(DefinitionError, match=message) as caught:
        balancer(compiles, f"Domains: {domains}, {CERTIFICATE}")
    assert caught.value.where is not None
    assert caught.value.where.path[3] == "Domains"


@pytest.mark.parametrize(
    ("more", "main", "version"),
    [
        ("", "my-app.hello.example.org.", "my-app-1.hello.example.org."),
        (", MainDomain: a.b.hello.example.org", "a.b.hello.example.org.", "my-app-1.hello.example.org."),
        (
            ", MainDomain: hello.example.org., VersionDomain: V.Hello.Example.org",
            "hello.example.org.",
            "V.hello.example.org.",
        ),
    ],
)
def test_weighted_domains(more: str, main: str, version: str, compiles: Compiles) -> None:
    resources = compiles.component(WEIGHTED % more)
    assert resources["LbMainDomain"]["Properties"]["Name"] == main
    assert resources["LbVersionDomain"]["Properties"]["Name"] == version


@pytest.mark.parametrize("domain", ["shop.foo.org", "nothello.example.org"])
def test_a_domain_outside_of_all_zones(domain: str, compiles: Compiles) -> None:
    with pytest.raises(DefinitionError, match="lies in no hosted zone") as caught:
        compiles.component(WEIGHTED % f", MainDomain: {domain}")
    assert "hello.example.org" in caught.value.hint


def test_unknown_properties_are_copied_when_forced(compiles: Compiles) -> None:
    with pytest.raises(DefinitionError, match="ElasticLoadBalancer has no property HealthCheckInterval"):
        balancer(compiles, f"HealthCheckInterval: 7, {CERTIFICATE}")
    assert balancer(compiles, f"HealthCheckInterval: 7, {CERTIFICATE}", force=True)["HealthCheckInterval"] == 7


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (
            "- Lb: {Type: Senza::ElasticLoadBalancer, HTTPPort: 80, SSLCertificateId: hello-example-org}",
            "needs SecurityGroups",
        ),
        (
            "- Lb: {Type: Senza::ElasticLoadBalancer, SecurityGroups: [], SSLCertificateId: hello-example-org}",
            "needs HTTPPort",
        ),
        (ELB % ", Scheme: public", "no Scheme public"),
        (ELB % ", HealthCheckProtocol: ICMP", "no HealthCheckProtocol ICMP"),
        (ALB % ", HealthCheckProtocol: TCP", "no HealthCheckProtocol TCP"),
        (ELB % ", NameSuffix: far-too-long-for-a-load-balancer", "leaves no room"),
    ],
)
def test_mistakes(entry: str, message: str, compiles: Compiles) -> None:
    with pytest.raises(DefinitionError, match=message):
        compiles.component(entry)


def test_an_application_load_balancer(compiles: Compiles, labels: dict[str, str]) -> None:
    resources = compiles.component(
        ALB
        % ", SSLCertificateId: 'hello-example-org, arn:aws:iam::1:server-certificate/x', Matcher: {HttpCode: '200'},"
        " SslPolicy: ELBSecurityPolicy-TLS13-1-2-2021-06, Tags: [{Key: a, Value: b}], IdleTimeout: 3",
        force=True,
    )
    listener, target = resources["AlbListener"]["Properties"], resources["AlbTargetGroup"]["Properties"]
    further = resources["AlbCertificates"]
    (first,), (second,) = listener["Certificates"], further["Properties"]["Certificates"]  # a listener takes one only
    assert labels[first["CertificateArn"]] == "<iam-cert:hello-example-org>"
    assert second["CertificateArn"] == "arn:aws:iam::1:server-certificate/x"
    assert further["Properties"]["ListenerArn"] == {"Ref": "AlbListener"}
    assert listener["SslPolicy"].startswith("ELBSecurityPolicy")
    assert target["Matcher"] == {"HttpCode": "200"}
    assert target["Tags"] == resources["Alb"]["Properties"]["Tags"] == [{"Key": "a", "Value": "b"}]
    assert labels[target["VpcId"]] == "<vpc>"


def test_listeners_of_an_application_load_balancer(compiles: Compiles) -> None:
    """Whole resources, or bare properties to which balancer and action are added."""
    resources = compiles.component(
        ALB % ", Listeners: [{Port: 80, Protocol: HTTP}, {Type: 'AWS::ElasticLoadBalancingV2::Listener', DependsOn: Q,"
        " Properties: {Port: 81, Protocol: HTTP, DefaultActions: [{Type: forward, TargetGroupArn: {Ref: Own}}]}}]"
    )
    first, second = resources["AlbListener"], resources["AlbListener2"]
    assert first["Properties"]["LoadBalancerArn"] == {"Ref": "Alb"}
    assert first["Properties"]["DefaultActions"] == [{"Type": "forward", "TargetGroupArn": {"Ref": "AlbTargetGroup"}}]
    assert second["DependsOn"] == "Q"
    assert second["Properties"]["DefaultActions"][0]["TargetGroupArn"] == {"Ref": "Own"}
    assert "Certificates" not in first["Properties"]


def test_plain_http_needs_no_certificate(compiles: Compiles) -> None:
    listener = compiles.component(ALB % ", Protocol: HTTP, Port: 80")["AlbListener"]["Properties"]
    assert "Certificates" not in listener
    assert (listener["Port"], listener["Protocol"]) == (80, "HTTP")


def test_weighted_records_for_the_traffic_guard(compiles: Compiles) -> None:
    plain = (
        "Resources:\n  Own: {Type: 'AWS::Route53::RecordSet', Properties: {Name: x.hello.example.org, Type: CNAME, "
        "HostedZoneName: hello.example.org, Weight: 3, SetIdentifier: me, TTL: 20, ResourceRecords: [a]}}\n"
    )
    text = definition(WEIGHTED % "", rest=plain)
    records = [
        (item.name, item.zone_name, item.type, item.set_identifier, item.logical_id)
        for item in compiles(text).weighted_records
    ]
    assert records == [
        ("my-app.hello.example.org.", "hello.example.org.", "A", "my-app-1", "LbMainDomain"),
        ("x.hello.example.org.", "hello.example.org.", "CNAME", "me", "Own"),
    ]
