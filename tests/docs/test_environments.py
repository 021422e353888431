"""docs/environments.md: its examples are right, and it has every key."""

from __future__ import annotations

import re
from pathlib import Path

from senza.environments import read
from senza.environments.reading import ENVIRONMENT_KEYS, ROLE_KEYS

PAGE = (Path(__file__).parents[2] / "docs" / "environments.md").read_text()


def test_the_examples_can_be_read(tmp_path: Path) -> None:
    blocks = [block for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL) if "environments:" in block]
    names = []
    for number, block in enumerate(blocks):
        path = tmp_path / f"{number}.yaml"
        path.write_text(block)
        names.append(read(path).names)
    assert names == [("staging", "live"), ("staging", "live"), ("live",), ("staging", "live")]


def test_every_key_is_there() -> None:
    assert re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE) == [*ENVIRONMENT_KEYS, *ROLE_KEYS]
