"""What one sandbox consists of besides moto: its clock, its settings, its faults and its request log.

moto keeps its state in module-level backends, so there is one sandbox in a process and therefore one
:data:`world`, which the patches read.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from typing import Any, Protocol

from senza.errors import UsageError
from senza.sandbox.faults import Faults
from senza.sandbox.load.settings import Load
from senza.sandbox.timeline import Operation, Timeline

START = datetime(2026, 6, 1, 12, 0, tzinfo=UTC).timestamp()
"""Where the virtual clock stands in a fresh sandbox: after the seeded images, inside the certificates' validity."""


class SandboxClock(Protocol):
    def now(self) -> float:
        """Seconds since the epoch."""


class VirtualClock:
    """A clock that stands still until it is told to go on."""

    def __init__(self, start: float = START) -> None:
        self._now = start

    def now(self) -> float:
        return self._now

    def advance(self, seconds: float) -> None:
        self._now += seconds


@dataclass(frozen=True)
class Failure:
    """A resource that is to fail.

    stack: regular expression that the whole stack name matches. phase: ``create``, ``update`` or ``delete``.
    times: how often (a retry after that succeeds); None for always.
    """

    stack: str
    logical_id: str
    phase: str = "create"
    reason: str = "Injected failure"
    times: int | None = None


@dataclass
class Settings:
    """How the sandbox behaves where AWS leaves room; the defaults are those of tests (nothing takes time)."""

    default_seconds: float = 0.0
    """What a CloudFormation resource takes, unless :attr:`seconds` names its type."""
    seconds: dict[str, float] = field(default_factory=dict)
    """Seconds by resource type, e.g. ``{"AWS::AutoScaling::AutoScalingGroup": 2}``."""
    change_set_seconds: float = 0.0
    """What it takes to make a change set."""
    drift_seconds: float = 0.0
    """What it takes to detect drift."""
    failures: list[Failure] = field(default_factory=list)
    """Resources that fail."""
    auto_signal: bool = True
    """Instances of a group with a CreationPolicy signal success by themselves."""
    insync_polls: int = 0
    """How many GetChange calls answer PENDING before Route 53 says INSYNC."""
    page_size: int = 100
    """Items of a page of ListStacks, ListStackResources, DescribeStackEvents and ListExports."""
    change_set_page: int = 100
    """Changes of a page of DescribeChangeSet."""
    describe_stacks_page: int = 50
    """Stacks of a page of DescribeStacks (AWS: 1 MB, which is some fifty to a hundred stacks)."""
    allow_launch_configurations: bool = False
    """Whether launch configurations may be created; accounts opened since 2024-10-01 cannot."""
    instance_health: dict[str, str] = field(default_factory=dict)
    """State by instance id that classic load balancers report, ``InService`` unless given."""
    launch_seconds: float = 0.0
    """From the launch of a group's instance until it is InService in the group (before, it is Pending)."""
    healthy_seconds: float = 0.0
    """From then until its load balancers find it healthy."""
    refresh_failure: str = ""
    """The reason for which instance refreshes fail once they have replaced their first instances."""
    ssm_ping: dict[str, str] = field(default_factory=dict)
    """PingStatus by instance id; ``Online`` unless given, "" for instances that Systems Manager does not manage."""

    denied: list[str] = field(default_factory=list)
    """IAM actions that its user may not do, e.g. ``acm:*``; see senza/sandbox/permissions.py."""
    date_ahead: float = 0.0
    """Seconds by which the Date header of its answers is ahead of its clock."""

    def update(self, values: dict[str, Any]) -> None:
        """Set by name, as JSON has it. Raises UsageError for a name that is none."""
        known = {one.name for one in fields(self)}
        for name, value in values.items():
            if name not in known:
                raise UsageError(f"the sandbox has no setting {name!r}", hint=f"There are: {', '.join(sorted(known))}.")
            if name == "failures":
                value = [one if isinstance(one, Failure) else Failure(**one) for one in value]
            setattr(self, name, value)


@dataclass(frozen=True)
class Request:
    """One line of the request log: service and operation as boto3 names the client and AWS the call."""

    at: float
    service: str
    operation: str
    status: int
    milliseconds: float
    connection: int

    def __str__(self) -> str:
        return f"{self.service}:{self.operation}"


@dataclass
class ActiveLoad:
    """Load that an app gets in each account and region. since: when it began. minutes: how many were fed.

    past: by account and region, the shares of the last minutes.
    """

    load: Load
    since: float
    minutes: int = 0
    past: dict[tuple[str, str], deque[dict[str, float]]] = field(default_factory=dict)


@dataclass
class Loads:
    """By app; and the operation on the time line that feeds CloudWatch while there is one."""

    active: dict[str, ActiveLoad] = field(default_factory=dict)
    operation: Operation | None = None


class World:
    """The one sandbox of this process."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        """Held while a request is handled: moto is not thread-safe, and a batch must be seen whole or not at all."""
        self.region = "eu-central-1"
        self.places: list[tuple[str, str]] = []
        """(account, region) of those that were seeded, in that order; region "" for an account alone."""
        self.place = ("", "")
        """(account, region) that is meant where no request says so: by load, and by what AWS's services report."""
        self.clock: SandboxClock = VirtualClock()
        self.make_settings: Callable[[], Settings] = Settings
        self.settings = Settings()
        self.faults = Faults()
        self.log: list[Request] = []
        self.loads = Loads()
        self.timeline = Timeline(lambda: self.clock.now())

    def reset(self) -> None:
        """Settings, faults, log, load and time line as in a fresh sandbox; a virtual clock goes back to its start."""
        if isinstance(self.clock, VirtualClock):
            self.clock.__init__()  # type: ignore[misc]
        self.settings = self.make_settings()
        self.faults.clear()
        self.log.clear()
        self.timeline.clear()
        self.loads = Loads()
        self.places = []
        self.place = ("", "")

    @contextmanager
    def at(self, place: tuple[str, str]) -> Iterator[None]:
        """Mean that account and region for a while. The caller holds the lock."""
        before, self.place = self.place, place
        try:
            yield
        finally:
            self.place = before


world = World()
