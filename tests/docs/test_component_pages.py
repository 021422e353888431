"""The reference of the component types: every type, every property, and an example that compiles."""

from __future__ import annotations

import re
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest
import yaml

from senza.aws import Aws
from senza.components.model import ComponentType
from senza.components.registry import BUILT_IN, built_in_types
from senza.sandbox.embedded import EmbeddedSandbox

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def hook() -> ModuleType:
    spec = spec_from_file_location("component_pages", ROOT / "docs" / "component_pages.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def pages(hook: ModuleType, sandbox_server: EmbeddedSandbox) -> dict[str, str]:
    sandbox_server.reset()
    aws = Aws(endpoint=sandbox_server.endpoint)
    hook.share(aws)
    made: dict[str, str] = hook.pages(hook.Account(aws))
    return made


def test_there_is_a_page_for_every_type_and_the_overview_leads_to_it(pages: dict[str, str]) -> None:
    assert list(pages) == ["components/index.md", *(f"components/{name}.md" for name in BUILT_IN)]
    assert re.findall(r"\(([A-Za-z0-9]+)\.md\) \| \S", pages["components/index.md"]) == list(BUILT_IN)


@pytest.mark.parametrize("kind", built_in_types(), ids=lambda kind: kind.type_names[0])
def test_a_page_has_every_property_and_an_example_that_adds_something(
    kind: type[ComponentType], pages: dict[str, str]
) -> None:
    page = pages[f"components/{kind.type_names[0]}.md"]
    documented = re.findall(r"^\| `(\w+)` \| .* \| .* \| \S.* \|$", page, re.MULTILINE)
    wanted = [item.name for item in kind.properties]
    wanted += [item.name for section in kind.sections.values() for item in section]
    assert documented == wanted
    for item in kind.properties:
        assert not item.required or f"| `{item.name}` | {item.type} | **required** |" in page
    example = page.partition("```yaml\n")[2].partition("```")[0]
    assert yaml.safe_load(example) == [yaml.safe_load(kind.example)]
    assert "It adds these resources:\n\n| logical id | type |\n|---|---|\n| `" in page or "It fills these maps" in page


def test_a_default_is_written_as_in_a_definition(pages: dict[str, str]) -> None:
    page = pages["components/TaupageAutoScalingGroup.md"]
    assert "| `Image` | name | `LatestTaupageImage` |" in page
    assert "| `EbsOptimized` | boolean | `false` |" in page
    assert "| `SuccessRequires` | text | `1 within 15m` |" in page


def test_the_navigation_leads_to_the_pages(hook: ModuleType) -> None:
    class Config:
        nav = yaml.safe_load((ROOT / "mkdocs.yml").read_text())["nav"]

    (entry,) = [entry for entry in hook.on_config(Config()).nav if "Components" in entry]
    assert [next(iter(page)) for page in entry["Components"]] == ["Overview", *BUILT_IN]
