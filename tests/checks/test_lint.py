"""cfn-lint's findings, in places of the definition; nothing about what our components always make."""

from __future__ import annotations

from pathlib import Path

import pytest

from senza.checks import lint
from senza.checks.gather import gather
from senza.checks.model import Subject
from senza.errors import SenzaError
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


QUEUE = 'Resources: {Jobs: {Type: "AWS::SQS::Queue", Properties: {DelaySeconds: %s}}}\n'
BROKEN = """
SenzaComponents:
- App:
    Type: Senza::TaupageAutoScalingGroup
    InstanceType: t3.micro
    ElasticLoadBalancer: Lb
    TaupageConfig: {runtime: Docker, source: "stups/hello-world:1.0"}
- Lb:
    Type: Senza::ElasticLoadBalancer
    HTTPPort: 8080
    Scheme: outside
"""


def subject_of(path: str) -> Subject:
    gathered = gather(path)
    assert gathered.bound is not None
    assert gathered.compiled is not None
    return Subject(gathered.bound, gathered.compiled, gathered.region, gathered.zones)


class Watched(set[str]):
    """The digests, and how often one was recognised."""

    hits = 0

    def __contains__(self, digest: object) -> bool:
        known = super().__contains__(digest)
        self.hits += known
        return known


def test_what_was_clean_is_not_looked_at_again(write: Write) -> None:
    clean = Watched()
    assert lint.lint(subject_of(write(QUEUE % 5)), clean) == []
    assert (len(clean), clean.hits) == (1, 0)
    assert lint.lint(subject_of(write(QUEUE % 5)), clean) == []
    assert (len(clean), clean.hits) == (1, 1)
    assert [one.rule for one in lint.lint(subject_of(write(QUEUE % "soon")), clean)] == ["E3012"]
    assert (len(clean), clean.hits) == (1, 1)


def test_what_is_left_of_a_broken_definition_is_never_clean(write: Write) -> None:
    """The load balancer is wrong, which was said; that the group misses it is a consequence."""
    gathered = gather(write(BROKEN))
    assert gathered.broken() == {"Lb"}
    assert gathered.bound is not None
    assert gathered.compiled is not None
    subject = Subject(gathered.bound, gathered.compiled, gathered.region, gathered.zones)
    clean = Watched()
    assert [one.rule for one in lint.lint(subject)] == ["E1020"]
    assert lint.lint(subject, clean, gathered.broken()) == []
    assert clean == set()


def test_nothing_left_is_a_consequence_too(write: Write) -> None:
    gathered = gather(write('SenzaComponents: [{Lb: {Type: "Senza::ElasticLoadBalancer", Scheme: outside}}]'))
    assert gathered.bound is not None
    assert gathered.compiled is not None
    subject = Subject(gathered.bound, gathered.compiled, gathered.region, gathered.zones)
    assert lint.lint(subject, None, gathered.broken()) == []


def test_a_region_that_there_is_not(write: Write) -> None:
    gathered = gather(write(QUEUE % 5), region="eu-central-11")
    assert gathered.bound is not None
    assert gathered.compiled is not None
    with pytest.raises(SenzaError, match="cfn-lint knows no region eu-central-11") as caught:
        lint.lint(Subject(gathered.bound, gathered.compiled, gathered.region, gathered.zones))
    assert caught.value.hint.startswith("Did you mean eu-central-1")


@pytest.mark.parametrize("text", ["foo: [", "append_rules: [/nowhere/to/be/found]", "output_format: 5\nnonsense: 1"])
def test_a_configuration_that_cfn_lint_trips_over(
    text: str, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject = subject_of(write(QUEUE % 5))
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".cfnlintrc").write_text(text)
    clean = Watched()
    with pytest.raises(SenzaError) as caught:
        lint.lint(subject, clean)
    assert "cfn-lint failed: " in caught.value.message
    assert f"Correct {tmp_path / '.cfnlintrc'}, which it reads; --no-lint leaves it out." == caught.value.hint


def test_rules_of_ones_own_are_asked_every_time(write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    subject = subject_of(write(QUEUE % 5))
    clean = Watched({lint.digest(subject)})
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".cfnlintrc").write_text("ignore_checks: [W]")
    assert lint.lint(subject, clean) == []
    assert clean.hits == 0
