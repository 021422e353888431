"""The page on Docker names every key, each in the table where it belongs."""

from __future__ import annotations

from pathlib import Path

import yaml

from docs.docker_keys import with_tables
from senza.userdata.bootstrap import OSES, check
from senza.userdata.bootstrap.keys import FAMILIES, KEYS

PAGE = (Path(__file__).parents[2] / "docs" / "docker-contract.md").read_text("utf-8")


def test_every_key_is_on_the_page() -> None:
    page = with_tables(PAGE)
    assert "<!-- keys" not in page
    rows = [line.split("|")[1].strip(" `") for line in page.splitlines() if line.startswith("| `")]
    for name in [*KEYS, *(f"{prefix}…" for prefix in FAMILIES)]:
        assert rows.count(name) == 1, name


def test_nothing_is_wrong_with_the_example() -> None:
    example = yaml.safe_load(PAGE.partition("```yaml\n")[2].partition("```")[0])
    config = example["SenzaComponents"][1]["AppServer"]["TaupageConfig"]
    for os in OSES:
        assert check(config, os=os, is_function=lambda value: False) == []
