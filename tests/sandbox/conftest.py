from __future__ import annotations

import pytest

from senza.aws import Aws
from senza.sandbox.embedded import EmbeddedSandbox
from tests.sandbox.stacks import Stacks


@pytest.fixture
def stacks(sandbox: EmbeddedSandbox, aws: Aws) -> Stacks:
    return Stacks(sandbox, aws)


@pytest.fixture(autouse=True)
def _over_http(over_http: None) -> None:
    """Here the sandbox is tested as everything else reaches it."""
