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

from senza.aws.failures import translated
from senza.errors import UsageError

if TYPE_CHECKING:
    from botocore.client import BaseClient

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


BRISK = frozenset({"s3"})
"""Services whose answers are small and quick, and without which a person can go on: soon given up."""


MARK = "x-senza-sandbox"
"""The header by which a sandbox says, in each answer, that it is one."""


@dataclass(frozen=True)
class Endpoint:
    """A local AWS: where it listens and the credentials that only it accepts.

    Given explicitly to every client, so that no profile, role or ``AWS_ENDPOINT_URL_*`` of the user's environment
    can send a call meant for it anywhere else.
    """

    url: str
    region: str
    access_key_id: str
    secret_access_key: str


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
    """

    def __init__(
        self,
        region: str | None = None,
        *,
        profile: str | None = None,
        endpoint: Endpoint | None = None,
        observe: Callable[[Call], None] | None = None,
    ) -> None:
        self._region = region
        self._profile = profile
        self._endpoint = endpoint
        self.observe = observe
        self._lock = threading.RLock()
        self._session: Any = None
        self._clients: dict[str, BaseClient] = {}
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
        return Aws(region, profile=self._profile, endpoint=self._endpoint, observe=self.observe)

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

    def call(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        """Call e.g. ``("cloudformation", "create_stack", StackName=...)`` and return AWS's answer.

        Raises AwsError (with AWS's code) and its kin, see :mod:`senza.aws.failures`.
        """
        with translated(service, operation):
            answer: dict[str, Any] = getattr(self._client(service), operation)(**parameters)
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

    def _open_session(self) -> Any:
        if self._session is None:
            import boto3

            if self._endpoint:
                self._session = boto3.Session(
                    botocore_session=unconfigured(),
                    aws_access_key_id=self._endpoint.access_key_id,
                    aws_secret_access_key=self._endpoint.secret_access_key,
                    region_name=self._region or self._endpoint.region,
                )
            else:
                self._session = boto3.Session(region_name=self._region, profile_name=self._profile)
        return self._session

    def _client(self, service: str) -> BaseClient:
        with self._lock:  # a boto3 session must not create two clients at the same time
            if service not in self._clients:
                from botocore.config import Config

                region = self.region
                brisk = service in BRISK
                client = self._open_session().client(
                    service,
                    region_name=region,
                    endpoint_url=self._endpoint.url if self._endpoint else None,
                    config=Config(
                        retries={"mode": "standard", "max_attempts": 4 if brisk else 8},
                        connect_timeout=5 if brisk else 60,
                        read_timeout=15 if brisk else 60,
                        max_pool_connections=10,
                        proxies={} if self._endpoint else None,  # a local AWS is never behind the user's proxy
                    ),
                )
                client.meta.events.register("before-send.*.*", partial(self._count, service), unique_id="senza-count")
                client.meta.events.register("after-call.*.*", partial(self._note, service), unique_id="senza-note")
                self._clients[service] = client
            return self._clients[service]

    def _count(self, service: str, event_name: str, **_: Any) -> None:
        call = Call(service, event_name.rpartition(".")[2])
        self.calls.append(call)
        if self.observe:
            self.observe(call)

    def _note(self, service: str, event_name: str, parsed: Any = None, **_: Any) -> None:
        ident = (parsed or {}).get("ResponseMetadata", {}).get("RequestId")
        if ident:
            self.request_ids.append(f"{service}:{event_name.rpartition('.')[2]} {ident}")


def unconfigured() -> Any:
    """A botocore session that reads no profile and no file of the user's."""
    import os

    from botocore.session import Session

    nowhere = (None, None, os.devnull, None)
    none = (None, None, None, None)
    return Session(session_vars={"profile": none, "config_file": nowhere, "credentials_file": nowhere})
