"""cfn-lint on templates that tests make. Its rules are read once, as its own command line does for many templates."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest


def linted(template: str) -> list[Any]:
    """What cfn-lint finds in it, as its ``Match`` objects; skips the test where cfn-lint is not installed."""
    pytest.importorskip("cfnlint", reason="cfn-lint is not installed")
    from cfnlint.decode import decode_str
    from cfnlint.runner import run_template_by_data

    decoded, errors = decode_str(template)
    return list(errors or run_template_by_data(decoded, settings(), rules()))


@cache
def rules() -> Any:
    """Reading them takes longer than looking at a template with them."""
    from cfnlint.runner import Runner

    return Runner(settings()).rules


def settings() -> Any:
    from cfnlint.config import ConfigMixIn

    return ConfigMixIn(regions=["eu-central-1"])
