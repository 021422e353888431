"""Each rule finds its bad example and nothing else does; its good example is found by no rule at all."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from senza.checks.examine import KINDS
from senza.checks.model import Rule
from senza.checks.rules import RULES
from tests.checks.conftest import Judge, judged_file

ROOT = Path(__file__).parents[2]
PUBLIC = "SZ002"
"""What compiling says about every load balancer that is internet-facing."""


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_the_bad_example_is_found_by_this_rule_alone(rule: Rule, judge: Judge) -> None:
    findings = [finding for finding in judge(rule.bad).findings if finding.rule != PUBLIC]
    assert {finding.rule for finding in findings} == {rule.id}
    assert {finding.severity for finding in findings} == {rule.severity}
    for finding in findings:
        assert finding.where.line is not None
        assert finding.where.path
        assert finding.hint


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_the_good_example_is_fine(rule: Rule, judge: Judge) -> None:
    assert [finding for finding in judge(rule.good).findings if finding.rule != PUBLIC] == []


def test_ids_are_unique_in_order_and_described() -> None:
    ids = [kind.id for kind in KINDS]
    assert ids == sorted(set(ids))
    assert all(re.fullmatch(r"SZ\d{3}", one) for one in ids)
    assert all(kind.why.endswith((".", ")")) and not kind.title.endswith(".") for kind in KINDS)
    assert all(rule.link.startswith("https://") for rule in RULES)


CLASSIC = [*(ROOT / "definitions").glob("*.yaml"), *(ROOT / "tests" / "parity" / "cases").glob("*.yaml")]


@pytest.mark.parametrize("path", sorted(CLASSIC), ids=lambda path: path.stem)
def test_no_definition_that_deploys_is_stopped(path: Path) -> None:
    assert judged_file(str(path)).count("error") == 0
