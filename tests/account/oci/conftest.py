"""A registry for the tests, and something that asks it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
import urllib3

from senza.account.oci import FoundImage, Login, Registries
from tests.account.oci.local import LocalRegistry, serving


@dataclass
class Asking:
    """``ask("team/app:1", "arm64")`` looks an image of the local registry up, each time anew."""

    registry: LocalRegistry
    http: urllib3.PoolManager
    login: Callable[[str], Login | None] = lambda host: None

    def __call__(self, image: str, architecture: str = "") -> FoundImage:
        asking = Registries(lambda host: self.login(host), http=self.http)
        return asking.look_up(f"{self.registry.host}/{image}", architecture)


@pytest.fixture(scope="module")
def _served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LocalRegistry, urllib3.PoolManager]]:
    with serving(tmp_path_factory.mktemp("registry")) as both:
        yield both


@pytest.fixture
def registry(_served: tuple[LocalRegistry, urllib3.PoolManager]) -> LocalRegistry:
    """An empty one."""
    served, _ = _served
    host = served.host
    served.__init__(host=host)  # type: ignore[misc]  # the server thread knows this very object
    return served


@pytest.fixture
def ask(registry: LocalRegistry, _served: tuple[LocalRegistry, urllib3.PoolManager]) -> Asking:
    return Asking(registry, _served[1])
