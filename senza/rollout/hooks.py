"""The user's own checks: a command that is run, or a URL that gets a POST. A hook that fails is an answer, no error."""

from __future__ import annotations

import os
import re
import selectors
import signal
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

from senza.rollout.model import Hook
from senza.rollout.web import Unanswered, post_json, shown

if TYPE_CHECKING:
    import urllib3

KEPT = 4096
"""Bytes of a command's output that are kept, the last ones."""
GRACE = 5.0
"""Seconds between asking a command to end and ending it."""
POLL = 0.05
"""Seconds between looks at whether a command has ended that said nothing meanwhile."""
PREFIX = "SENZA_"
_ESCAPES = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|[@-Z\\-_])")
"""ECMA-48: control sequences (colours, cursor), operating system commands (titles), other escapes of two characters."""


@dataclass(frozen=True)
class HookResult:
    """said: the last lines of a command, or the message of an answer; why it failed where that is not in there."""

    passed: bool
    said: str


def run_hook(
    hook: Hook, facts: Mapping[str, Any], *, directory: str, environ: Mapping[str, str], web: urllib3.PoolManager
) -> HookResult:
    """Ask one hook.

    facts: ``app``, ``version``, ``stack``, ``old_version``, ``weight`` (percent), ``url``, ``region``, ``rollout``; a
    command gets them as ``SENZA_APP``..., a URL as JSON. directory: of the definition; commands run there. environ:
    what else commands see. Never raises for a hook that fails; the timeout is one of real seconds.
    """
    if hook.url:
        return posted(hook, facts, web)
    own = {PREFIX + name.upper(): text_of(value) for name, value in facts.items()}
    return ran(hook, directory, {**environ, **own})


def text_of(value: Any) -> str:
    """``5`` for 5.0, nothing for None; no NUL, which no environment can hold."""
    text = f"{value:g}" if isinstance(value, float) else "" if value is None else str(value)
    return text.replace("\0", "")


def posted(hook: Hook, facts: Mapping[str, Any], web: urllib3.PoolManager) -> HookResult:
    try:
        answer = post_json(web, hook.url, dict(facts), hook.timeout)
    except Unanswered as error:
        return HookResult(False, str(error))
    body = answer.json()
    message = body.get("message") if isinstance(body, dict) else None
    said = readable(message)[-KEPT:] if isinstance(message, str) else ""
    if answer.good:
        return HookResult(True, said)
    told = f"{shown(hook.url)} answers with HTTP {answer.status}"
    return HookResult(False, f"{told}: {said}" if said else told)


def ran(hook: Hook, directory: str, environ: Mapping[str, str]) -> HookResult:
    try:
        process = begun(hook.run, directory, environ)
    except (OSError, ValueError) as error:
        return HookResult(False, f"it cannot be run in {directory}: {error}")
    try:
        output, over = follow(process, time.monotonic() + hook.timeout)
    finally:  # also where the user interrupts us: Ctrl-C does not reach the other group
        if process.poll() is None:
            end(process)
        if process.stdout:
            process.stdout.close()
    said = readable(output.decode(errors="replace"))
    if over:
        return HookResult(False, lines(said, f"it was ended after {hook.timeout:g} seconds"))
    code = process.returncode
    if code == 0:
        return HookResult(True, said)
    how = f"ended by signal {-code}" if code < 0 else f"exit code {code}"
    return HookResult(False, lines(said, how))


def begun(command: str, directory: str, environ: Mapping[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - a command line of the user's own
        ["/bin/sh", "-c", command],
        cwd=directory,
        env=dict(environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,  # a group of its own, which can be ended as a whole
    )


def follow(process: subprocess.Popen[bytes], until: float) -> tuple[bytes, bool]:
    """The end of the output, and whether the time was over first.

    Done when the command has ended, even if something that it left behind holds on to its output.
    """
    assert process.stdout is not None
    output = b""
    os.set_blocking(process.stdout.fileno(), False)
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while True:
            ended = process.poll() is not None
            chunk = drain(process.stdout, selector, 0 if ended else POLL)
            output = (output + (chunk or b""))[-KEPT:]
            if ended and not chunk:
                return output, False
            if time.monotonic() >= until:
                return output, not ended
            if chunk is None and not ended:  # it closed its output and goes on
                time.sleep(POLL)


def drain(stream: IO[bytes], selector: selectors.BaseSelector, wait: float) -> bytes | None:
    """What can be read within that many seconds; None at the end of the stream."""
    if not selector.get_map() or not selector.select(wait):
        return b""
    chunk = os.read(stream.fileno(), 65536)
    if not chunk:
        selector.unregister(stream)
        return None
    return chunk


def end(process: subprocess.Popen[bytes]) -> None:
    """End the command and what it started: ask, wait, insist."""
    for number, wait in ((signal.SIGTERM, GRACE), (signal.SIGKILL, None)):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(wait)
            break
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)  # whoever of the group ignored the first one


def readable(text: str) -> str:
    """Without colours and other control characters; only the last of lines that overwrite each other."""
    plain = _ESCAPES.sub("", text).replace("\r\n", "\n")
    kept = [line.rpartition("\r")[2] for line in plain.split("\n")]
    return "\n".join("".join(char if char.isprintable() else " " for char in line).rstrip() for line in kept).strip()


def lines(said: str, last: str) -> str:
    return f"{said}\n({last})" if said else last
