"""The page about checks has every rule, with its examples."""

from __future__ import annotations

import re
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

from senza.checks.examine import KINDS
from senza.checks.rules import RULES

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def page() -> str:
    spec = spec_from_file_location("check_rules", ROOT / "docs" / "check_rules.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    made: str = module.with_rules((ROOT / "docs" / "checks.md").read_text())
    return made


def test_every_rule_is_on_the_page(page: str) -> None:
    rows = re.findall(r"^\| (?:\[|`)(SZ\d+)\S+ \| (error|warning) \| \S", page, re.MULTILINE)
    assert sorted(rows) == [(kind.id, kind.severity) for kind in KINDS]
    assert re.findall(r"^### (SZ\d+)$", page, re.MULTILINE) == [rule.id for rule in RULES]
    assert all(rule.bad in page and rule.good in page for rule in RULES)
    assert "<!--" not in page


def test_the_page_is_in_the_menu_and_made_by_its_hook() -> None:
    text = (ROOT / "mkdocs.yml").read_text()
    assert "- Checks: checks.md\n" in text
    assert "- docs/check_rules.py\n" in text
