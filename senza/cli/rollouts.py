"""What ``senza deploy`` and ``senza rollout`` share: a Control, Ctrl-C, and how the end is told."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from senza.cli.context import Context
from senza.discretion import harmless
from senza.errors import OperationFailed

if TYPE_CHECKING:
    from senza.rollout.attending import Stop
    from senza.rollout.control import Control
    from senza.rollout.runner import Result

PATIENCE = 10.0
"""Seconds for a connection and for an answer of Prometheus, hooks and chat."""
COMMIT = r"[0-9a-f]{7,40}"


@contextmanager
def control_of(context: Context, force_unlock: str = "") -> Iterator[Control]:
    """A Control on the context's AWS; while it lasts, Ctrl-C stops a rollout between two calls."""
    import urllib3

    from senza.journal import Caller, Journal
    from senza.rollout.attending import Stop
    from senza.rollout.control import Control
    from senza.rollout.telling import Telling

    aws, reporter = context.aws(), context.reporter()
    caller = Caller(aws)
    control = Control(
        aws=aws,
        clock=context.clock,
        zones=context.account().zones,
        journal=Journal(aws, context.clock, account_id=caller.account_id, who=caller.who),
        who=caller.who,
        reporter=reporter,
        listeners=Telling(),
        web=urllib3.PoolManager(timeout=urllib3.Timeout(connect=PATIENCE, read=PATIENCE), retries=False),
        environ=aws.surroundings(context.environ),
        warn=context.warn,
        force_unlock=force_unlock,
        stop=Stop(reporter.progress),
    )
    with listening(control.stop):
        yield control


@contextmanager
def listening(stop: Stop) -> Iterator[None]:
    """Give SIGINT, SIGTERM and SIGHUP (a lost terminal) to ``stop``; what is ignored, as under nohup, stays ignored.

    Only the main thread may, so nothing happens in others.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    heeded = [number for number in numbers if signal.getsignal(number) not in (signal.SIG_IGN, None)]
    before = {number: signal.signal(number, stop.on_signal) for number in heeded}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def conclude(context: Context, result: Result) -> None:
    """One line about the end. Raises OperationFailed (exit code 1) where the new version did not make it."""
    stack = result.stack
    if result.says == "promoted":
        click.echo(harmless(f"{stack} is promoted."))
        return
    app = stack.rpartition("-")[0]
    left = f"{stack} keeps {result.left:g} % of it: no other version is left" if result.left else "it is as before"
    hint = f"The traffic: {left}. senza rollout report {app} shows the numbers."
    raise OperationFailed(f"{stack} was {result.says}: {result.because}", hint=hint)


def commit_time(values: Iterable[str], directory: str) -> float | None:
    """When the commit was made that a parameter names, seconds since the epoch; None where none does.

    Asks git in that directory; its repository must know the commit.
    """
    import re

    for value in values:
        if re.fullmatch(COMMIT, value):
            said = git(directory, "show", "-s", "--format=%ct", f"{value}^{{commit}}")
            if said is None or said.isdigit():
                return float(said) if said else None
    return None


def checked_out(directory: str) -> str | None:
    """The commit that is checked out in that directory; None where git does not say."""
    return git(directory, "rev-parse", "--verify", "HEAD") or None


def git(directory: str, *words: str) -> str | None:
    """What git answers; "" where it refuses, None where there is no git or it takes too long."""
    import subprocess

    try:
        command = ["git", "-C", directory, *words]
        answer = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return None
    return answer.stdout.strip() if answer.returncode == 0 else ""
