"""The seeded account for tests that change nothing in it: seeded once for all of them."""

from __future__ import annotations

import pytest

from senza.aws import Aws
from senza.sandbox.embedded import EmbeddedSandbox


@pytest.fixture(scope="module")
def seeded(sandbox_server: EmbeddedSandbox) -> EmbeddedSandbox:
    sandbox_server.reset()
    return sandbox_server


@pytest.fixture(scope="module")
def aws(seeded: EmbeddedSandbox) -> Aws:
    return Aws(endpoint=seeded.endpoint)


@pytest.fixture(scope="module")
def labels(seeded: EmbeddedSandbox) -> dict[str, str]:
    return seeded.labels
