"""What everybody's tests stand on: a sandbox per worker, a fresh account per test, no way out of either."""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from senza.aws import Aws
from senza.sandbox.embedded import EmbeddedSandbox
from tests.direct import Direct, answering
from tests.parts import shared

# How many examples property tests try. `make test` tries the same ones each time, so that a change is judged by what it
# changed; `make fuzz` looks for new ones. How long examples take to make, and how many are thrown away, is no verdict.
QUICK = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much, HealthCheck.large_base_example)
settings.register_profile("same", deadline=None, suppress_health_check=QUICK, derandomize=True)
settings.register_profile("nightly", deadline=None, suppress_health_check=QUICK, derandomize=False, max_examples=4000)
PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "same")
settings.load_profile(PROFILE)
if PROFILE == "same":
    # It would try constants of the modules that are imported by then, which depend on the tests that this worker had.
    with suppress(ImportError):  # not all versions do
        from hypothesis.internal.conjecture import providers
        from hypothesis.internal.constants_ast import Constants

        if hasattr(providers, "_get_local_constants"):
            providers._get_local_constants = Constants

KEPT = ("PATH", "TMPDIR", "LD_", "DYLD_", "PYTHON", "PYTEST_", "HYPOTHESIS_", "COV")
"""What the names of the only variables begin with that reach a test from outside."""
SAME: dict[str, str] = {
    "LANG": "C.UTF-8",
    "TZ": "NPT-05:45",  # not UTC, so that the one is not taken for the other
    "COLUMNS": "80",
    "LINES": "24",
    "TERM": "xterm",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "NO_PROXY": "127.0.0.1,localhost",
}


class FakeClock:
    """A clock (senza.clock.Clock) on which sleeping takes no time: the sandbox's time goes on instead."""

    def __init__(self, sandbox: EmbeddedSandbox) -> None:
        self._sandbox = sandbox
        self.slept: list[float] = []
        """The pauses asked for, in order, seconds."""

    def now(self) -> float:
        return self._sandbox.clock.now()

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self._sandbox.advance(seconds)


@pytest.fixture(scope="session", autouse=True)
def _same_everywhere() -> Iterator[None]:
    """Nothing of the machine's environment decides on a test: neither CI nor colours, time zone or proxies."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if not name.startswith(KEPT):
                patch.delenv(name)
        for name, value in SAME.items():
            patch.setenv(name, value)
        time.tzset()
        yield
    time.tzset()


@pytest.fixture(autouse=True)
def _away_from_the_user(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test sees the user's home, settings or credentials; returns the home it sees instead."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    for name in ("CONFIG", "STATE", "CACHE", "DATA"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(home / name.lower()))
    return home


@pytest.fixture(scope="session")
def _answered() -> Iterator[tuple[EmbeddedSandbox, Direct]]:
    with EmbeddedSandbox() as server, shared(), answering(server) as direct:
        gc.collect()
        gc.freeze()  # moto and the descriptions of AWS stay until the end: to look at them again and again is in vain
        yield server, direct


@pytest.fixture(scope="session")
def sandbox_server(_answered: tuple[EmbeddedSandbox, Direct]) -> EmbeddedSandbox:
    """The sandbox of this worker; use ``sandbox`` unless the state of the account does not matter."""
    return _answered[0]


@pytest.fixture
def over_http(_answered: tuple[EmbeddedSandbox, Direct]) -> Iterator[None]:
    """In this test, requests go to the sandbox through a socket."""
    direct = _answered[1]
    direct.on = False
    yield
    direct.on = True


@pytest.fixture
def sandbox(sandbox_server: EmbeddedSandbox) -> EmbeddedSandbox:
    """The freshly seeded account; settings, faults, log and clock at their defaults."""
    sandbox_server.reset()
    return sandbox_server


@pytest.fixture
def aws(sandbox: EmbeddedSandbox) -> Aws:
    """The door to the sandbox, with its call counter at zero."""
    return Aws(endpoint=sandbox.endpoint)


@pytest.fixture
def clock(sandbox: EmbeddedSandbox) -> FakeClock:
    return FakeClock(sandbox)


@pytest.fixture
def labels(sandbox: EmbeddedSandbox) -> dict[str, str]:
    """``{random id: "<label>"}`` of the seeded account."""
    return sandbox.labels
