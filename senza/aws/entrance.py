"""The way into the account of an environment: credentials through a chain of roles, and the guard at its end.

``Way`` says how to get there; ``Entrance`` goes there, once for all regions and clients of a run. Sessions of a chain
last an hour at most (IAM User Guide, "Role chaining"), so botocore renews them whenever they are about to end.
Credentials are kept in memory only.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Protocol

from senza.aws.endpoint import MARK, require_mark
from senza.aws.failures import DENIED, NO_LOGIN, translated
from senza.errors import AwsError, Refused, SenzaError, UsageError


class Hop(Protocol):
    """A role to assume (STS API reference, AssumeRole)."""

    @property
    def arn(self) -> str: ...
    @property
    def external_id(self) -> str | None: ...
    @property
    def mfa(self) -> str | None: ...
    @property
    def seconds(self) -> int | None: ...


@dataclass(frozen=True)
class Way:
    """How to get into an environment's account."""

    environment: str
    """Its name, for messages."""
    account: str
    """The account that it has to lead to."""
    roles: Sequence[Hop]
    """To assume one after the other."""
    session_name: str
    """Under which CloudTrail shows what was done."""
    now: Callable[[], float]
    """The time, seconds since the epoch: when sessions have to be renewed."""
    profile: str | None = None
    """Where the credentials begin; where the user has no such profile, as without one."""
    ask: Callable[[str], str] | None = None
    """Asks a person for the code of an MFA device; None where nobody is there."""


class NotAssumed(AwsError):
    """A role could not be assumed; the message names it, and the environment."""


class Entrance:
    """A way that is gone at most once, whatever asks for it first."""

    def __init__(self, way: Way) -> None:
        self.way = way
        self.origin = "the default credentials"
        """Where the credentials come from, before any role."""
        self.profile: str | None = None
        self._lock = threading.RLock()
        self._loader: Any = None
        self._credentials: Any = None
        self._there = False
        self._arn = ""
        self._refusal: SenzaError | None = None

    def loader(self) -> Any:
        """What botocore reads its descriptions of services with, shared: each hop has a session of its own."""
        with self._lock:
            if self._loader is None:
                from botocore.loaders import create_loader

                self._loader = create_loader()
            return self._loader

    def begin(self, given: str | None, profiles: Sequence[str]) -> str | None:
        """The profile to begin with; None for the default credentials. given: by the user. profiles: that there are.

        CI has no profiles: what it is given in its environment counts there, and the guard says if it is not right.
        """
        profile = given or self.way.profile
        if given or profile in profiles:
            self.profile, self.origin = profile, f"profile {profile}"
            return profile
        if profile:
            self.origin = f"the default credentials (there is no profile {profile} in the AWS config file)"
        return None

    def credentials(self, client_of: Callable[[Any], Any]) -> Any:
        """botocore credentials at the end of the chain; no role is assumed before they are used.

        client_of: an STS client with the given credentials; None stands for those that the chain begins with.
        """
        with self._lock:
            if self._credentials is None:
                from botocore.credentials import DeferredRefreshableCredentials

                credentials = None
                for number in range(len(self.way.roles)):
                    credentials = DeferredRefreshableCredentials(
                        refresh_using=self._fetcher(number, client_of, credentials),
                        method="senza-roles",
                        time_fetcher=lambda: datetime.fromtimestamp(self.way.now(), UTC),
                    )
                self._credentials = credentials
            return self._credentials

    @property
    def chained(self) -> bool:
        """Whether roles are to be assumed; not where the credentials turned out to be those of the last one already."""
        return bool(self.way.roles) and not self._there

    def check(self, identify: Callable[[bool], Mapping[str, Any]], *, local: bool) -> str:
        """Make sure, once, that this is the account of the environment; returns who is in it, an ARN.

        identify: calls GetCallerIdentity, with the roles assumed or without. local: whether a sandbox is meant.
        Raises Refused where it is another account, or a sandbox instead of AWS; and what getting there raises.
        """
        with self._lock:
            if self._refusal:
                raise self._refusal
            if not self._arn:
                try:
                    self._arn = self._checked(self._identified(identify), local)
                except SenzaError as error:
                    self._refusal = self._explained(error)
                    raise self._refusal from error
            return self._arn

    @property
    def path(self) -> str:
        """How the credentials come about, as a person says it."""
        if self._there:
            return f"{self.origin}, which are those of role {self.way.roles[-1].arn}"
        return ", then ".join([self.origin, *(f"role {role.arn}" for role in self.way.roles)])

    def _identified(self, identify: Callable[[bool], Mapping[str, Any]]) -> Mapping[str, Any]:
        """Who we are at the end of the way. A role need not be allowed to assume itself, as CI would that begins with
        the role of the environment; so where the first one cannot be assumed, this may be the reason."""
        try:
            return identify(self.chained)
        except NotAssumed as error:
            if error.code not in DENIED:
                raise
            with suppress(SenzaError):
                answer = identify(False)
                account, name = self.way.account, self.way.roles[-1].arn.rpartition("/")[2]
                if f":{account}:assumed-role/{name}/" in str(answer["Arn"]):
                    self._there = True
                    return answer
            raise

    def _checked(self, answer: Mapping[str, Any], local: bool) -> str:
        name, account, arn = self.way.environment, str(answer["Account"]), str(answer["Arn"])
        headers = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
        if MARK in headers and not local:
            raise Refused(
                f"environment {name} is account {self.way.account}, and what answers is a sandbox",
                hint="Unset AWS_ENDPOINT_URL, or say --sandbox if the sandbox is meant. Nothing else was called.",
            )
        if local:
            require_mark(headers)
        if account != self.way.account:
            raise Refused(
                f"environment {name} is account {self.way.account}, but these credentials are of account {account}",
                hint=f"They are {arn}, from {self.path}. Nothing else was called.\n"
                "Log in to the right account, or correct senza.yaml.",
            )
        return arn

    def _explained(self, error: SenzaError) -> SenzaError:
        """The error with the environment in it, and how to log in."""
        hint = error.hint
        if isinstance(error, AwsError) and error.code in NO_LOGIN and self.profile:
            hint = f"Log in: aws sso login --profile {self.profile}"
        if isinstance(error, AwsError):
            message = error.message
            if not isinstance(error, NotAssumed):
                message = f"no way into environment {self.way.environment}: {message}"
            return AwsError(message, code=error.code, service=error.service, operation=error.operation, hint=hint)
        if isinstance(error, UsageError):
            message = f"no way into environment {self.way.environment}: {error.message}"
            if self.way.profile:
                hint = f"It begins with {self.origin}. {hint}"
            return type(error)(message, hint=hint, where=error.where)
        return error

    def _fetcher(self, number: int, client_of: Callable[[Any], Any], before: Any) -> Callable[[], dict[str, str]]:
        def fetch() -> dict[str, str]:
            return self._assumed(number, client_of(before))

        return fetch

    def _assumed(self, number: int, sts: Any) -> dict[str, str]:
        """Assume the role of that number. Raises AwsError and UsageError, with its name in them."""
        role = self.way.roles[number]
        given: dict[str, Any] = {"RoleArn": role.arn, "RoleSessionName": self.way.session_name}
        if role.external_id:
            given["ExternalId"] = role.external_id
        if role.seconds:
            given["DurationSeconds"] = role.seconds
        if role.mfa:
            given |= {"SerialNumber": role.mfa, "TokenCode": self._code(role, role.mfa)}
        try:
            with translated("sts", "assume_role"):
                answer = sts.assume_role(**given)
        except NotAssumed:  # one before it
            raise
        except AwsError as error:
            raise self._not_assumed(role, number, error) from error
        made = answer["Credentials"]
        return {
            "access_key": made["AccessKeyId"],
            "secret_key": made["SecretAccessKey"],
            "token": made["SessionToken"],
            "expiry_time": self._end(answer).isoformat(),
        }

    def _end(self, answer: Mapping[str, Any]) -> datetime:
        """When the session ends, by our clock: AWS's may differ."""
        end: datetime = answer["Credentials"]["Expiration"]
        said = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
        if not said:
            return end
        return datetime.fromtimestamp(self.way.now(), UTC) + (end - parsedate_to_datetime(said))

    def _code(self, role: Hop, device: str) -> str:
        if self.way.ask is None:
            raise UsageError(
                f"the role {role.arn} asks for a code of the MFA device {device}, and nobody is there to type one",
                hint="Run it in a terminal, or begin with credentials that need no code: CI has a role of its own.",
            )
        return self.way.ask(f"Code of the MFA device {device}")

    def _not_assumed(self, role: Hop, number: int, error: AwsError) -> NotAssumed:
        hint = error.hint
        if error.code in DENIED:
            before = f"role {self.way.roles[number - 1].arn}" if number else self.origin
            hint = f"Its trust policy and the policies of {before} must both allow sts:AssumeRole"
            hint += ", with this external id." if role.external_id else "."
        return NotAssumed(
            f"the role {role.arn} of environment {self.way.environment} cannot be assumed: {error.message}",
            code=error.code,
            service="sts",
            operation="AssumeRole",
            hint=hint,
        )
