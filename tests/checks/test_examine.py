"""Exceptions of a definition, the order of findings, and what ``create`` is told."""

from __future__ import annotations

import pytest

from senza.checks.examine import before_sending, by_rules, lines
from senza.checks.gather import gather
from senza.checks.model import Finding, Subject
from senza.errors import Where
from tests.checks.conftest import Judge, Write

OPEN = """
SenzaInfo:
  StackName: shop
  Checks: {checks}
Resources:
  Door: &open
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: a door
      SecurityGroupIngress: [{{IpProtocol: tcp, FromPort: 22, ToPort: 22, CidrIp: 0.0.0.0/0}}]
  Gate: *open
"""


def test_an_exception_with_a_reason_hides_what_it_is_for(judge: Judge) -> None:
    made = judge(OPEN.format(checks="{Ignore: [{Rule: SZ101, Because: it is a bastion, Component: Gate}]}"))
    assert [(finding.rule, finding.component) for finding in made.findings] == [("SZ101", "Door")]
    assert [(one.finding.component, one.because) for one in made.ignored] == [("Gate", "it is a bastion")]
    assert judge(OPEN.format(checks="{Ignore: [{Rule: SZ101, Because: it is a bastion}]}")).findings == ()


@pytest.mark.parametrize(
    ("checks", "message", "hint"),
    [
        ("{Ignore: [{Rule: SZ101}]}", "the entry for SZ101 gives no reason", "Because"),
        ("{Ignore: [{Rule: SZ101, Because: ' '}]}", "the entry for SZ101 gives no reason", "Because"),
        ("{Ignore: [{Rule: SZ1021, Because: x}]}", "there is no rule SZ1021", "Did you mean SZ1"),
        ("{Ignore: [{Because: x}]}", "an entry of Ignore names no Rule", "Rule"),
        ("{Ignore: [{Rule: SZ001, Because: x}]}", "SZ001 cannot be ignored", "Correct"),
        ("{Ignore: [SZ101]}", "each entry of Ignore must be a mapping with Rule and Because", "Write"),
        ("{Ignore: SZ101}", "Ignore must be a list", "Write"),
        ("{Ignor: []}", "SenzaInfo.Checks has no Ignor", "Did you mean Ignore?"),
        ("{Ignore: [{Rule: SZ101, Becaus: x}]}", "an entry of Ignore has no Becaus", "Did you mean Because?"),
        ("{RequiredTags: Team}", "RequiredTags must be a list of names", "RequiredTags: [Team]"),
        ("[SZ101]", "SenzaInfo.Checks must be a mapping", ""),
    ],
)
def test_a_wrong_exception_is_an_error(judge: Judge, checks: str, message: str, hint: str) -> None:
    findings = [finding for finding in judge(OPEN.format(checks=checks)).findings if finding.rule == "SZ004"]
    assert message in [finding.message for finding in findings]
    assert any(hint in finding.hint for finding in findings)
    assert {(finding.severity, finding.where.path[:2]) for finding in findings} == {("error", ("SenzaInfo", "Checks"))}


def test_an_exception_that_is_not_needed_is_told(judge: Judge) -> None:
    ignore = (
        "{Ignore: [{Rule: SZ101, Because: x, Component: Dor}, {Rule: SZ106, Because: x}, {Rule: E3012, Because: x}]}"
    )
    told = [
        (finding.message, finding.hint)
        for finding in judge(OPEN.format(checks=ignore)).findings
        if finding.rule == "SZ005"
    ]
    assert told == [
        ("nothing is found by SZ101 of Dor that the entry would hide", "There is no component Dor. Did you mean Door?"),
        ("nothing is found by SZ106 that the entry would hide", "Remove the entry."),
    ]  # whether cfn-lint's E3012 is needed only cfn-lint knows


def test_create_looks_at_rules_alone(write: Write) -> None:
    gathered = gather(write(OPEN.format(checks="{Ignore: [{Rule: SZ002, Because: x}, {Rule: SZ601, Because: x}]}")))
    assert gathered.bound is not None
    assert gathered.compiled is not None
    assert gathered.compiled.bound == gathered.bound
    made = before_sending(gathered.bound, gathered.compiled, "eu-central-1")
    assert [finding.rule for finding in made.findings] == ["SZ101", "SZ101"]


def test_lines_count_what_they_leave_out() -> None:
    findings = [Finding("SZ101", "warning", f"message {number}", Where("a.yaml", (), number)) for number in range(4)]
    assert lines(findings, 2) == [
        "a.yaml:0: message 0 (SZ101)",
        "a.yaml:1: message 1 (SZ101)",
        "and 2 more, see senza check",
    ]
    assert lines(findings[:2], 2)[-1] == "a.yaml:1: message 1 (SZ101)"


INSTANCES = """
Resources:
  App:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: a
      SecurityGroupIngress: [{IpProtocol: tcp, FromPort: 443, ToPort: 443, CidrIpv6: "::/0"}]
  All:
    Type: AWS::EC2::SecurityGroup
    Properties: {GroupDescription: a}
  Rule:
    Type: AWS::EC2::SecurityGroupIngress
    Properties: {GroupId: {"Fn::GetAtt": [All, GroupId]}, IpProtocol: -1, CidrIp: 0.0.0.0/0}
  Ping:
    Type: AWS::EC2::SecurityGroupIngress
    Properties: {GroupId: {Ref: All}, IpProtocol: icmp, FromPort: -1, ToPort: -1, CidrIp: 0.0.0.0/0}
  Any:
    Type: AWS::EC2::SecurityGroupIngress
    Properties: {GroupId: {Ref: All}, IpProtocol: tcp, FromPort: {Ref: "AWS::Region"}, ToPort: 1, CidrIp: 0.0.0.0/0}
SenzaComponents:
- Server: {Type: "Senza::AutoScalingGroup", Image: Base, InstanceType: t3.micro, SecurityGroups: [{Ref: App}]}
"""


def test_instances_are_for_nobody_on_any_port(judge: Judge) -> None:
    assert [(finding.message, finding.resource) for finding in judge(INSTANCES).findings] == [
        ("port 443 of the instances of App can be reached from anywhere", "App"),
        ("every port of All can be reached from anywhere", "Rule"),
    ]


def test_two_subnets_in_one_zone_are_one_zone(write: Write) -> None:
    text = """
SenzaComponents:
- Network: {Type: "Senza::Configuration", ServerSubnets: {eu-central-1: [a, b]}, Images: {Base: {eu-central-1: ami-1}}}
- App: {Type: "Senza::AutoScalingGroup", Image: Base, InstanceType: t3.micro}
"""
    gathered = gather(write(text))
    assert gathered.bound is not None
    assert gathered.compiled is not None

    def found(zones: dict[str, str]) -> list[str]:
        assert gathered.bound is not None
        assert gathered.compiled is not None
        subject = Subject(gathered.bound, gathered.compiled, "eu-central-1", zones)
        return [finding.rule for finding in by_rules(subject)]

    assert (found({"a": "1a", "b": "1b"}), found({"a": "1a", "b": "1a"}), found({})) == ([], ["SZ401"], [])


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("shop.example.org.", False),
        ("*.example.org", False),
        ("_acme.example.org", False),
        ("a\\052b.example.org", False),
        ("x" * 63 + ".example.org", False),
        ("x" * 64 + ".example.org", True),
        ("shop..example.org", True),
        (".example.org", True),
        ("-shop.example.org", True),
        ("shop-.example.org", True),
        ("a.*.example.org", True),
        ("größe.example.org", True),
        ("x." * 127 + "org", True),
    ],
)
def test_domain_names(name: str, wrong: bool) -> None:
    from senza.checks.rules.names import name_problem

    assert bool(name_problem(name)) is wrong


def test_an_app_needs_its_time_to_start(judge: Judge) -> None:
    text = """
SenzaComponents:
- App:
    Type: Senza::TaupageAutoScalingGroup
    InstanceType: t3.micro
    AutoScaling: {Minimum: 1, Maximum: 2, SuccessRequires: 1 within 5m}
    TaupageConfig: {runtime: Docker, source: "shop:1", health_check_timeout_seconds: 600}
"""
    (finding,) = judge(text).findings
    assert finding.message == "the stack fails after 300 s without a signal, and starting may take 600 s"
    assert finding.where.path[-2:] == ("AutoScaling", "SuccessRequires")
