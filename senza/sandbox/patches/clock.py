"""Gap: moto stamps what it makes with the machine's time, so ages and expiry would not follow the sandbox's clock."""

from __future__ import annotations

from datetime import datetime


def utcnow() -> datetime:
    from datetime import UTC, datetime

    from senza.sandbox.world import world

    return datetime.fromtimestamp(world.timeline.now, UTC).replace(tzinfo=None)


def apply() -> None:
    from moto.core import utils

    # other modules of moto have imported the function by name, so its code is replaced, not the name
    utils.utcnow.__code__ = utcnow.__code__
