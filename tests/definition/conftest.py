"""What the tests of this room share: a definition in a file, bound with what a plain object says of the account."""

from collections.abc import Callable
from pathlib import Path

import pytest

from senza.definition import Definition, load
from senza.errors import SenzaError

Loads = Callable[..., Definition]
Fails = Callable[..., str]


@pytest.fixture
def loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Loads:
    """Write a text to ``d.yaml`` and load it under that name."""
    monkeypatch.chdir(tmp_path)

    def write_and_load(text: str, *, lenient: bool | None = None) -> Definition:
        Path("d.yaml").write_text(text, encoding="utf-8")
        return load("d.yaml", lenient=lenient)

    return write_and_load


@pytest.fixture
def failure(loaded: Loads) -> Fails:
    """The whole message, as the user sees it, that loading a text ends with."""

    def fail(text: str) -> str:
        with pytest.raises(SenzaError) as caught:
            loaded(text)
        return str(caught.value)

    return fail
