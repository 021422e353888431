"""The life cycle of the sandbox process: start, status, reset, stop, and the environment that points to it.

Imports neither moto nor boto3.
"""

from __future__ import annotations

import fcntl
import json
import os
import shlex
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from senza.clock import Clock, SystemClock
from senza.errors import NotFound, OperationFailed, TimedOut, UsageError
from senza.sandbox import clocks, state
from senza.sandbox.build import require_moto
from senza.sandbox.load.settings import Load
from senza.sandbox.state import State

REGION = "eu-central-1"
LOG = "sandbox.log"
LOCK = "sandbox.lock"
READY = 300.0
"""Seconds that a start may take: a few are enough, but on a machine with much else to do."""
ENDED = 10.0
"""Seconds that a process has to end before it is killed."""
POLL = 0.05
REFUSED = 400
"""The status of what a control endpoint does not take."""
LOG_LINES = 15
NOT_RUNNING = "no sandbox is running"
SET = (
    *("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"),
    *("AWS_EC2_METADATA_DISABLED", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "SENZA_SANDBOX", clocks.VARIABLE),
)
CLEARED = (
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "AWS_REGION",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
)


@contextmanager
def locked() -> Iterator[None]:
    """One start or stop at a time; the lock ends with the process that holds it."""
    with open(state.made_directory() / LOCK, "w", opener=state.not_a_link) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def start(region: str = REGION, clock: Clock | None = None, *, speed: float = 1.0) -> tuple[State, bool]:
    """The running sandbox, and whether this call started it. speed: how many seconds pass in it while one passes here.

    Raises SenzaError where moto is missing, OperationFailed with the end of its log where it does not come up, and
    TimedOut where it takes longer than five minutes.
    """
    require_moto()
    clock = clock or SystemClock()
    with locked():
        running = state.read()
        if running is not None:
            return running, False
        process = launch(region, speed)
        until = clock.now() + READY
        while process.poll() is None:
            ready = state.read()
            if ready is not None and ready.pid == process.pid:
                return ready, True
            if clock.now() >= until:
                process.kill()
                process.wait()
                raise TimedOut(f"the sandbox was not ready within {READY:.0f} seconds", hint=log_end())
            clock.sleep(POLL)
        raise OperationFailed("the sandbox could not start", hint=log_end())


def launch(region: str, speed: float) -> subprocess.Popen[bytes]:
    """The server in a session of its own, without the user's AWS settings, its output in the log."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MOTO_"))}
    package = str(Path(__file__).resolve().parents[2])
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, (package, environment.get("PYTHONPATH"))))
    if "SENZA_SANDBOX_STATE" in environment:
        environment["SENZA_SANDBOX_STATE"] = str(state.directory().resolve())
    log = os.open(state.directory() / LOG, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    try:
        return subprocess.Popen(  # noqa: S603 - our own module, run by this very Python
            [sys.executable, "-m", "senza.sandbox.server", "--region", region, "--speed", str(speed)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            env=environment,
            start_new_session=True,
        )
    finally:
        os.close(log)


def log_end() -> str:
    """The last lines that the server wrote, and where the rest is."""
    path = state.directory() / LOG
    lines = path.read_text(errors="replace").strip().splitlines()[-LOG_LINES:] if path.exists() else []
    return "\n".join([*lines, f"Its log: {path}"])


def stop(clock: Clock | None = None) -> State | None:
    """End the running sandbox and return it; None where none ran. Its process is gone when this returns."""
    clock = clock or SystemClock()
    with locked():
        running = state.read()
        if running is None:
            return None
        for number in (signal.SIGTERM, signal.SIGKILL):
            send(running, number)
            until = clock.now() + ENDED
            while state.alive(running) and clock.now() < until:
                clock.sleep(POLL)
            if not state.alive(running):
                break
        state.forget(running.pid)
        return running


def send(running: State, number: signal.Signals) -> None:
    """Signal the sandbox's process, and no other one that may have got its number meanwhile."""
    try:
        if not hasattr(os, "pidfd_open"):
            if state.alive(running):
                os.kill(running.pid, number)
            return
        handle = os.pidfd_open(running.pid)
        try:
            if state.alive(running):
                signal.pidfd_send_signal(handle, number)
        finally:
            os.close(handle)
    except ProcessLookupError:
        return


def reset() -> State:
    """Wipe the account and seed it again. Raises NotFound where no sandbox runs."""
    running = required()
    control(running, "POST", "reset")
    return running


def status() -> tuple[State, dict[str, Any]]:
    """The running sandbox and what it says of its account. Raises NotFound where none runs."""
    running = required()
    return running, control(running, "GET", "health")


def required() -> State:
    running = state.read()
    if running is None:
        raise NotFound(NOT_RUNNING, hint="Start one: senza sandbox start")
    return running


def load(app: str, settings: Load) -> dict[str, float]:
    """Let an app get this load; returns the shares of its versions now. Raises NotFound where no sandbox runs."""
    answer = control(required(), "POST", "load", {"app": app, **asdict(settings)})
    shares: dict[str, float] = answer["shares"]
    return shares


def stop_load(app: str) -> bool:
    """Whether the app got load until now. Raises NotFound where no sandbox runs."""
    return bool(control(required(), "DELETE", "load", {"app": app})["ended"])


def control(running: State, method: str, name: str, body: Any = None) -> Any:
    """Ask one of the sandbox's own endpoints. Raises UsageError for what it refuses, OperationFailed."""
    request = urllib.request.Request(  # noqa: S310 - a URL on loopback that we wrote ourselves
        f"{running.url}/_senza/{name}",
        method=method,
        headers={"X-Senza-Secret": running.secret_access_key},
        data=None if body is None else json.dumps(body).encode(),
    )
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(request, timeout=30) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        said = json.load(error) if error.code == REFUSED else {}
        if "error" not in said:
            raise OperationFailed(f"the sandbox at {running.url} answers {error}") from error
        raise UsageError(said["error"], hint=said["hint"]) from error
    except (urllib.error.URLError, TimeoutError, ValueError) as error:
        raise OperationFailed(
            f"the sandbox at {running.url} does not answer: {error}", hint="senza sandbox stop; senza sandbox start"
        ) from error


def variables(running: State) -> dict[str, str]:
    """What points the AWS SDKs, the AWS CLI and senza to this sandbox, and to nothing else."""
    clock = running.clock()
    time_there = {clocks.VARIABLE: str(clock)} if isinstance(clock, clocks.ScaledClock) else {}
    return time_there | running.endpoint().variables()


def environment(running: State, current: Mapping[str, str], *, fish: bool = False) -> list[str]:
    """Lines for the shell to evaluate: into the sandbox. current: the environment that they are for."""
    special = sorted(name for name in current if name.startswith("AWS_ENDPOINT_URL_"))
    settings = variables(running)
    if any(name.lower() in ("http_proxy", "all_proxy") for name in current):
        direct = current.get("NO_PROXY") or current.get("no_proxy") or ""
        if "127.0.0.1" not in direct.split(","):
            settings["NO_PROXY"] = settings["no_proxy"] = ",".join(filter(None, (direct, "127.0.0.1")))
    return [
        *(assignment(name, value, fish=fish) for name, value in settings.items()),
        *(removal(name, fish=fish) for name in (*CLEARED, *special, clocks.VARIABLE) if name not in settings),
    ]


def leaving(*, fish: bool = False) -> list[str]:
    """Lines for the shell to evaluate: out of the sandbox. What was set before is not brought back."""
    return [removal(name, fish=fish) for name in SET]


def assignment(name: str, value: str, *, fish: bool) -> str:
    return f"set -gx {name} {shlex.quote(value)};" if fish else f"export {name}={shlex.quote(value)};"


def removal(name: str, *, fish: bool) -> str:
    return f"set -e {name};" if fish else f"unset {name};"
