"""Gap: moto stamps what it makes with the machine's time, so ages and expiry would not follow the sandbox's clock."""

from __future__ import annotations

from datetime import datetime
from typing import Any


def utcnow() -> datetime:
    from datetime import UTC, datetime

    from senza.sandbox.world import world

    return datetime.fromtimestamp(world.timeline.now, UTC).replace(tzinfo=None)


def aware() -> datetime:
    """The sandbox's time, with its zone."""
    from datetime import UTC

    return utcnow().replace(tzinfo=UTC)


def stamp(model: Any, attribute: str, text: bool = False) -> None:
    """Let new objects of that class carry the sandbox's time, where moto asks the machine for it."""
    begin = model.__init__

    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        begin(self, *args, **kwargs)
        setattr(self, attribute, utcnow().isoformat() if text else aware())

    model.__init__ = init


def apply() -> None:
    from moto.autoscaling.models import FakeAutoScalingGroup
    from moto.core import utils
    from moto.elb.models import LoadBalancer

    # other modules of moto have imported the function by name, so its code is replaced, not the name
    utils.utcnow.__code__ = utcnow.__code__
    stamp(LoadBalancer, "created_time")
    stamp(FakeAutoScalingGroup, "created_time", text=True)
