"""A sandbox inside a test process, on a free loopback port; the same code as the server process runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from senza.aws import Endpoint
from senza.sandbox.app import Answer, Keys
from senza.sandbox.build import build
from senza.sandbox.faults import Faults
from senza.sandbox.http import make_server, serve_in_thread
from senza.sandbox.load.settings import Load
from senza.sandbox.world import Request, Settings, VirtualClock


class EmbeddedSandbox:
    """One at a time in a process (moto keeps its state in modules). Stop it when done, or use it in a ``with``."""

    def __init__(self) -> None:
        keys = Keys.fresh()
        self._app, self._world = build(keys)
        self._server = make_server(self._app)
        url = f"http://127.0.0.1:{self._server.server_port}"
        self._app.url = url
        self._thread = serve_in_thread(self._server)
        self.endpoint = Endpoint(url, self._world.region, keys.access_key_id, keys.secret_access_key)

    def __enter__(self) -> EmbeddedSandbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def clock(self) -> VirtualClock:
        """What stack operations take their time from; stands still until advanced."""
        assert isinstance(self._world.clock, VirtualClock)
        return self._world.clock

    @property
    def settings(self) -> Settings:
        return self._world.settings

    @property
    def faults(self) -> Faults:
        return self._world.faults

    @property
    def log(self) -> list[Request]:
        """Every request since the last reset, in order; clear it to begin counting."""
        return self._world.log

    @property
    def labels(self) -> dict[str, str]:
        """``{random id: "<label>"}`` of the seeded account."""
        found: dict[str, str] = self._app.account["labels"]
        return found

    @property
    def values(self) -> dict[str, Any]:
        """Facts of the seeded account: ``account_id``, ``vpc_id``, ``zone_ids``, ``acm_arn``..., see seed.py."""
        found: dict[str, Any] = self._app.account["values"]
        return found

    def advance(self, seconds: float) -> None:
        """Let that time pass, with everything that happens in it."""
        with self._world.lock:
            self.clock.advance(seconds)
            self._world.timeline.catch_up()

    def load(self, app: str, load: Load) -> None:
        """Let an app get this load from now on; what it got before ends."""
        from senza.sandbox.load.feeder import set_load

        with self._world.lock:
            set_load(app, load)

    def stop_load(self, app: str) -> None:
        """Let an app get no load any more; fine if it gets none."""
        from senza.sandbox.load.feeder import stop_load

        with self._world.lock:
            stop_load(app)

    def report(
        self,
        namespace: str,
        name: str,
        dimensions: Mapping[str, str],
        *values: float,
        at: float | None = None,
        unit: str = "None",
    ) -> None:
        """Give CloudWatch values of a metric, AWS's own namespaces included, as AWS's services do.

        at: the moment that they are of, seconds since the epoch; now, unless given.
        """
        from senza.sandbox.cloudwatch.data import MINUTE, Datum, Key
        from senza.sandbox.patches.cloudwatch import here

        with self._world.lock:
            minute = (self.clock.now() if at is None else at) // MINUTE * MINUTE
            here().add(Key.of(namespace, name, dimensions), Datum.of(minute, [(one, 1) for one in values], unit))

    def answer(self, environ: dict[str, Any]) -> Answer:
        """Handle a request that does not come over HTTP, as WSGI describes it (PEP 3333). Raises Dropped."""
        return self._app.answer(environ, 0)

    def date(self) -> float:
        """What answers say the time is, seconds since the epoch."""
        return self._app.date()

    def reset(self) -> None:
        """Back to the freshly seeded account, clock, settings, faults and log at their defaults."""
        self._app.reset()

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
