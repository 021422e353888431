"""Each feature of ``docs/modern.md`` has a reference, and an example that tests compile, lint and deploy."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from senza.components.registry import BUILT_IN, built_in_types
from tests.components.test_definitions import DEFINITIONS

ROOT = Path(__file__).parents[2]


class Row(NamedTuple):
    what: str
    written: str
    becomes: str
    reference: str
    example: str


def rows() -> list[Row]:
    lines = (ROOT / "docs" / "modern.md").read_text().splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ")]
    return [Row(*(cell.strip("`") for cell in found)) for found in cells if found[0] != "what"]


def keys(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            yield str(key)
            yield from keys(value)
    for value in node if isinstance(node, list) else ():
        yield from keys(value)


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.what)
def test_a_feature_has_a_reference_and_an_example(row: Row) -> None:
    page = re.match(r"\[\w+\]\(components/(\w+)\.md(?:#[a-z]+)?\)$", row.reference)
    assert page is not None
    kind = built_in_types()[list(BUILT_IN).index(page[1])]
    text = (ROOT / "definitions" / row.example).read_text()
    if row.written.startswith("Type: "):
        assert row.written in text
    else:
        section, _, name = row.written.rpartition(".")
        known = kind.sections[section] if section else kind.properties
        assert name in [item.name for item in known]
        assert row.written.partition(".")[0] in set(keys(yaml.safe_load(text)))
    stem = row.example.removesuffix(".yaml")
    assert stem in DEFINITIONS  # whose golden template is linted, and which are deployed
    golden = (ROOT / "tests" / "components" / "golden" / f"{stem}.json").read_text()
    assert f'"{row.becomes}"' in golden


def test_every_golden_definition_shows_something() -> None:
    assert {row.example for row in rows()} == {f"{name}.yaml" for name in DEFINITIONS}
