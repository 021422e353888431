"""Where the running sandbox is written down, and how others find it. Imports neither moto nor boto3.

One JSON file, ``$XDG_STATE_HOME/senza/sandbox.json`` (``~/.local/state`` where that is not set), readable by its owner
only. ``SENZA_SANDBOX_STATE`` names another directory for it.
"""

from __future__ import annotations

import json
import os
import stat
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from senza.clock import Clock
from senza.errors import NotFound, UsageError
from senza.sandbox import clocks

if TYPE_CHECKING:
    from senza.aws import Endpoint

FILE = "sandbox.json"


@dataclass(frozen=True)
class State:
    """A sandbox that was started.

    identity: what tells its process from a later one with the same number. started: seconds since the epoch.
    speed: how many seconds pass in it while one passes outside.
    """

    url: str
    port: int
    pid: int
    identity: str
    region: str
    access_key_id: str
    secret_access_key: str
    started: float
    speed: float = 1.0

    def endpoint(self) -> Endpoint:
        """How :class:`senza.aws.Aws` reaches it."""
        from senza.aws import Endpoint

        return Endpoint(self.url, self.region, self.access_key_id, self.secret_access_key)

    def clock(self) -> Clock:
        """The time there, and how to wait in it."""
        return clocks.made(self.started, self.speed)


def directory() -> Path:
    """Where the state file is; not made by asking."""
    given = os.environ.get("SENZA_SANDBOX_STATE")
    if given:
        return Path(given)
    home = os.environ.get("XDG_STATE_HOME")
    return (Path(home) if home else Path.home() / ".local" / "state") / "senza"


def made_directory() -> Path:
    """The directory, made where it is missing; nobody else may look into the one that is ours.

    Raises UsageError for one into which everybody may write: what is there may be anybody's.
    """
    folder = directory()
    make(folder)
    if not os.environ.get("SENZA_SANDBOX_STATE"):
        folder.chmod(0o700)
    elif folder.stat().st_mode & stat.S_IWOTH:
        raise UsageError(
            f"everybody may write into {folder} (SENZA_SANDBOX_STATE)", hint=f"Name one of your own: chmod 700 {folder}"
        )
    return folder


def make(folder: Path) -> None:
    """Make it, and those above it, for the user only whatever the umask."""
    if not folder.is_dir():
        make(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)


def read() -> State | None:
    """The running sandbox, or None. The file of a crashed one counts as none, and so does another user's."""
    try:
        with open(directory() / FILE, encoding="utf-8", opener=not_a_link) as file:
            own = os.fstat(file.fileno()).st_uid == os.geteuid()
            state = State(**json.load(file)) if own else None
    except (OSError, ValueError, TypeError):
        return None
    return state if state and alive(state) else None


def write(state: State) -> None:
    """Put it down, whole or not at all."""
    folder = made_directory()
    draft = folder / f"{FILE}.{os.getpid()}"
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        json.dump(asdict(state), out, indent=1)
    draft.replace(folder / FILE)


def not_a_link(path: str, flags: int) -> int:
    """Opens a file for its user only, and follows no link that somebody else may have laid."""
    return os.open(path, flags | os.O_NOFOLLOW, 0o600)


def forget(pid: int) -> None:
    """Remove the file, if it is about that process."""
    path = directory() / FILE
    try:
        if json.loads(path.read_text()).get("pid") == pid:
            path.unlink(missing_ok=True)
    except (FileNotFoundError, NotADirectoryError, ValueError, AttributeError):
        pass


def identity_of(pid: int) -> str:
    """When this process started, in the system's own terms; "" where there is none, or only its remains."""
    try:
        # field 22, counted behind the command's name, which may hold spaces and parentheses: proc_pid_stat(5)
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return "" if fields[0] in "ZX" else f"{boot}/{fields[19]}"
    except OSError:
        if Path("/proc/self").exists():
            return ""
    asked = subprocess.run(  # noqa: S603 - systems without /proc
        ["/bin/ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout.strip()
    return "" if asked.startswith("Z") else asked.partition(" ")[2].strip()


def alive(state: State) -> bool:
    """Whether the process that wrote this state still runs."""
    return bool(state.identity) and identity_of(state.pid) == state.identity


def endpoint() -> Endpoint:
    """How :class:`senza.aws.Aws` reaches the running sandbox. Raises NotFound where none runs."""
    state = read()
    if state is None:
        raise NotFound("no sandbox is running", hint="Start one: senza sandbox start")
    return state.endpoint()
