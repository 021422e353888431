"""What application load balancers can do today: redirects, TLS 1.3, log-in, WAF, logs, gRPC, two address families."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from senza.account.network import Subnet, Vpc
from senza.checks.standin import StandIn
from senza.components import compile
from senza.errors import DefinitionError
from tests.components.conftest import Compiles, definition

ALB = (
    "- Alb: {Type: Senza::ElasticLoadBalancerV2, HTTPPort: 8080, SecurityGroups: [sg-1], "
    "SSLCertificateId: hello-example-org%s}"
)
DOMAIN = "Domains: {Main: {Type: weighted, Zone: hello.example.org, Subdomain: shop%s}}"
OIDC = (
    "OIDC: {Issuer: 'https://id.example.org', AuthorizationEndpoint: 'https://id.example.org/auth', "
    "TokenEndpoint: 'https://id.example.org/token', UserInfoEndpoint: 'https://id.example.org/me', ClientId: shop, "
    "ClientSecret: %s}"
)
SECRET = "'{{resolve:secretsmanager:shop/oidc:SecretString:client_secret}}'"


def alb(compiles: Compiles, more: str = "", **kwargs: Any) -> dict[str, Any]:
    return compiles.component(ALB % (f", {more}" if more else ""), **kwargs)


def fails(compiles: Compiles, more: str, **kwargs: Any) -> DefinitionError:
    with pytest.raises(DefinitionError) as caught:
        alb(compiles, more, **kwargs)
    return caught.value


def test_old_definitions_get_nothing_new(compiles: Compiles) -> None:
    resources = alb(compiles, DOMAIN % "")
    assert set(resources) == {"Alb", "AlbTargetGroup", "AlbListener", "AlbMain"}
    assert "SslPolicy" not in resources["AlbListener"]["Properties"]
    assert "EvaluateTargetHealth" not in resources["AlbMain"]["Properties"]["AliasTarget"]
    assert "IpAddressType" not in resources["Alb"]["Properties"]


def test_https_redirects_and_speaks_tls_13(compiles: Compiles) -> None:
    resources = alb(compiles, "HTTPS: {}")
    redirect = resources["AlbRedirectListener"]["Properties"]
    assert (redirect["Port"], redirect["Protocol"]) == (80, "HTTP")
    assert redirect["DefaultActions"] == [
        {"Type": "redirect", "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}}
    ]
    assert resources["AlbListener"]["Properties"]["SslPolicy"] == "ELBSecurityPolicy-TLS13-1-2-2021-06"
    own = alb(compiles, "Port: 8443, SslPolicy: mine, HTTPS: {}")
    assert own["AlbListener"]["Properties"]["SslPolicy"] == "mine"
    assert own["AlbRedirectListener"]["Properties"]["DefaultActions"][0]["RedirectConfig"]["Port"] == "8443"
    assert "AlbRedirectListener" not in alb(compiles, "HTTPS: {Redirect: false}")


@pytest.mark.parametrize(
    ("more", "message", "hint"),
    [
        ("HTTPS: {Redirct: false}", "HTTPS has no property Redirct", "Did you mean Redirect?"),
        ("HTTPS: {}, Protocol: HTTP", "contradict each other", ""),
        ("HTTPS: {}, Listeners: [{Port: 80, Protocol: HTTP}]", "adds a listener on port 80 itself", "Redirect: false"),
        ("ProtocolVersion: GRPC, Protocol: HTTP", "needs an HTTPS listener", ""),
        ("ProtocolVersion: GRCP", "no ProtocolVersion GRCP", "Did you mean GRPC?"),
        ("IpAddressType: dual", "no IpAddressType dual", "dualstack"),
        ("WebACL: my-acl", "no ARN of a regional web ACL", "list-web-acls"),
        ("WebACL: 'arn:aws:wafv2:us-east-1:1:global/webacl/a/b'", "no ARN of a regional web ACL", ""),
        ("WebACL: 'arn:aws:wafv2:us-east-1:1:regional/webacl/a/b'", "in us-east-1, and the load balancer in", "here"),
        ("AccessLogs: {Prefix: x}", "AccessLogs needs Bucket", ""),
        ("AccessLogs: {Bucket: b, Prefix: /x}", "neither begin nor end with a slash", ""),
        ("OIDC: {Issuer: x}", "OIDC needs AuthorizationEndpoint", ""),
        ("Cognito: {UserPool: x}", "Cognito has no property UserPool", "Did you mean UserPoolArn"),
        ((OIDC % SECRET).replace("https://id.example.org/auth", "http://id"), "must begin with https://", ""),
        ("Cognito: {UserPoolArn: pool, UserPoolClientId: a, UserPoolDomain: b}", "no ARN of a user pool", "arn:aws"),
        (f"{OIDC % SECRET}".replace("ClientId", "SessionTimeout: 700000, ClientId"), "must be 1 to 604800 seconds", ""),
        (f"{OIDC % SECRET}, Cognito: {{}}", "exclude each other", ""),
        (f"{OIDC % SECRET}, Protocol: HTTP", "OIDC needs an HTTPS listener", ""),
    ],
)
def test_mistakes(more: str, message: str, hint: str, compiles: Compiles) -> None:
    error = fails(compiles, more)
    assert message in error.message
    assert hint in error.hint
    assert error.where is not None
    assert len(error.where.path) > 3


def test_users_log_in_before_they_are_passed_on(compiles: Compiles) -> None:
    actions = alb(compiles, OIDC % SECRET)["AlbListener"]["Properties"]["DefaultActions"]
    assert [(action["Type"], action["Order"]) for action in actions] == [("authenticate-oidc", 1), ("forward", 2)]
    assert actions[0]["AuthenticateOidcConfig"]["ClientSecret"] == SECRET.strip("'")
    pool = "Cognito: {UserPoolArn: {Ref: Pool}, UserPoolClientId: a, UserPoolDomain: b, OnUnauthenticatedRequest: DENY}"
    config = alb(compiles, pool)["AlbListener"]["Properties"]["DefaultActions"][0]["AuthenticateCognitoConfig"]
    assert config["OnUnauthenticatedRequest"] == "deny"


NO_ECHO = "Parameters:\n  Secret: {Type: String, NoEcho: true}\n  Open: {Type: String}\n"


@pytest.mark.parametrize(
    ("secret", "fine"),
    [
        ("{Ref: Secret}", True),
        ("{'Fn::Sub': '{{=<% %>=}}{{resolve:secretsmanager:${AWS::StackName}:SecretString:key}}'}", True),
        ("{'Fn::Join': [':', ['{{=<% %>=}}{{resolve:secretsmanager', {Ref: Secret}, 'SecretString:key}}']]}", True),
        ("{'Fn::If': [Live, {Ref: Secret}, {'Fn::GetAtt': [Client, ClientSecret]}]}", True),
        ("{'Fn::If': [Live, {Ref: Secret}, hunter2]}", False),
        ("{Ref: Open}", False),
        ("{Ref: Missing}", False),
        ("hunter2", False),
        ("'{{resolve:ssm-secure:/shop/secret:1}}'", False),
        ("'{{resolve:ssm:/shop/secret}}'", False),
        (f"'x{SECRET[1:]}", False),
        ("{'Fn::Sub': 'hunter2'}", False),
    ],
)
def test_a_client_secret_is_never_in_clear_text(secret: str, fine: bool, compiles: Compiles) -> None:
    if fine:
        assert alb(compiles, OIDC % secret, rest=NO_ECHO)
        return
    error = fails(compiles, OIDC % secret, rest=NO_ECHO)
    assert "for everybody to read" in error.message
    assert "hunter2" not in str(error)
    with pytest.raises(DefinitionError, match="for everybody to read"):
        alb(compiles, OIDC % secret, rest=NO_ECHO, force=True)


def test_listeners_of_the_definitions_own(compiles: Compiles) -> None:
    """What is encrypted and says nothing else gets the policy and the log-in; the rest is pointed out."""
    listeners = "Listeners: [{Port: 443, Protocol: HTTPS}, {Port: 81, Protocol: HTTP}]"
    compiled = compiles(definition(ALB % f", {OIDC % SECRET}, HTTPS: {{}}, {listeners}"))
    resources = compiled.template["Resources"]
    first = resources["AlbListener"]["Properties"]
    assert first["DefaultActions"][0]["Type"] == "authenticate-oidc"
    assert first["SslPolicy"].startswith("ELBSecurityPolicy-TLS13")
    assert "SslPolicy" not in resources["AlbListener2"]["Properties"]
    (warning,) = [text for text in compiled.warnings if "nobody has to log in" in text]
    assert "Listeners" in warning


def test_a_grpc_server_is_asked_as_it_expects_it(compiles: Compiles) -> None:
    target = alb(compiles, "ProtocolVersion: grpc")["AlbTargetGroup"]["Properties"]
    assert (target["ProtocolVersion"], target["Matcher"]) == ("GRPC", {"GrpcCode": "0"})
    assert target["HealthCheckPath"] == "/grpc.health.v1.Health/Check"
    given = alb(compiles, "ProtocolVersion: GRPC, HealthCheckPath: /x.Y/Z, Matcher: {GrpcCode: '12'}")
    assert given["AlbTargetGroup"]["Properties"]["HealthCheckPath"] == "/x.Y/Z"
    assert given["AlbTargetGroup"]["Properties"]["Matcher"] == {"GrpcCode": "12"}


def test_access_logs_are_added_to_the_attributes(compiles: Compiles) -> None:
    def attributes(more: str, rest: str = "") -> dict[str, Any]:
        found = alb(compiles, more, rest=rest)["Alb"]
        return {item["Key"]: item["Value"] for item in found["Properties"]["LoadBalancerAttributes"]}

    logged = attributes("AccessLogs: {Bucket: logs, Prefix: shop}")
    assert logged == {
        "idle_timeout.timeout_seconds": "60",
        "access_logs.s3.enabled": "true",
        "access_logs.s3.bucket": "logs",
        "access_logs.s3.prefix": "shop",
    }
    own = "LoadBalancerAttributes: [{Key: access_logs.s3.bucket, Value: mine}]"
    assert attributes(f"AccessLogs: logs, {own}") == {
        "access_logs.s3.bucket": "mine",
        "access_logs.s3.enabled": "true",
    }


def test_a_balancer_waits_for_the_policy_of_the_bucket_for_its_logs(compiles: Compiles) -> None:
    rest = (
        "Resources:\n  Logs: {Type: 'AWS::S3::Bucket'}\n"
        "  Letting: {Type: 'AWS::S3::BucketPolicy', Properties: {Bucket: {Ref: Logs}, PolicyDocument: {}}}\n"
    )
    assert alb(compiles, "AccessLogs: {Ref: Logs}", rest=rest)["Alb"]["DependsOn"] == ["Letting"]
    assert "DependsOn" not in alb(compiles, "AccessLogs: other", rest=rest)["Alb"]


def test_a_web_acl(compiles: Compiles) -> None:
    arn = "arn:aws:wafv2:eu-central-1:123456789012:regional/webacl/shop/0a1b"
    association = alb(compiles, f"WebACL: '{arn}'")["AlbWebACLAssociation"]
    assert association["Properties"] == {"ResourceArn": {"Ref": "Alb"}, "WebACLArn": arn}
    assert alb(compiles, "WebACL: {Ref: Acl}")["AlbWebACLAssociation"]["Properties"]["WebACLArn"] == {"Ref": "Acl"}


def test_what_only_cloudformation_will_know_is_not_judged(compiles: Compiles) -> None:
    """Dynamic references stand in texts, functions for anything."""
    away = "{{resolve:ssm:/shop/%s}}"
    login = alb(
        compiles,
        (OIDC % SECRET)
        .replace("https://id.example.org/auth", away % "auth")
        .replace(
            "ClientId", f"SessionTimeout: '{away % 'time'}', AuthenticationRequestExtraParams: {{Ref: X}}, ClientId"
        ),
    )["AlbListener"]["Properties"]["DefaultActions"][0]["AuthenticateOidcConfig"]
    assert (login["AuthorizationEndpoint"], login["SessionTimeout"]) == (away % "auth", away % "time")
    assert alb(compiles, f"Cognito: {{UserPoolArn: '{away % 'pool'}', UserPoolClientId: a, UserPoolDomain: b}}")
    association = alb(compiles, f"WebACL: '{away % 'acl'}'")["AlbWebACLAssociation"]
    assert association["Properties"]["WebACLArn"] == away % "acl"


def test_two_families_of_addresses(compiles: Compiles) -> None:
    resources = alb(compiles, f"IpAddressType: dualstack, EvaluateTargetHealth: true, {DOMAIN % ''}")
    assert resources["Alb"]["Properties"]["IpAddressType"] == "dualstack"
    assert "IpAddressType" not in resources["AlbTargetGroup"]["Properties"]
    four, six = resources["AlbMain"]["Properties"], resources["AlbMainIPv6"]["Properties"]
    assert (four["Type"], six["Type"]) == ("A", "AAAA")
    assert {**four, "Type": ""} == {**six, "Type": ""}
    assert four["AliasTarget"]["EvaluateTargetHealth"] is True
    only = alb(compiles, f"IpAddressType: dualstack-without-public-ipv4, {DOMAIN % ''}")
    assert "AlbMain" not in only
    assert only["AlbMainIPv6"]["Properties"]["Weight"] == 0
    clash = "Domains: {A: {Type: standalone, Zone: x.org}, AIPv6: {Type: standalone, Zone: y.org}}"
    assert "two records would be called AlbAIPv6" in str(fails(compiles, f"IpAddressType: dualstack, {clash}"))


def test_the_health_of_one_domain(compiles: Compiles) -> None:
    """A domain says more than its load balancer does; classic load balancers take part."""
    entry = (
        "- Lb: {Type: Senza::ElasticLoadBalancer, HTTPPort: 8080, SecurityGroups: [sg-1], "
        f"SSLCertificateId: hello-example-org, EvaluateTargetHealth: true, {DOMAIN % ', EvaluateTargetHealth: false'}}}"
    )
    assert compiles.component(entry)["LbMain"]["Properties"]["AliasTarget"]["EvaluateTargetHealth"] is False


class Ipv4Only(StandIn):
    """An account whose first public subnet has no IPv6."""

    def subnets(self, vpc: Vpc) -> tuple[Subnet, ...]:
        return tuple(replace(one, ipv6=one.name != "dmz-eu-central-1a") for one in super().subnets(vpc))


@pytest.mark.parametrize("kind", ["ElasticLoadBalancerV2, HTTPPort: 80", "NetworkLoadBalancer, TargetPort: 80"])
def test_dual_stack_needs_ipv6_in_every_subnet(kind: str, compiles: Compiles) -> None:
    more = f"{{Type: Senza::{kind}, SecurityGroups: [sg-1], SSLCertificateId: 'arn:aws:iam::1:server-certificate/x'"
    network = "- Network: {Type: Senza::StupsAutoConfiguration}\n- Lb: "
    public = f"{network}{more}, Scheme: internet-facing, IpAddressType: dualstack%s}}"
    with pytest.raises(DefinitionError) as caught:
        compile(compiles.bind(definition(public % "")), Ipv4Only())
    assert "needs IPv6 in its subnets, and dmz-eu-central-1a has none" in caught.value.message
    assert caught.value.where is not None
    assert caught.value.where.path[-1] == "IpAddressType"
    compile(compiles.bind(definition(public % "")), StandIn())
    compile(compiles.bind(definition(public % ", Subnets: [subnet-1, subnet-2]")), Ipv4Only())
    internal = f"{network}{more}, IpAddressType: dualstack}}"
    compile(compiles.bind(definition(internal)), Ipv4Only())
