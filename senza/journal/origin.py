"""Where an entry comes from: user, machine and process; and whether a process that took a lock is still there."""

from __future__ import annotations

import getpass
import hashlib
import os
import socket
import sys
import uuid
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Origin:
    """One process. place: the same for two processes only where each could see the other's process id, else different.

    started: when the process began, in a form that can only be compared; "" where the system does not tell.
    """

    where: str
    place: str
    pid: int
    started: str


def this_process() -> Origin:
    pid = os.getpid()
    return Origin(f"{user()}@{socket.gethostname()} {pid}", place(), pid, started(pid))


def user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user id without a name
        return str(os.getuid()) if hasattr(os, "getuid") else "unknown"


def place() -> str:
    """Host names do not tell machines apart: those of CI runners are often the same. "" where nothing does."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        facts = f"{boot} {os.readlink('/proc/self/ns/pid')}"  # containers of one machine have their own process ids
    except OSError:
        node = uuid.getnode()
        if sys.platform.startswith("linux") or node & (1 << 40):  # RFC 9562, 6.10: a random number, no address
            return ""
        facts = f"{node:x} {socket.gethostname()}"
    return hashlib.sha256(facts.encode()).hexdigest()[:16]


def started(pid: int) -> str:
    """proc(5): field 22 of ``/proc/PID/stat``, in clock ticks since boot; the name before it may hold anything."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""


def is_gone(place_of: str, pid: int, begun: str) -> bool:
    """Whether the process is surely gone; False where this machine cannot know."""
    if os.name != "posix" or not pid or not place_of or place_of != place():
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except OSError:  # it is there, and somebody else's
        pass
    now = started(pid)
    return bool(begun and now and begun != now)  # another process has got its number
