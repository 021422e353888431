"""cfn-lint's findings, in places of the definition; nothing about what our components always make."""

from __future__ import annotations

from senza.checks import lint
from senza.checks.gather import gather
from senza.checks.model import Subject
from tests.checks.conftest import Write

TEXT = """
SenzaInfo:
  StackName: shop
  Parameters: [{Unused: {Default: "1"}}]
SenzaComponents:
- App:
    Type: Senza::AutoScalingGroup
    Image: Base
    InstanceType: t3.mikro
    HealthCheckType: ELBB
Resources:
  Jobs: {Type: "AWS::SQS::Queue", Properties: {VisibilityTimeout: soon}}
Mappings:
  Mine: {a: {b: c}}
"""


def test_findings_are_told_where_they_come_from(write: Write) -> None:
    gathered = gather(write(TEXT))
    assert gathered.findings == []
    assert gathered.bound is not None
    assert gathered.compiled is not None
    found = lint.lint(Subject(gathered.bound, gathered.compiled, gathered.region, gathered.zones))
    told = {
        (finding.rule, finding.severity, ".".join(map(str, finding.where.path)), finding.component) for finding in found
    }
    assert told == {
        ("E3012", "error", "Resources.Jobs.Properties.VisibilityTimeout", "Jobs"),
        ("E3031", "error", "SenzaComponents.1.App.HealthCheckType", "App"),
        ("E3628", "error", "SenzaComponents.1.App.InstanceType", "App"),
        ("W7001", "warning", "Mappings.Mine", ""),
    }
    assert all(finding.where.line for finding in found)
    (kind,) = [finding for finding in found if finding.rule == "E3628"]
    assert len(kind.message) < 100
    assert "t3.micro" in kind.hint


def test_short_lists_stay() -> None:
    message = "'gp7' is not one of ['gp2', 'gp3']"
    assert lint.shortened(message) == (message, "")
