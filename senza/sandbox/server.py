"""The sandbox as a process of its own: ``python -m senza.sandbox.server``, started by :mod:`senza.sandbox.control`.

It writes the state file when it is ready and takes it away when it is told to end (SIGTERM).
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
import time

from senza.errors import SenzaError
from senza.sandbox import clocks, state
from senza.sandbox.app import Keys
from senza.sandbox.build import build
from senza.sandbox.http import make_server, serve_in_thread
from senza.sandbox.world import Settings, world


def settings() -> Settings:
    """Enough time for a stack to be watched: hello world takes some four seconds, a DNS change one more poll."""
    return Settings(
        default_seconds=0.3,
        seconds={"AWS::AutoScaling::AutoScalingGroup": 2.0, "AWS::ElasticLoadBalancing::LoadBalancer": 1.0},
        insync_polls=1,
    )


def serve(region: str, started: float, speed: float) -> None:
    """Run until SIGTERM or SIGINT."""
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    keys = Keys.fresh()
    world.region = region
    world.clock = clocks.made(started, speed)
    world.make_settings = settings
    app, _ = build(keys)
    server = make_server(app)
    app.url = f"http://127.0.0.1:{server.server_port}"
    os.environ["MOTO_PORT"] = str(server.server_port)
    serve_in_thread(server)
    pid = os.getpid()
    state.write(
        state.State(
            url=app.url,
            port=server.server_port,
            pid=pid,
            identity=state.identity_of(pid),
            region=region,
            access_key_id=keys.access_key_id,
            secret_access_key=keys.secret_access_key,
            started=started,
            speed=speed,
        )
    )
    ended.wait()
    state.forget(pid)
    server.shutdown()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--region", required=True)
    parser.add_argument("--speed", type=float, default=1.0)
    given = parser.parse_args()
    try:
        serve(given.region, time.time(), given.speed)
    except SenzaError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    code = main()
    sys.stderr.flush()
    os._exit(code)  # all state is in memory, and taking it apart object by object lasts a second
