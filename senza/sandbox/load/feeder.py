"""Feeds CloudWatch at the end of each minute of the sandbox's clock, whenever the time line gets there.

A minute counts as it is at its end: the weights of Route 53 and of listener rules and the health of instances at that
moment are taken for all of it. So a change of weights shows in the minute in which it is made.
"""

from __future__ import annotations

from collections import deque
from dataclasses import asdict
from typing import Any

from senza.sandbox.load import routes
from senza.sandbox.load.metrics import Version, reports
from senza.sandbox.load.settings import Load
from senza.sandbox.timeline import Operation
from senza.sandbox.world import ActiveLoad, world

MINUTE = 60
KEPT = 86_400
"""Seconds that data of load is kept: a sandbox whose time runs fast would soon have years of it."""
EARLY = 0.001
"""Seconds by which the sum of pauses may miss a full minute."""


def set_load(app: str, load: Load) -> None:
    """From now on; what the app had before ends. The caller holds the lock."""
    loads = world.loads
    before = loads.active.get(app)
    loads.active[app] = ActiveLoad(load, since=before.since if before else world.timeline.now)
    if loads.operation is None:
        loads.operation = feeding()
        world.timeline.start(loads.operation)


def stop_load(app: str) -> bool:
    """Whether there was one. The caller holds the lock."""
    loads = world.loads
    ended = loads.active.pop(app, None) is not None
    if not loads.active and loads.operation is not None:
        world.timeline.cancel(loads.operation)
        loads.operation = None
    return ended


def described() -> dict[str, Any]:
    """By app: its load, and the share of each version now, in the first account and region that has any."""
    return {app: {"load": asdict(one.load), "shares": shares_of(app)} for app, one in world.loads.active.items()}


def shares_of(app: str) -> dict[str, float]:
    for place in places():
        with world.at(place):
            if found := routes.versions(app):
                return {each.name: each.whole for each in found}
    return {}


def places() -> list[tuple[str, str]]:
    """The accounts and regions that somebody uses."""
    return [place for place in world.places if place[1]]


def feeding() -> Operation:
    while True:
        now = world.timeline.now
        end = ((now + EARLY) // MINUTE + 1) * MINUTE
        yield end - now
        if end <= world.clock.now() - KEPT:
            continue  # nobody looked for more than a day
        for app, active in world.loads.active.items():
            for place in places():
                with world.at(place):
                    feed(app, active, end)
            active.minutes += 1


def feed(app: str, active: ActiveLoad, end: float) -> None:
    """Report the minute that ends then, of the versions in this account and region."""
    from senza.sandbox.patches.cloudwatch import here

    store, start = here(), end - MINUTE
    for version in versions(app, active):
        for key, datum in reports(app, active.load, version, start, min(MINUTE, end - active.since), active.minutes):
            store.add(key, datum)
            store.forget(key, end - KEPT)


def versions(app: str, active: ActiveLoad) -> list[Version]:
    """With the shares of this minute, or of those before, too, where resolvers lag behind; rules have no lag."""
    found = routes.versions(app)
    minutes = round(active.load.lag / MINUTE)
    past = deque(active.past.get(world.place, ()), maxlen=minutes)
    active.past[world.place] = deque([*past, {one.name: one.share for one in found}], maxlen=minutes)
    return routes.lagging(found, past) if past else found
