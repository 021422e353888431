"""The image that user data starts, found again in what was made."""

from __future__ import annotations

from typing import Any

import pytest

from senza.components.functions import is_function
from senza.userdata.bootstrap import OSES, bootstrap
from senza.userdata.containers import image_in
from senza.userdata.taupage import taupage_user_data

IMAGE = "ghcr.io/acme/app@sha256:" + "0a" * 32
CONFIG: dict[str, Any] = {"runtime": "Docker", "source": "ghcr.io/acme/app:1"}


@pytest.mark.parametrize("os", OSES)
@pytest.mark.parametrize("words", [1, 20_000])
def test_what_the_bootstrap_was_told(os: str, words: int) -> None:
    """However much there is to say: what is long is compressed."""
    config = {**CONFIG, "environment": {"TEXT": "word " * words}}
    assert image_in(bootstrap(config, os=os, image=IMAGE, is_function=is_function)) == IMAGE


def test_taupage() -> None:
    assert image_in(taupage_user_data(CONFIG, is_function)) == "ghcr.io/acme/app:1"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "#!/bin/sh\necho",
        "[]",
        "a: [",
        "source:",
        "write_files: [{path: /opt/senza/config.json, content: '{'}]",
        "write_files: [{path: /opt/senza/config.json, encoding: gz+b64, content: 'AAAA'}]",
        "write_files: [1]",
        '{"storage": {"files": [{"path": "/opt/senza/config.json", "contents": {"source": "data:;base64,!"}}]}}',
    ],
)
def test_other_user_data(text: str) -> None:
    assert image_in(text) is None
