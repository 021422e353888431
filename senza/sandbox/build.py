"""Put moto, the patches, the seeded account and the front together: the same for the server process and for tests."""

from __future__ import annotations

import importlib.util
import os
from importlib import resources

from senza.errors import SenzaError
from senza.sandbox.app import App, Keys
from senza.sandbox.world import World, world


def require_moto() -> None:
    """Raises SenzaError where the extra is not installed."""
    if importlib.util.find_spec("moto") is None or importlib.util.find_spec("flask") is None:
        raise SenzaError("the sandbox needs moto, which is not installed", hint="pip install 'senza[sandbox]'")


def build(keys: Keys) -> tuple[App, World]:
    """A seeded sandbox on this process's :data:`world`. Importing moto takes a second or two, the first time."""
    require_moto()
    amis = resources.files("senza.sandbox") / "data" / "amis.json"
    os.environ["MOTO_AMIS_PATH"] = str(amis)  # moto reads these when it is imported
    os.environ["MOTO_ACM_VALIDATION_WAIT"] = "-1"
    os.environ.setdefault("MOTO_ACCOUNT_ID", "123456789012")
    from senza.sandbox import patches
    from senza.sandbox.seed import seed

    patches.apply()
    app = App(world, keys, lambda: seed(world.region))
    app.reset()
    return app, world
