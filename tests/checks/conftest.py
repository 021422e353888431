"""Definitions written in a test, gathered and judged offline."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from senza.checks.examine import Report, by_rules, report
from senza.checks.gather import Gathered, gather
from senza.checks.model import Subject

NETWORK = {
    "Network": {
        "Type": "Senza::StupsAutoConfiguration",
        "Images": {"Base": {"eu-central-1": "ami-0123456789abcdef0"}},
    }
}

Write = Callable[[str], str]
Judge = Callable[[str], Report]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a definition, completed by a name and a network where it has none; returns its path."""

    def made(text: str) -> str:
        path = tmp_path / "app.yaml"
        path.write_text(completed(text))
        return str(path)

    return made


def completed(text: str) -> str:
    tree = yaml.safe_load(text)
    tree.setdefault("SenzaInfo", {"StackName": "example"})
    components = tree.setdefault("SenzaComponents", [])
    if "Network" not in {name for entry in components for name in entry}:
        components.insert(0, NETWORK)
    return yaml.safe_dump(tree, sort_keys=False)


@pytest.fixture
def judge(write: Write) -> Judge:
    """What our own rules say about a definition that is right."""

    def judged(text: str) -> Report:
        return judged_file(write(text))

    return judged


def judged_file(path: str) -> Report:
    gathered: Gathered = gather(path)
    assert gathered.bound is not None
    assert gathered.compiled is not None
    subject = Subject(gathered.bound, gathered.compiled, gathered.region, gathered.zones)
    return report([*gathered.findings, *by_rules(subject)], gathered.bound, {"SZ002"})
