"""Put moto, the patches, the seeded account and the front together: the same for the server process and for tests."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import resources
from typing import Any

from senza.errors import SenzaError, UsageError
from senza.sandbox.app import App, Keys
from senza.sandbox.world import World, world


def require_moto() -> None:
    """Raises SenzaError where the extra is not installed."""
    if importlib.util.find_spec("moto") is None or importlib.util.find_spec("flask") is None:
        raise SenzaError("the sandbox needs moto, which is not installed", hint="pip install 'senza[sandbox]'")


def build(keys: Keys) -> tuple[App, World]:
    """A seeded sandbox on this process's :data:`world`. Importing moto takes two seconds, the first time.

    Raises UsageError for a region that AWS does not have.
    """
    require_moto()
    amis = resources.files("senza.sandbox") / "data" / "amis.json"
    os.environ["MOTO_AMIS_PATH"] = str(amis)  # moto reads these when it is imported
    os.environ["MOTO_ACM_VALIDATION_WAIT"] = "-1"
    os.environ.pop("MOTO_ACCOUNT_ID", None)  # it would make one account of all
    with read_once("endpoints", "partitions"):
        check_region(world.region)
        from senza.sandbox import patches, remembered
        from senza.sandbox.seed import seed

        patches.apply()
        remembered.apply()
    app = App(world, keys, lambda: seed(world.region))
    app.reset()
    return app, world


def check_region(region: str) -> None:
    from boto3 import Session

    known = Session().get_available_regions("ec2")
    if region not in known:
        raise UsageError(f"there is no AWS region {region!r}", hint=f"There are: {', '.join(sorted(known))}.")


@contextmanager
def read_once(*names: str) -> Iterator[None]:
    """Let sessions share what they read of botocore's data, by the names of the files; all of it where none is named.

    While moto is imported, it makes four sessions that each parse the endpoints: half a second in vain.
    """
    from botocore.loaders import JSONFileLoader

    load_file = JSONFileLoader.load_file

    @cache
    def read(path: str) -> Any:
        return load_file(JSONFileLoader(), path)

    def load(self: Any, path: str) -> Any:
        return read(path) if not names or os.path.basename(path) in names else load_file(self, path)

    JSONFileLoader.load_file = load
    try:
        yield
    finally:
        JSONFileLoader.load_file = load_file
