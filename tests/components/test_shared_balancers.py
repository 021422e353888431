"""A load balancer for many apps, and the versions behind it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senza.account import Account
from senza.account.shared import ListenerRule, SharedBalancer, free_priority, parsed
from senza.aws import Aws
from senza.checks.standin import StandIn
from senza.components import Compiled, WeightedTarget
from senza.components.shared_rules import no_room
from senza.errors import DefinitionError, NotFound
from senza.sandbox.embedded import EmbeddedSandbox
from tests.components.conftest import NETWORK, Compiles, definition

EDGE = "- Edge: {Type: Senza::SharedLoadBalancer, SecurityGroups: [app-hello-world-lb]%s}"
GROUP = "- Backend: {Type: Senza::WeightedTargetGroup, SharedLoadBalancer: edge-1, HTTPPort: 8080%s}"
LISTENER = {"Fn::ImportValue": "edge-1-SharedListener"}
OWN = "my-app-1.hello.example.org"
MAIN = "my-app.hello.example.org"
OIDC = (
    "OIDC: {Issuer: 'https://id.example.org', AuthorizationEndpoint: 'https://id.example.org/auth', "
    "TokenEndpoint: 'https://id.example.org/token', UserInfoEndpoint: 'https://id.example.org/me', ClientId: shop, "
    "ClientSecret: '{{resolve:secretsmanager:shop/oidc:SecretString:secret}}'}"
)


def whole(components: str) -> str:
    """A definition with a network and these components."""
    return definition(components).replace("SenzaComponents:\n", f"SenzaComponents:\n{NETWORK}")


def text(component: str, more: str = "") -> str:
    return whole(component % (f", {more}" if more else ""))


# -- the load balancer, in an account that is not changed -----------------------------------------------------------
def edge(compiles: Compiles, more: str = "") -> Compiled:
    return compiles(text(EDGE, more))


def test_a_shared_balancer_answers_404_and_is_reached_by_any_name(compiles: Compiles, labels: dict[str, str]) -> None:
    made = edge(compiles)
    resources = made.template["Resources"]
    assert set(resources) == {"Edge", "EdgeListener", "EdgeRedirectListener", "EdgeWildcard"}
    listener = resources["EdgeListener"]["Properties"]
    assert (listener["Port"], listener["Protocol"]) == (443, "HTTPS")
    assert listener["SslPolicy"] == "ELBSecurityPolicy-TLS13-1-2-2021-06"
    assert [labels[one["CertificateArn"]] for one in listener["Certificates"]] == ["<acm-cert:*.hello.example.org>"]
    (action,) = listener["DefaultActions"]
    assert action["FixedResponseConfig"]["StatusCode"] == "404"
    record = resources["EdgeWildcard"]["Properties"]
    assert record["Name"] == "*.hello.example.org."
    assert "Weight" not in record
    assert not made.weighted


def test_its_stack_exports_what_apps_need(compiles: Compiles, labels: dict[str, str]) -> None:
    outputs = edge(compiles).template["Outputs"]
    names = {name: output["Export"]["Name"] for name, output in outputs.items()}
    assert names == {name: {"Fn::Sub": f"${{AWS::StackName}}-{name}"} for name in outputs}
    assert outputs["SharedListener"]["Value"] == {"Ref": "EdgeListener"}
    assert outputs["SharedLoadBalancer"]["Value"] == {"Fn::GetAtt": ["Edge", "LoadBalancerFullName"]}
    assert outputs["SharedDomains"]["Value"] == "*.hello.example.org"
    assert labels[outputs["SharedSecurityGroup"]["Value"]] == "<sg:app-hello-world-lb>"


def test_it_has_what_other_application_balancers_have(compiles: Compiles) -> None:
    acl = "arn:aws:wafv2:eu-central-1:123456789012:regional/webacl/edge/1"
    resources = edge(
        compiles,
        f"WebACL: '{acl}', AccessLogs: logs, IpAddressType: dualstack, Port: 8443, EvaluateTargetHealth: false, "
        "HTTPS: {Redirect: true, Policy: mine}, MutualAuthentication: {Mode: 'off'}, LoadBalancerName: front",
    ).template["Resources"]
    assert resources["EdgeWebACLAssociation"]["Properties"]["WebACLArn"] == acl
    assert resources["Edge"]["Properties"]["Name"] == "front"
    logs = {one["Key"]: one["Value"] for one in resources["Edge"]["Properties"]["LoadBalancerAttributes"]}
    assert logs["access_logs.s3.bucket"] == "logs"
    assert resources["EdgeWildcardIPv6"]["Properties"]["Type"] == "AAAA"
    assert resources["EdgeWildcard"]["Properties"]["AliasTarget"]["EvaluateTargetHealth"] is False
    listener = resources["EdgeListener"]["Properties"]
    assert (listener["SslPolicy"], listener["MutualAuthentication"]) == ("mine", {"Mode": "off"})
    redirect = resources["EdgeRedirectListener"]["Properties"]["DefaultActions"][0]["RedirectConfig"]
    assert redirect["Port"] == "8443"
    assert "EdgeRedirectListener" not in edge(compiles, "HTTPS: {Redirect: false}").template["Resources"]


def test_each_domain_gets_its_certificate(compiles: Compiles, labels: dict[str, str]) -> None:
    wild = "Subdomain: '*', Type: standalone"
    template = edge(
        compiles, f"Domains: {{A: {{{wild}, Zone: hello.example.org}}, B: {{{wild}, Zone: unrelated.example.net}}}}"
    ).template
    added = template["Resources"]["EdgeCertificates"]["Properties"]
    assert added["ListenerArn"] == {"Ref": "EdgeListener"}
    assert [labels[one["CertificateArn"]] for one in added["Certificates"]] == ["<acm-cert:*.unrelated.example.net>"]
    assert template["Outputs"]["SharedCertificates"]["Value"].count(",") == 1
    assert template["Outputs"]["SharedDomains"]["Value"] == "*.hello.example.org,*.unrelated.example.net"


@pytest.mark.parametrize(
    ("more", "message", "hint"),
    [
        ("Domains: {Main: {Type: weighted, Zone: hello.example.org}}", "no weights", "Type: standalone"),
        ("HTTPPort: 8080", "has no property HTTPPort", ""),
        ("Protocol: HTTP", "has no property Protocol", ""),
        ("HTTPS: {Redirct: false}", "HTTPS has no property Redirct", "Did you mean Redirect?"),
        ("OIDC: {}", "has no property OIDC", ""),
    ],
)
def test_mistakes_in_the_balancer(more: str, message: str, hint: str, compiles: Compiles) -> None:
    with pytest.raises(DefinitionError) as caught:
        edge(compiles, more)
    assert message in caught.value.message
    assert hint in caught.value.hint
    assert caught.value.where is not None


def test_a_stack_has_one_of_them(compiles: Compiles) -> None:
    two = EDGE % "" + "\n" + (EDGE % "").replace("Edge", "Other")
    with pytest.raises(DefinitionError, match="makes an output SharedListener, and there is one already"):
        compiles(whole(two))


# -- versions behind it, each test in an account of its own ---------------------------------------------------------
class Shared:
    """An account with the stack ``edge-1``, and what is done to its listener."""

    def __init__(self, sandbox: EmbeddedSandbox, folder: Path) -> None:
        self.aws = Aws(endpoint=sandbox.endpoint)
        self.folder = folder
        self.vpc = sandbox.values["vpc_id"]

    def deploy(self, definition_text: str, name: str, version: str = "1") -> Compiled:
        made = self.compile(definition_text, version)
        self.aws.call("cloudformation", "create_stack", StackName=name, TemplateBody=made.template_body())
        return made

    def compile(self, definition_text: str, version: str = "1") -> Compiled:
        return Compiles(self.folder, Account(self.aws))(definition_text, version=version)

    def group(self, more: str = "", version: str = "1") -> Compiled:
        return self.compile(text(GROUP, more), version)

    @property
    def listener(self) -> str:
        return Account(self.aws).shared_balancer("edge-1").listener

    def rule(self, host: str, priority: int, group: str = "") -> str:
        """Somebody's rule; without a target group it answers by itself."""
        fixed = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "503"}}
        made = self.aws.call(
            "elbv2",
            "create_rule",
            ListenerArn=self.listener,
            Priority=priority,
            Conditions=[{"Field": "host-header", "Values": [host]}],
            Actions=[{"Type": "forward", "TargetGroupArn": group} if group else fixed],
        )
        return str(made["Rules"][0]["RuleArn"])

    def foreign_group(self, **tags: str) -> str:
        listed = [{"Key": key, "Value": value} for key, value in tags.items()]
        made = self.aws.call(
            "elbv2", "create_target_group", Name="foreign", Protocol="HTTP", Port=80, VpcId=self.vpc, Tags=listed
        )
        return str(made["TargetGroups"][0]["TargetGroupArn"])

    def fails(self, more: str = "") -> DefinitionError:
        with pytest.raises(DefinitionError) as caught:
            self.group(more)
        assert caught.value.where is not None
        return caught.value


@pytest.fixture
def shared(sandbox: EmbeddedSandbox, tmp_path: Path) -> Shared:
    made = Shared(sandbox, tmp_path)
    made.deploy(text(EDGE), "edge-1")
    return made


def test_a_version_has_a_target_group_and_a_rule_for_its_own_domain(shared: Shared) -> None:
    made = shared.group()
    resources = made.template["Resources"]
    assert set(resources) == {"BackendTargetGroup", "BackendRule"}
    rule = resources["BackendRule"]["Properties"]
    assert rule["ListenerArn"] == LISTENER
    assert rule["Conditions"] == [{"Field": "host-header", "HostHeaderConfig": {"Values": [OWN]}}]
    assert rule["Actions"] == [{"Type": "forward", "TargetGroupArn": {"Ref": "BackendTargetGroup"}}]
    assert 1 <= rule["Priority"] <= 50_000
    tags = {one["Key"]: one["Value"] for one in resources["BackendTargetGroup"]["Properties"]["Tags"]}
    assert (tags["senza:listener"], tags["senza:domain"], tags["StackVersion"]) == (LISTENER, MAIN, "1")
    assert made.weighted_targets == (WeightedTarget("BackendTargetGroup", MAIN, shared.listener),)
    assert made.weighted
    assert made.weighted_records == ()


def test_compiling_asks_once_for_the_stack_and_once_for_the_rules(shared: Shared) -> None:
    before = len(shared.aws.calls)
    shared.group()
    network = {"DescribeImages", "DescribeSubnets", "DescribeVpcs", "DescribeNatGateways", "ListAccountAliases"}
    asked = sorted(call.operation for call in shared.aws.calls[before:] if call.operation not in network)
    assert asked == ["DescribeRules", "DescribeStacks", "ListCertificates", "ListHostedZones"]


def test_a_rule_keeps_its_priority_and_new_ones_find_a_free_one(shared: Shared) -> None:
    first = shared.deploy(text(GROUP), "my-app-1").template["Resources"]["BackendRule"]["Properties"]["Priority"]
    assert shared.group().template["Resources"]["BackendRule"]["Properties"]["Priority"] == first
    second = shared.group(version="2").template["Resources"]["BackendRule"]["Properties"]["Priority"]
    shared.rule("somebody.hello.example.org", second)
    again = shared.group(version="2").template["Resources"]["BackendRule"]["Properties"]["Priority"]
    assert again == second % 50_000 + 1


def test_a_rule_comes_before_a_wildcard_that_would_take_its_requests(shared: Shared) -> None:
    shared.rule("*.hello.example.org", 3)
    assert shared.group().template["Resources"]["BackendRule"]["Properties"]["Priority"] in (1, 2)
    shared.rule("a.hello.example.org", 1)
    shared.rule("b.hello.example.org", 2)
    error = shared.fails()
    assert "priority 3 of edge-1 takes the requests" in error.message


def test_health_checks_and_properties_of_the_target_group(shared: Shared) -> None:
    properties = shared.group(
        "ProtocolVersion: GRPC, HealthCheckPort: 8081, HealthyThresholdCount: 3, Protocol: HTTPS, "
        "TargetGroupAttributes: [{Key: slow_start.duration_seconds, Value: 30}], IpAddressType: ipv4",
    ).template["Resources"]["BackendTargetGroup"]["Properties"]
    assert properties["HealthCheckPath"] == "/grpc.health.v1.Health/Check"
    assert properties["Matcher"] == {"GrpcCode": "0"}
    assert (properties["Port"], properties["HealthCheckPort"], properties["HealthyThresholdCount"]) == (8080, "8081", 3)
    assert (properties["Protocol"], properties["IpAddressType"]) == ("HTTPS", "ipv4")
    assert properties["TargetGroupAttributes"] == [{"Key": "slow_start.duration_seconds", "Value": "30"}]


def test_domains_of_ones_own(shared: Shared) -> None:
    domains = (
        "Domains: {Main: {Type: weighted, Zone: Hello.example.org., Subdomain: Shop}, "
        "One: {Type: standalone, Zone: hello.example.org, Subdomain: one}, "
        "Two: {Type: standalone, Zone: hello.example.org, Subdomain: two}}"
    )
    made = shared.group(domains)
    assert made.weighted_targets[0].domain == "shop.hello.example.org"
    condition = made.template["Resources"]["BackendRule"]["Properties"]["Conditions"][0]
    assert condition["HostHeaderConfig"]["Values"] == ["one.hello.example.org", "two.hello.example.org"]


def test_records_to_move_an_app_lead_to_the_shared_balancer(shared: Shared) -> None:
    made = shared.group("WeightedRecords: [A, AAAA]")
    record = made.template["Resources"]["BackendMainDomain"]["Properties"]
    assert (record["Name"], record["Weight"], record["SetIdentifier"]) == (f"{MAIN}.", 0, "my-app-1")
    assert record["AliasTarget"]["DNSName"] == {"Fn::ImportValue": "edge-1-SharedDNSName"}
    assert record["AliasTarget"]["HostedZoneId"] == {"Fn::ImportValue": "edge-1-SharedHostedZoneId"}
    assert [(one.name, one.type, one.logical_id) for one in made.weighted_records] == [
        (f"{MAIN}.", "A", "BackendMainDomain"),
        (f"{MAIN}.", "AAAA", "BackendMainDomainIPv6"),
    ]


def test_with_records_of_its_own_the_main_domain_needs_no_wildcard(shared: Shared) -> None:
    apex = "MainDomain: hello.example.org"
    assert shared.group(f"{apex}, WeightedRecords: [A]").weighted_targets[0].domain == "hello.example.org"
    assert "does not lead to edge-1" in shared.fails(apex).message


def test_log_in_is_only_made_for_the_versions_own_domain(shared: Shared) -> None:
    made = shared.group(OIDC)
    login, forward = made.template["Resources"]["BackendRule"]["Properties"]["Actions"]
    assert (login["Type"], login["Order"], forward["Order"]) == ("authenticate-oidc", 1, 2)
    assert any("does not make a rule with a log-in for the main domain" in warning for warning in made.warnings)


def test_groups_scale_by_the_requests_of_their_target_group(shared: Shared) -> None:
    server = (
        "- Server: {Type: Senza::AutoScalingGroup, Image: LatestTaupageImage, InstanceType: t3.small, "
        "ElasticLoadBalancerV2: Backend, "
        "AutoScaling: {Minimum: 1, Maximum: 2, Targets: [{Metric: RequestsPerTarget, Value: 100}]}}"
    )
    resources = shared.compile(whole(f"{server}\n{GROUP % ''}")).template["Resources"]
    assert resources["Server"]["Properties"]["TargetGroupARNs"] == [{"Ref": "BackendTargetGroup"}]
    policy = resources["ServerRequestsPerTargetTarget"]
    assert policy["DependsOn"] == ["BackendRule"]
    label = policy["Properties"]["TargetTrackingConfiguration"]["PredefinedMetricSpecification"]["ResourceLabel"]
    parts = [
        {"Fn::ImportValue": "edge-1-SharedLoadBalancer"},
        {"Fn::GetAtt": ["BackendTargetGroup", "TargetGroupFullName"]},
    ]
    assert label == {"Fn::Join": ["/", parts]}


@pytest.mark.parametrize(
    ("more", "message", "hint"),
    [
        ("MainDomain: my-app.example.net", "lies in no hosted zone", "hello.example.org"),
        ("MainDomain: hello.example.org", "does not lead to edge-1, which has *.hello.example.org", "Choose a name"),
        ("MainDomain: a.b.hello.example.org", "no certificate of edge-1 is good for a.b.", "one label only"),
        (f"MainDomain: {OWN}", "is both the main domain and one of this version's", ""),
        ("VersionDomain: '*.hello.example.org'", "no host that a listener rule could be for", ""),
        ("Domains: {A: {Type: weighted, Zone: hello.example.org, Subdomain: a}}", "one to 5 standalone", "looked at"),
        (
            "Domains: {A: {Type: standalone, Zone: hello.example.org, Subdomain: a}}",
            "one weighted domain, not 0",
            "Add",
        ),
        ("SecurityGroups: [a]", "has no property SecurityGroups", ""),
        ("WeightedRecords: [CNAME]", "no alias records of type 'CNAME'", "[A, AAAA]"),
    ],
)
def test_mistakes_in_the_target_group(more: str, message: str, hint: str, shared: Shared) -> None:
    error = shared.fails(more)
    assert message in error.message
    assert hint in error.hint


def test_an_unknown_shared_balancer_is_told_with_those_there_are(shared: Shared) -> None:
    for name, hint in (("edge", "Did you mean edge-1?"), ("front-1", "Shared load balancers here: edge-1.")):
        with pytest.raises(DefinitionError) as caught:
            shared.compile(text(GROUP).replace("edge-1", name))
        assert f'there is no stack "{name}"' in caught.value.message
        assert hint in caught.value.hint


def test_a_stack_without_a_shared_balancer_is_none(shared: Shared) -> None:
    body = json.dumps({"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}})
    shared.aws.call("cloudformation", "create_stack", StackName="edge-2", TemplateBody=body)
    with pytest.raises(DefinitionError, match='"edge-2" has no shared load balancer'):
        shared.compile(text(GROUP).replace("edge-1", "edge-2"))


@pytest.mark.parametrize("host", [OWN, MAIN])
def test_a_host_that_somebody_else_has_is_refused(host: str, shared: Shared) -> None:
    shared.rule(host, 7, shared.foreign_group(StackName="other"))
    error = shared.fails()
    assert f"{host} is taken at edge-1 by a rule of" in error.message
    assert "priority 7" in error.message
    assert "delete-rule" in error.hint


ADMIN = (
    "- Admin: {Type: Senza::WeightedTargetGroup, SharedLoadBalancer: edge-1, HTTPPort: 8081, NameSuffix: admin, "
    "MainDomain: %s, VersionDomain: %s}"
)


@pytest.mark.parametrize(
    ("main", "own", "host"), [(MAIN, "admin-1.hello.example.org", MAIN), ("admin.hello.example.org", OWN, OWN)]
)
def test_two_components_of_a_stack_do_not_take_each_others_requests(
    main: str, own: str, host: str, shared: Shared
) -> None:
    with pytest.raises(DefinitionError) as caught:
        shared.compile(whole(f"{GROUP % ''}\n{ADMIN % (main, own)}"))
    assert caught.value.message == f"Admin and Backend are both to get the requests for {host}"
    apart = ADMIN % ("admin.hello.example.org", "admin-1.hello.example.org")
    assert len(shared.compile(whole(f"{GROUP % ''}\n{apart}")).weighted_targets) == 2
    with pytest.raises(DefinitionError) as caught:
        shared.compile(whole(f"{GROUP % ''}\n{apart.replace(' NameSuffix: admin,', '')}"))
    assert caught.value.message == "the target groups of Admin and Backend would both be called my-app-1"


LONG = "a-very-long-application-name-for-"
CUT = "a-very-long-application-name-f-1"


def named(made: Compiled) -> str:
    return str(made.template["Resources"]["BackendTargetGroup"]["Properties"]["Name"])


def test_target_groups_of_apps_that_begin_alike_have_different_names(shared: Shared) -> None:
    for app in ("cats", "dogs"):
        shared.deploy(text(GROUP).replace("my-app", LONG + app), f"{LONG}{app}-1")
    found = shared.aws.call("elbv2", "describe_target_groups")["TargetGroups"]
    assert len({one["TargetGroupName"] for one in found}) == 2


def test_a_target_group_that_has_a_cut_name_keeps_it_and_is_not_replaced(shared: Shared) -> None:
    """As versions have it that were made when names were only cut."""
    old = shared.compile(text(GROUP).replace("my-app", f"{LONG}cats"))
    old.template["Resources"]["BackendTargetGroup"]["Properties"]["Name"] = CUT
    stack = f"{LONG}cats-1"
    shared.aws.call("cloudformation", "create_stack", StackName=stack, TemplateBody=old.template_body())
    assert named(shared.compile(text(GROUP).replace("my-app", f"{LONG}cats"))) == CUT
    other = named(shared.compile(text(GROUP).replace("my-app", f"{LONG}dogs")))
    assert other.startswith("a-very-long-application-")
    assert other != CUT
    moved = text(GROUP, "VersionDomain: moved.hello.example.org").replace("my-app", f"{LONG}cats")
    assert named(shared.compile(moved)) == CUT


def test_a_rule_comes_before_wildcards_for_any_of_its_hosts(shared: Shared) -> None:
    shared.rule("two.*.example.org", 5)
    domains = (
        "Domains: {Main: {Type: weighted, Zone: hello.example.org, Subdomain: shop}, "
        "One: {Type: standalone, Zone: hello.example.org, Subdomain: one}, "
        "Two: {Type: standalone, Zone: hello.example.org, Subdomain: two}}"
    )
    assert shared.group(domains).template["Resources"]["BackendRule"]["Properties"]["Priority"] < 5


def test_the_main_rule_of_the_apps_own_versions_is_no_obstacle(shared: Shared) -> None:
    shared.deploy(text(GROUP), "my-app-1")
    groups = shared.aws.call("elbv2", "describe_target_groups", Names=["my-app-1"])["TargetGroups"]
    shared.rule(MAIN, 9, groups[0]["TargetGroupArn"])
    assert shared.group(version="2").weighted


def test_another_app_that_has_a_part_of_the_main_rule_is_no_obstacle(shared: Shared) -> None:
    shared.deploy(text(GROUP), "my-app-1")
    own = shared.aws.call("elbv2", "describe_target_groups", Names=["my-app-1"])["TargetGroups"][0]["TargetGroupArn"]
    rule, other = shared.rule(MAIN, 9, own), shared.foreign_group(StackName="other")
    both = {"TargetGroups": [{"TargetGroupArn": arn, "Weight": 1} for arn in (other, own)]}
    actions = [{"Type": "forward", "ForwardConfig": both}]
    shared.aws.call("elbv2", "modify_rule", RuleArn=rule, Actions=actions)
    assert shared.group(version="2").weighted


def test_there_is_room_for_the_rules_of_both_domains_and_for_the_target_group(shared: Shared) -> None:
    """Or the version would be made, and its first traffic refused."""
    for number in range(98):
        shared.rule(f"app-{number}.hello.example.org", number + 1)
    assert shared.group().weighted
    ninety_ninth = shared.rule("one-more.hello.example.org", 200)
    error = shared.fails()
    assert (
        "edge-1 has 99 rules, a load balancer may have 100, and there is none for the main domain yet" in error.message
    )
    shared.aws.call("elbv2", "delete_rule", RuleArn=ninety_ninth)
    shared.rule(MAIN, 201)
    assert shared.group().weighted
    shared.rule("one-more.hello.example.org", 200)
    assert "edge-1 has 100 rules, and a load balancer may have 100" in shared.fails().message


def test_the_hundredth_target_group_is_the_last() -> None:
    groups = [f"arn:aws:elasticloadbalancing:::targetgroup/g{number}/1" for number in range(100)]
    rules = [
        ListenerRule(f"arn/{number}", number, (f"{number}.example.org",), True, tuple(groups[number : number + 5]))
        for number in range(0, 100, 5)
    ]
    told = "forwards to 100 target groups, and a load balancer may have 100"
    assert no_room(rules, "app.example.org", (100, 100)) == told
    assert no_room(rules, "app.example.org", (100, 101)) == ""
    assert no_room(rules[1:], "app.example.org", (100, 100)) == ""


def test_without_aws_whatever_is_named_is_there(tmp_path: Path) -> None:
    made = Compiles(tmp_path, StandIn())(text(GROUP))
    (target,) = made.weighted_targets
    assert target.domain == "my-app.example.org"
    assert ":listener/app/edge-1/" in target.listener
    assert Compiles(tmp_path, StandIn())(text(EDGE)).template["Outputs"]


def test_facts_are_looked_up_once(shared: Shared) -> None:
    account = Account(shared.aws)
    listener, foreign = account.shared_balancer("edge-1").listener, shared.foreign_group(a="b")
    look_ups: list[Callable[[], Any]] = [
        lambda: account.shared_balancer("edge-1"),
        lambda: account.listener_rules(listener),
        lambda: account.target_group_tags([foreign]),
        account.shared_balancers,
        account.balancer_room,
    ]
    first = [look_up() for look_up in look_ups]
    before = len(shared.aws.calls)
    assert [look_up() for look_up in look_ups] == first
    assert len(shared.aws.calls) == before
    assert first[3] == ("edge-1",)
    with pytest.raises(NotFound):
        account.shared_balancer("none-1")


# -- pure -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("expression", "takes"),
    [(r"^app\..*", True), (r"[a-z]+\.EXAMPLE\.org", True), (r"^web", False), (r"(unclosed", False)],
)
def test_a_rule_may_have_regular_expressions(expression: str, takes: bool) -> None:
    condition = {"Field": "host-header", "HostHeaderConfig": {"RegexValues": [expression]}}
    found = parsed({"RuleArn": "arn", "Priority": "7", "Conditions": [condition], "Actions": []})
    assert found.takes("app.example.org") is takes
    assert (found.hosts, found.patterns) == ((), (expression,))
    path = {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/*"]}}
    assert not parsed({"RuleArn": "arn", "Priority": "7", "Conditions": [condition, path]}).takes("app.example.org")


@pytest.mark.parametrize(
    ("pattern", "name", "reached"),
    [
        ("*.example.org", "App.example.org.", True),
        ("*.example.org", "a.b.example.org", True),
        ("*.example.org", "example.org", False),
        ("*.example.org", "badexample.org", False),
        ("example.org.", "example.org", True),
    ],
)
def test_which_names_lead_to_a_balancer(pattern: str, name: str, reached: bool) -> None:
    assert SharedBalancer("edge-1", "arn", (pattern,)).reached_by(name) == reached


def rule(priority: int, *hosts: str, only: bool = True) -> ListenerRule:
    return ListenerRule("arn", priority, hosts, only, ())


@given(st.sets(st.integers(1, 60), max_size=60), st.integers(2, 60))
def test_a_priority_is_free_before_what_takes_the_host_and_always_the_same(used: set[int], wildcard: int) -> None:
    rules = [rule(number, "other.example.org") for number in used - {wildcard}]
    rules += [rule(wildcard, "*.example.org"), rule(100, "a?p.example.org"), rule(1000, "*", only=False)]
    found = free_priority(["app.example.org"], rules)
    room = set(range(1, wildcard)) - used
    assert found in room if room else found is None
    assert free_priority(["app.example.org"], rules[::-1]) == found


def test_a_rule_with_further_conditions_leaves_requests_to_others() -> None:
    item = {
        "RuleArn": "arn",
        "Priority": "5",
        "Conditions": [
            {"Field": "host-header", "Values": ["*.Example.org"]},
            {"Field": "path-pattern", "Values": ["/api/*"]},
        ],
        "Actions": [{"Type": "authenticate-oidc"}, {"Type": "forward", "TargetGroupArn": "group"}],
    }
    found = parsed(item)
    assert (found.hosts, found.only_hosts, found.groups) == (("*.example.org",), False, ("group",))
    assert not found.takes("app.example.org")
