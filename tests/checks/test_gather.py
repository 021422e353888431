"""Offline: a definition is read as far as it goes, and all that is wrong with it is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senza.checks import placeholders
from senza.checks.gather import gather
from senza.checks.model import Finding
from senza.checks.standin import Nowhere, Offline, StandIn, made_id
from senza.definition.model import Parameter
from senza.errors import UsageError

MANY_ERRORS = """\
SenzaInfo:
  StackName: shop
SenzaComponents:
  - Network: {Type: "Senza::StupsAutoConfiguration"}
  - App:
      Type: Senza::TaupageAutoScalingGroup
      InstanceTyp: t3.micro
      Tag: []
      TaupageConfig: {runtime: Docker, source: "shop:{{Arguments.Image}}"}
  - Worker:
      Type: Senza::AutoScalingGrup
  - Lb:
      Type: Senza::ElasticLoadBalancer
      HTTPPort: 8080
      Scheme: outside
      SecurityGroups: [lb]
  - Nothing
  - Jobs:
      Type: Senza::AutoScalingGroup
      Image: LatestTaupageImage
      InstanceTyp: t3.micro
"""


def told(findings: list[Finding], rule: str = "SZ001") -> list[tuple[int | None, str]]:
    return [(finding.where.line, finding.message) for finding in findings if finding.rule == rule]


def written(folder: Path, text: str) -> str:
    path = folder / "app.yaml"
    path.write_text(text)
    return str(path)


def test_all_errors_are_told_with_their_lines(tmp_path: Path) -> None:
    gathered = gather(written(tmp_path, MANY_ERRORS))
    assert told(gathered.findings) == [
        (17, "each component must be a mapping of its name to its settings"),
        (9, "there is no Arguments.Image"),
        (7, "TaupageAutoScalingGroup has no property InstanceTyp"),
        (8, "TaupageAutoScalingGroup has no property Tag"),
        (11, "there is no component type Senza::AutoScalingGrup"),
        (21, "AutoScalingGroup has no property InstanceTyp"),
        (5, "App needs InstanceType"),
        (15, "there is no Scheme outside"),
        (18, "Jobs needs InstanceType"),
    ]
    assert gathered.compiled is not None  # the network, at least


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", None),
        ("[]", 1),
        ("a: [", None),
        ("SenzaInfo: 1", 1),
        ("SenzaInfo: {}", 1),
        ("SenzaInfo: {StackName: a, Parameters: 1}", 1),
        ("SenzaInfo: {StackName: a}\nSenzaComponents: {}", 2),
        ("SenzaInfo: {StackName: 1-a}", 1),
    ],
)
def test_what_is_no_definition_is_one_error(tmp_path: Path, text: str, line: int | None) -> None:
    (finding,) = gather(written(tmp_path, text)).findings
    assert (finding.rule, finding.severity) == ("SZ001", "error")
    assert line is None or finding.where.line == line


def test_a_key_that_is_there_twice_hides_nothing_else(tmp_path: Path) -> None:
    text = "SenzaInfo: {StackName: a}\nOutputs:\n  Url: {Value: {Ref: Nobody}}\nDescription: a\nDescription: b\n"
    gathered = gather(written(tmp_path, text))
    assert told(gathered.findings) == [
        (5, "the key Description is there twice, in lines 4 and 5, with different values"),
        (3, "there is no resource or parameter Nobody"),
    ]


def test_what_is_given_wrongly_is_no_finding(tmp_path: Path) -> None:
    path = written(tmp_path, "SenzaInfo: {StackName: a, Parameters: [{Size: {AllowedValues: [s, m]}}]}\n")
    with pytest.raises(UsageError, match="must be one of: s, m"):
        gather(path, "1", ["huge"])
    with pytest.raises(UsageError, match="too many arguments"):
        gather(path, "1", ["s", "m"])
    with pytest.raises(UsageError, match="there is no definition"):
        gather(str(tmp_path / "nowhere.yaml"))


def test_facts_about_the_account_are_made_up(tmp_path: Path) -> None:
    text = """\
SenzaInfo: {StackName: shop, OperatorTopicId: ops, Token: "senza:kms:c2VjcmV0"}
SenzaComponents:
  - Network: {Type: "Senza::StupsAutoConfiguration"}
  - App:
      Type: Senza::TaupageAutoScalingGroup
      InstanceType: t3.micro
      SecurityGroups: [app, {Stack: other-1, LogicalId: Group}]
      IamRoles: [one, two]
      ElasticLoadBalancer: Lb
      TaupageConfig:
        runtime: Docker
        source: "shop:1"
        environment:
          URL: {Stack: other-1, Output: Url}
          PLACE: "{{AccountInfo.Domain}} {{AccountInfo.TeamID}} {{AccountInfo.MintBucket}} {{AccountInfo.VpcID}}"
  - Lb:
      Type: Senza::WeightedDnsElasticLoadBalancer
      HTTPPort: 8080
      SecurityGroups: [app-lb]
      MainDomain: shop.example.net
"""
    gathered = gather(written(tmp_path, text), region="eu-west-1")
    assert gathered.findings == []
    assert gathered.compiled is not None
    assert gathered.compiled.template["Mappings"]["ServerSubnets"].keys() == {"eu-west-1"}
    assert {record.zone_name for record in gathered.compiled.weighted_records} == {"example.net."}
    assert set(gathered.zones.values()) == {"eu-west-1a", "eu-west-1b", "eu-west-1c"}


def test_what_only_aws_knows_is_a_warning(tmp_path: Path) -> None:
    class Forgetful(StandIn):
        def role_policies(self, role: str) -> tuple[dict[str, Any], ...]:
            raise Offline("only AWS knows this", hint="Check it with --aws.")

    text = (
        "SenzaInfo: {StackName: a}\nSenzaComponents:\n- R: {Type: 'Senza::IamRole', MergePoliciesFromIamRoles: [x]}\n"
    )
    (finding,) = gather(written(tmp_path, text), account=Forgetful()).findings
    assert (finding.rule, finding.severity, finding.component) == ("SZ003", "warning", "R")


def test_nothing_can_be_asked_offline() -> None:
    nowhere = Nowhere("eu-central-1")
    for ask in (lambda: nowhere.call("sts", "get_caller_identity"), lambda: list(nowhere.pages("a", "b", "c"))):
        with pytest.raises(Offline, match="only AWS knows this"):
            ask()
    assert made_id("sg", "a") == made_id("sg", "a") != made_id("sg", "b")


@pytest.mark.parametrize(
    ("rules", "value"),
    [
        ({}, "1.0"),
        ({"Type": "Number", "MinValue": 7}, "7"),
        ({"AllowedValues": [True, False]}, "true"),
        ({"Type": "AWS::EC2::VPC::Id"}, "vpc-0123456789abcdef0"),
        ({"AllowedPattern": "[a-z]{3,10}"}, "example"),
        ({"MinLength": 60}, "example" * 9),
        ({"AllowedPattern": "x{50}"}, None),
    ],
)
def test_a_placeholder_is_what_the_parameter_allows(rules: dict[str, Any], value: str | None) -> None:
    assert placeholders.placeholder(Parameter("P", rules)) == value


def test_a_parameter_that_no_placeholder_fits_does_not_stop_anything(tmp_path: Path) -> None:
    parameters = "[{Other: {}}, {Odd: {AllowedPattern: 'x{50}'}}]"
    path = written(
        tmp_path,
        f"SenzaInfo: {{StackName: a, Parameters: {parameters}}}\nDescription: '{{{{Arguments.Odd}}}}'\n"
        'Resources: {Jobs: {Type: "AWS::SQS::Queue"}}\n',
    )
    gathered = gather(path, "7", ["Other=1"])
    assert gathered.findings == []
    assert gathered.compiled is not None
    assert gathered.compiled.template["Description"] == "1.0"
    assert gathered.compiled.full_name == "a-7"


def test_what_would_create_nothing_is_said_once(tmp_path: Path) -> None:
    (finding,) = gather(written(tmp_path, "SenzaInfo: {StackName: a}\n")).findings
    assert finding.message == "there is nothing in it that would be created"
    wrong = 'SenzaInfo: {StackName: a}\nSenzaComponents: [{A: {Type: "Senza::Nope"}}]\n'
    assert [one.message for one in gather(written(tmp_path, wrong)).findings] == [
        "there is no component type Senza::Nope"
    ]


MISSPELT = """\
SenzaInfo:
  StackName: shop
  Tag: {a: b}
  Team: cheese
  Parameters:
    - Size: {Defualt: "1", AllowedValues: small}
SenzaComponent: []
Resources:
  Jobs: {Type: "AWS::SQS::Queue", Propertys: {}}
Outputs: {Jobs: 5, Name: {Valeu: x}}
Parameters: {Other: {Type: String, Defualt: x}}
Mappings: {Sizes: small}
"""


def test_keys_that_nobody_reads(tmp_path: Path) -> None:
    gathered = gather(written(tmp_path, MISSPELT))
    assert told(gathered.findings, "SZ006") == [
        (3, "SenzaInfo.Tag has no meaning of its own"),
        (6, "Defualt of the parameter Size means nothing"),
    ]
    assert told(gathered.findings) == [
        (6, "AllowedValues of the parameter Size must be a list of values"),
        (7, "a template has no section SenzaComponent"),
        (11, "a parameter has no Defualt"),
        (10, "the output Jobs must be a mapping"),
        (10, "the output Name has no Value"),
        (9, "a resource has no Propertys"),
        (12, "the map Sizes must be a mapping"),
    ]


@given(st.text(max_size=200))
def test_no_text_is_too_odd(text: str) -> None:
    """What cannot be read ends in findings, never in an exception of ours."""
    import tempfile

    with tempfile.NamedTemporaryFile("w", suffix=".yaml", encoding="utf-8", errors="ignore") as file:
        file.write(text)
        file.flush()
        assert gather(file.name).findings
