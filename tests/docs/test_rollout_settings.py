"""The page about the Rollout section: its examples are read, and every key is in a table."""

from __future__ import annotations

import re
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest
import yaml

from senza.errors import Where
from senza.rollout.model import When
from senza.rollout.settings import parse

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "rollout-settings.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def hook() -> ModuleType:
    spec = spec_from_file_location("rollout_keys", DOCS / "rollout_keys.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("example", re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL))
def test_the_examples_are_right(example: str) -> None:
    data = yaml.safe_load(example)
    section = data.get("SenzaInfo", data)["Rollout"]
    assert parse(section, Where).gates


def test_every_table_is_on_the_page_once(hook: ModuleType) -> None:
    assert sorted(hook.MARKER.findall(PAGE)) == sorted(hook.TABLES)
    made = hook.with_tables(PAGE)
    assert "<!--" not in made
    for keys in hook.TABLES.values():
        for key in keys:
            assert f"| `{key.name}` | {key.kind} |" in made


def test_the_page_names_every_moment_of_a_hook(hook: ModuleType) -> None:
    made = hook.with_tables(PAGE)
    assert all(f"`{when}`" in made for when in When)
