"""The one door to AWS: every call of every room goes through :class:`Aws`.

``Aws`` makes sessions and clients once, retries as botocore does (standard mode), counts what is sent and turns
every botocore exception into one of ours. boto3 is imported when the first call is made, not before.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from senza.aws.endpoint import Endpoint, require_mark
from senza.aws.entrance import Entrance, Way
from senza.aws.failures import translated
from senza.errors import UsageError

if TYPE_CHECKING:
    from botocore.client import BaseClient

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


BRISK = frozenset({"s3"})
"""Services whose answers are small and quick, and without which a person can go on: soon given up."""


@dataclass(frozen=True)
class Call:
    """One HTTP request: service and operation as in the API reference, e.g. ``route53``, ``ListHostedZones``."""

    service: str
    operation: str

    def __str__(self) -> str:
        return f"{self.service}:{self.operation}"


class Aws:
    """AWS in one region with one set of credentials.

    region: None means ``AWS_REGION``, ``AWS_DEFAULT_REGION``, then the AWS config file.
    endpoint: a local AWS to use instead of the real one.
    observe: told of each request just before it is sent (retries included); may raise to stop it.
    entrance: the way into the account that has to be entered; nothing is called in another one.
    """

    def __init__(
        self,
        region: str | None = None,
        *,
        profile: str | None = None,
        endpoint: Endpoint | None = None,
        observe: Callable[[Call], None] | None = None,
        entrance: Entrance | None = None,
    ) -> None:
        self._entrance = entrance
        self._region = region
        self._profile = profile
        self._endpoint = endpoint
        self.observe = observe
        self._lock = threading.RLock()
        self._session: Any = None
        self._chained = False
        self._clients: dict[tuple[str, bool], BaseClient] = {}
        self.calls: list[Call] = []
        """Every request sent so far, in order."""
        self.request_ids: list[str] = []
        """``route53:ChangeResourceRecordSets 8a1c...`` of every answer so far: CloudTrail and AWS support know them."""

    @property
    def region(self) -> str:
        """The region's name. Raises UsageError where none is configured."""
        with self._lock:
            region: str | None = self._region or (self._endpoint.region if self._endpoint else None)
            if region is None:
                with translated("sts", "region"):
                    region = self._open_session().region_name
        if not region:
            raise UsageError(
                "no AWS region is configured",
                hint="Give --region, set AWS_DEFAULT_REGION, or put a region into ~/.aws/config.",
            )
        return region

    def in_region(self, region: str) -> Aws:
        """The same AWS with the same credentials in another region, or itself."""
        if region == self.region:
            return self
        return Aws(
            region, profile=self._profile, endpoint=self._endpoint, observe=self.observe, entrance=self._entrance
        )

    def entering(self, way: Way, region: str | None) -> Aws:
        """The same AWS, by that way into another account. region: None for that of this one."""
        entrance = Entrance(way)
        return Aws(
            region or self._region,
            profile=self._profile,
            endpoint=self._endpoint,
            observe=self.observe,
            entrance=entrance,
        )

    def known_regions(self) -> frozenset[str]:
        """The regions that the installed botocore knows, of all partitions; no call."""
        with self._lock, translated("sts", "regions"):
            session = self._open_session()
            partitions = session.get_available_partitions()
            return frozenset(
                region for one in partitions for region in session.get_available_regions("cloudformation", one)
            )

    @property
    def local(self) -> bool:
        """Whether this is a local AWS; other tools, with the user's own credentials, would reach the real one."""
        return self._endpoint is not None

    def surroundings(self, environ: Mapping[str, str]) -> Mapping[str, str]:
        """The environment for a program that senza runs: beside a local AWS, it must not meet the real one."""
        return self._endpoint.surroundings(environ) if self._endpoint else environ

    def call(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        """Call e.g. ``("cloudformation", "create_stack", StackName=...)`` and return AWS's answer.

        Raises AwsError (with AWS's code) and its kin, see :mod:`senza.aws.failures`.
        """
        with translated(service, operation):
            answer: dict[str, Any] = getattr(self._client(service), operation)(**parameters)
        return answer

    def once(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        """The same, but never sent again: for a write that depends on what was read right before.

        By the time of a second attempt somebody else may have written. Where :func:`senza.aws.failures.passing`, it is
        not known whether it took effect: read, and decide anew.
        """
        with translated(service, operation):
            answer: dict[str, Any] = getattr(self._client(service, once=True), operation)(**parameters)
        return answer

    def pages(self, service: str, operation: str, key: str, **parameters: Any) -> Iterator[Any]:
        """The items under ``key`` of all pages of a list operation, one call a page, fetched as they are consumed."""
        with translated(service, operation):
            paginator = self._client(service).get_paginator(operation)
            for page in paginator.paginate(**parameters):
                yield from page.get(key, ())

    def parallel(self, jobs: Mapping[K, Callable[[], T]]) -> dict[K, T]:
        """Run independent look-ups at the same time; the first failure in the given order is raised."""
        if len(jobs) <= 1:
            return {name: job() for name, job in jobs.items()}
        with ThreadPoolExecutor(max_workers=min(len(jobs), 10)) as pool:
            futures = {name: pool.submit(job) for name, job in jobs.items()}
            return {name: future.result() for name, future in futures.items()}

    def arrive(self) -> tuple[str, str]:
        """Go into the environment's account and do nothing there: who came in, an ARN, and by which way.

        Raises Refused where it is another account, AwsError and UsageError where nobody can come in.
        """
        assert self._entrance, "there is no environment to enter"
        with self._lock:
            return self._check(), self._entrance.path

    def keys(self) -> dict[str, str]:
        """Environment variables with the credentials as they are now, for a program that is to act in their place."""
        with translated("sts", "get_caller_identity"):
            self._check()
            found = self._open_session().get_credentials().get_frozen_credentials()
        named = {"AWS_ACCESS_KEY_ID": found.access_key, "AWS_SECRET_ACCESS_KEY": found.secret_key}
        return named | ({"AWS_SESSION_TOKEN": found.token} if found.token else {})

    def _open_session(self) -> Any:
        chained = self._entering()
        if self._session is None or self._chained != chained:
            made = self._entrance.credentials(self._sts_with) if self._entrance and chained else None
            self._session, self._chained = self._session_with(made), chained
        return self._session

    def _entering(self) -> bool:
        return self._entrance is not None and self._entrance.chained

    def _session_with(self, credentials: Any) -> Any:
        """A boto3 session. credentials: of botocore; None for those of the endpoint or the profile."""
        import boto3

        endpoint, profile = self._endpoint, self._profile
        if endpoint:
            core = unconfigured()
            if credentials is None:
                core.set_credentials(endpoint.access_key_id, endpoint.secret_access_key)
        else:
            from botocore.session import Session

            core = Session()
        if self._entrance:
            core.register_component("data_loader", self._entrance.loader())
            if endpoint:
                self._entrance.origin = "the credentials of the sandbox"
            else:
                profile = self._entrance.begin(profile, core.available_profiles)
        if credentials is not None:
            core.register_component("credential_provider", Given(credentials))
        region = self._region or (endpoint.region if endpoint else None)
        return boto3.Session(region_name=region, profile_name=profile, botocore_session=core)

    def _sts_with(self, credentials: Any) -> BaseClient:
        return self._made(self._session_with(credentials), "sts")

    def _check(self) -> str:
        """Before anything else is called: is this the account of the environment?"""
        return self._entrance.check(self._identity, local=self.local) if self._entrance else ""

    def _identity(self, chained: bool) -> dict[str, Any]:
        with translated("sts", "get_caller_identity"):
            session = self._open_session() if chained == self._entering() else self._session_with(None)
            answer: dict[str, Any] = self._made(session, "sts").get_caller_identity()
        return answer

    def _client(self, service: str, *, once: bool = False) -> BaseClient:
        with self._lock:  # a boto3 session must not create two clients at the same time
            if (service, once) not in self._clients:
                self._check()
                self._clients[service, once] = self._made(self._open_session(), service, once=once)
            return self._clients[service, once]

    def _made(self, session: Any, service: str, *, once: bool = False) -> BaseClient:
        from botocore.config import Config

        brisk = service in BRISK
        attempts = 1 if once else 5 if brisk else 9
        client: BaseClient = session.client(
            service,
            region_name=session.region_name or self.region,
            endpoint_url=self._endpoint.url if self._endpoint else None,
            config=Config(
                retries={"mode": "standard", "total_max_attempts": attempts},
                connect_timeout=5 if brisk else 60,
                read_timeout=15 if brisk else 60,
                max_pool_connections=10,
                proxies={} if self._endpoint else None,  # a local AWS is never behind the user's proxy
            ),
        )
        client.meta.events.register("before-send.*.*", partial(self._count, service), unique_id="senza-count")
        client.meta.events.register("after-call.*.*", partial(self._note, service), unique_id="senza-note")
        return client

    def _count(self, service: str, event_name: str, **_: Any) -> None:
        call = Call(service, event_name.rpartition(".")[2])
        self.calls.append(call)
        if self.observe:
            self.observe(call)

    def _note(self, service: str, event_name: str, parsed: Any = None, **_: Any) -> None:
        about = (parsed or {}).get("ResponseMetadata", {})
        if self._endpoint:
            require_mark(about.get("HTTPHeaders", {}))
        ident = about.get("RequestId")
        if ident:
            self.request_ids.append(f"{service}:{event_name.rpartition('.')[2]} {ident}")


class Given:
    """A botocore credential provider for credentials that are there already."""

    def __init__(self, credentials: Any) -> None:
        self._credentials = credentials

    def load_credentials(self) -> Any:
        return self._credentials


def unconfigured() -> Any:
    """A botocore session that reads no profile and no file of the user's."""
    import os

    from botocore.session import Session

    nowhere = (None, None, os.devnull, None)
    none = (None, None, None, None)
    return Session(session_vars={"profile": none, "config_file": nowhere, "credentials_file": nowhere})
