"""Every request passes here: guard, log, faults, the sandbox's own control endpoints, then moto."""

from __future__ import annotations

import io
import json
import secrets
import string
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from typing import Any

from senza.aws import MARK
from senza.errors import SenzaError
from senza.sandbox import accounts, buckets, permissions
from senza.sandbox.faults import Fault
from senza.sandbox.load import feeder
from senza.sandbox.load.settings import Load
from senza.sandbox.requests import Incoming, error_answer
from senza.sandbox.world import Request, VirtualClock, World

CONTROL = "/_senza/"
SECRET_HEADER = "x-senza-secret"  # noqa: S105 - the name of a header
PREFIX = "AKIASANDBOX"
LOCAL_HOSTS = {"127.0.0.1", "localhost", "[::1]"}
KEEP_LOG = 100_000


class Dropped(Exception):
    """The connection is to be closed without an answer."""


@dataclass(frozen=True)
class Answer:
    status: int
    headers: list[tuple[str, str]]
    body: bytes


@dataclass(frozen=True)
class Keys:
    """The credentials of one sandbox, made anew at each start: those of AWS do not open it, and it says what it is."""

    access_key_id: str
    secret_access_key: str

    @classmethod
    def fresh(cls) -> Keys:
        letters = string.ascii_uppercase + string.digits
        return cls(PREFIX + "".join(secrets.choice(letters) for _ in range(9)), secrets.token_urlsafe(30))


class App:
    """world: what the requests act upon. seed: fills the account, returns what is in it. url: for messages."""

    def __init__(self, world: World, keys: Keys, seed: Callable[[], dict[str, Any]]) -> None:
        from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

        self._moto = DomainDispatcherApplication(create_backend_app)
        # it looks through all folders of moto for each request, a tenth of the time of the quick ones
        self._moto.get_backend_for_host = lru_cache(self._moto.get_backend_for_host)
        self._world = world
        self._keys = keys
        self._seed = seed
        self.account: dict[str, Any] = {}
        self.url = ""

    def reset(self) -> None:
        """Everything as in a fresh sandbox: an account just seeded, settings at their defaults, no faults, no log."""
        with self._world.lock:
            self._world.reset()
            self.account = self._seed()

    def date(self) -> float:
        """What answers say the time is, seconds since the epoch."""
        return self._world.clock.now() + self._world.settings.date_ahead

    def answer(self, environ: dict[str, Any], connection: int) -> Answer:
        """Handle one request. Raises Dropped where the client gets no answer."""
        answer = self._answer(environ, connection)
        return replace(answer, headers=[(MARK, "1"), *answer.headers])

    def _answer(self, environ: dict[str, Any], connection: int) -> Answer:
        body = read_body(environ)
        incoming = Incoming.of(environ, body)
        begin = time.perf_counter()
        if refused := self._refused(incoming):
            return refused
        if incoming.path.startswith(CONTROL):
            return self._control(incoming)
        service, operation = incoming.call()
        fault = self._world.faults.hit(f"{service}:{operation}")
        answer, dropped = self._handle(incoming, environ, body, fault)
        milliseconds = (time.perf_counter() - begin) * 1000
        self._world.log.append(
            Request(self._world.clock.now(), service, operation, answer.status, round(milliseconds, 2), connection)
        )
        del self._world.log[:-KEEP_LOG]
        if dropped:
            raise Dropped
        return answer

    def _handle(
        self, incoming: Incoming, environ: dict[str, Any], body: bytes, fault: Fault | None
    ) -> tuple[Answer, bool]:
        """The answer, and whether it is to be lost on its way."""
        service, operation = incoming.call()
        if permissions.is_denied(action := permissions.action(service, operation)):
            code = permissions.code(service, "x-amz-target" in incoming.headers)
            return self._error(incoming, 403, code, f"User is not authorized to perform: {action}"), False
        if fault is None:
            return self._moto_answer(incoming, environ, body), False
        if fault.delay and fault.when == "before":
            time.sleep(fault.delay)
        answer = Answer(0, [], b"")
        if fault.when == "after" or not (fault.code or fault.drop):
            answer = self._moto_answer(incoming, environ, body)
        if fault.delay and fault.when == "after":
            time.sleep(fault.delay)
        if fault.code:
            answer = self._error(incoming, fault.status, fault.code, fault.message)
        return answer, fault.drop

    def _moto_answer(self, incoming: Incoming, environ: dict[str, Any], body: bytes) -> Answer:
        from werkzeug.test import run_wsgi_app

        environ = environ | {"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}
        environ.pop("HTTP_TRANSFER_ENCODING", None)
        credential = incoming.credential()
        with self._world.lock:
            try:
                self._world.timeline.catch_up()
                accounts.settle(self._world, incoming)
                if refused := buckets.refusal(incoming, accounts.account_of(credential[0] if credential else "")):
                    return self._error(incoming, *refused)
                chunks, status, headers = run_wsgi_app(self._moto, environ, buffered=True)
            except NotImplementedError as error:
                call = ":".join(incoming.call())
                return self._error(incoming, 501, "NotImplemented", f"the senza sandbox has no {call} ({error})")
            except Exception as error:  # noqa: BLE001 - whatever moto trips over must reach the client as an answer
                traceback.print_exc(file=sys.stderr)
                said = f"{type(error).__name__}: {error}"
                # not 500, which clients would try again, and so hide what happened
                return self._error(incoming, 501, "InternalFailure", f"the senza sandbox failed here: {said}")
        return Answer(int(status.split()[0]), list(headers), b"".join(chunks))

    # -- who may ask ------------------------------------------------------------------------------------------------
    def _refused(self, incoming: Incoming) -> Answer | None:
        host = incoming.headers.get("host", "").rsplit(":", 1)[0]
        if host not in LOCAL_HOSTS:  # a web page whose name was made to resolve to this machine
            return self._error(incoming, 403, "AccessDenied", f"the senza sandbox does not answer for host {host!r}")
        if incoming.path.startswith(CONTROL):
            if secrets.compare_digest(incoming.headers.get(SECRET_HEADER, ""), self._keys.secret_access_key):
                return None
            return self._error(incoming, 403, "AccessDenied", f"{SECRET_HEADER} is not this sandbox's")
        credential = incoming.credential()
        if credential and (credential[0] == self._keys.access_key_id or accounts.session(credential[0])):
            return None
        service = credential[1] if credential else ""
        code = {"ec2": "AuthFailure", "s3": "InvalidAccessKeyId"}.get(service, "InvalidClientTokenId")
        if "x-amz-target" in incoming.headers:
            code = "UnrecognizedClientException"
        return self._error(
            incoming,
            403,
            code,
            f"This is the senza sandbox at {self.url}, not AWS, and these are not its credentials. "
            'Use senza --sandbox or eval "$(senza sandbox env)".',
        )

    def _error(self, incoming: Incoming, status: int, code: str, message: str) -> Answer:
        headers, body = error_answer(incoming, code, message)
        return Answer(status, headers, body)

    # -- control ----------------------------------------------------------------------------------------------------
    def _control(self, incoming: Incoming) -> Answer:
        name = incoming.path.removeprefix(CONTROL)
        handlers: dict[tuple[str, str], Callable[[Any], Any]] = {
            ("GET", "health"): lambda _: {"status": "ok", "account": self.account},
            ("POST", "reset"): lambda _: self.reset(),
            ("GET", "log"): lambda _: [asdict(one) for one in self._world.log],
            ("DELETE", "log"): lambda _: self._world.log.clear(),
            ("GET", "settings"): lambda _: asdict(self._world.settings),
            ("PUT", "settings"): lambda body: self._world.settings.update(body),
            ("POST", "faults"): lambda body: self._world.faults.add(**body),
            ("DELETE", "faults"): lambda _: self._world.faults.clear(),
            ("GET", "load"): lambda _: self._locked(feeder.described),
            ("POST", "load"): lambda body: self._load(**body),
            ("DELETE", "load"): lambda body: self._locked(lambda: {"ended": feeder.stop_load(body["app"])}),
            ("GET", "clock"): lambda _: {"now": self._world.clock.now()},
            ("POST", "clock"): lambda body: self._advance(float(body["advance"])),
        }
        handler = handlers.get((incoming.method, name))
        if handler is None:
            ways = ", ".join(f"{method} {CONTROL}{path}" for method, path in handlers)
            return json_answer(404, {"error": f"no {incoming.method} {incoming.path}", "hint": f"There are: {ways}."})
        try:
            return json_answer(200, handler(json.loads(incoming.body or b"null")))
        except SenzaError as error:
            return json_answer(400, {"error": error.message, "hint": error.hint})
        except (KeyError, TypeError, ValueError) as error:
            return json_answer(400, {"error": f"bad request: {error}", "hint": ""})

    def _locked(self, act: Callable[[], Any]) -> Any:
        with self._world.lock:
            self._world.timeline.catch_up()
            return act()

    def _load(self, app: str, **settings: Any) -> Any:
        load = Load(**settings)

        def begin() -> Any:
            feeder.set_load(app, load)
            return feeder.described()[app]

        return self._locked(begin)

    def _advance(self, seconds: float) -> dict[str, float]:
        clock = self._world.clock
        if not isinstance(clock, VirtualClock):
            raise SenzaError("this sandbox's clock runs by itself and cannot be advanced")
        with self._world.lock:
            clock.advance(seconds)
            self._world.timeline.catch_up()
        return {"now": clock.now()}


def json_answer(status: int, value: Any) -> Answer:
    return Answer(status, [("Content-Type", "application/json")], json.dumps(value).encode())


def read_body(environ: dict[str, Any]) -> bytes:
    if environ.get("wsgi.input_terminated"):  # chunked: werkzeug takes the chunks apart
        body: bytes = environ["wsgi.input"].read()
        return body
    return bytes(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)))
