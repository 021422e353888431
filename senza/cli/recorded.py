"""What the commands that change an app share: its lock while they do, and a word in the journal before and after.

The journal begins with the first ``senza deploy`` in an account and region. Where there is none, nothing is locked or
written; where S3 cannot be reached or does not let us, the command goes on with a warning: traffic has to be moved at
night, too. A lock that somebody else holds does stop it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click

from senza.cli.context import Context
from senza.discretion import HIDDEN
from senza.errors import AwsError, SenzaError, UsageError

if TYPE_CHECKING:
    from senza.components import Compiled
    from senza.journal import Journal, Lock, Operation
    from senza.plan import Outcome, Plan, Step

F = TypeVar("F", bound=Callable[..., Any])
LEASE = 5 * 60.0
"""Seconds after which others need not wait for a command that was killed on another machine."""
CERTIFICATE = re.compile(r"arn:[a-z-]+:acm:[a-z0-9-]+:[0-9]{12}:certificate/")


def force_unlock_option(function: F) -> F:
    text = "Take the lock of this id away from whoever holds it."
    return click.option("--force-unlock", metavar="ID", default="", help=text)(function)


@contextmanager
def recorded(
    context: Context, app: str, kind: str, *, arn: str = "", force_unlock: str = "", dry_run: bool = False
) -> Iterator[Recording]:
    """Hold the lock of the app, and write down how what is done inside ended.

    kind: ``traffic``, ``create``, ``update`` or ``delete``. arn: of anything in this account, which saves a call.
    A dry run locks and writes nothing. Raises Conflict where somebody else holds the lock.
    """
    recording = Recording(context, app, kind, dry_run)
    try:
        if not dry_run:
            recording.lock(arn, force_unlock)
        yield recording
    except KeyboardInterrupt as error:
        step: Step | None = getattr(error, "step", None)
        recording.end("interrupted", {"step": step.says} if step else {})
        raise
    except SenzaError as error:
        recording.end("failed", {"because": error.message})
        raise
    except Exception as error:
        recording.end("failed", {"because": f"a bug in senza ({type(error).__name__})"})
        raise
    else:
        recording.end("done", recording.outcome)
    finally:
        recording.release()


class Recording:
    """One command on one app. It is also the clock to do it by, on which waiting renews the lock.

    outcome: facts for the last entry.
    """

    def __init__(self, context: Context, app: str, kind: str, dry_run: bool) -> None:
        self._context = context
        self._app = app
        self._kind = kind
        self._dry_run = dry_run
        self._journal: Journal | None = None
        self._lock: Lock | None = None
        self._operation: Operation | None = None
        self._ident = ""
        self._forced = ""
        self.outcome: dict[str, Any] = {}

    def lock(self, arn: str, force: str) -> None:
        from senza.journal import Caller, ForeignBucket, Journal, NoJournal

        aws, clock = self._context.aws(), self._context.clock
        caller = Caller(aws, arn)
        journal = Journal(aws, clock, account_id=caller.account_id, who=caller.who)
        self._ident, self._forced = journal.new_id(), force
        self._lock = journal.lock(self._app)
        try:
            self._lock.take(self._kind, self._ident, lease=LEASE, force=force)
        except NoJournal:
            return
        except (AwsError, UsageError, ForeignBucket) as error:
            self._unrecorded(error)
            return
        self._journal = journal
        if self._lock.unfinished:
            self._context.warn(
                f"a rollout of {self._app} was left open ({self._lock.unfinished}): senza rollout status {self._app}"
            )

    def step(self, facts: Mapping[str, Any], plan: Plan = ()) -> None:
        """Write down what is going to be done now."""
        journal, operation = self._journal, self._operation
        if journal is None:
            return
        if operation:
            said = self._clean({**facts, "steps": [step.says for step in plan]})
            self._tried(lambda: operation.write("step", said))
            return
        forced = {"forced": self._forced} if self._forced else {}
        said = self._clean({"app": self._app, **facts, "steps": [step.says for step in plan], **forced})
        self._operation = self._tried(lambda: journal.begin(self._app, self._kind, said, ident=self._ident))

    def carry_out(self, plan: Plan) -> list[Outcome]:
        return self._context.carry_out(plan, dry_run=self._dry_run, clock=self)

    def end(self, kind: str, facts: Mapping[str, Any]) -> None:
        operation = self._operation
        if operation and self._journal:
            self._tried(lambda: operation.write(kind, self._clean(facts)))

    def _clean(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """What AWS said may repeat what it was sent."""
        from senza.journal import redacted

        return redacted(facts, self._context.discretion.secrets)

    def release(self) -> None:
        if self._lock:
            try:
                self._lock.release()
            except SenzaError as error:
                self._context.warn(
                    f"the lock of {self._app} could not be released and ends by itself in five minutes: {error.message}"
                )

    def now(self) -> float:
        """Seconds since the epoch."""
        return self._context.clock.now()

    def sleep(self, seconds: float) -> None:
        """Raises Conflict where somebody took the lock away meanwhile."""
        self._context.clock.sleep(seconds)
        self.keep_lock()

    def keep_lock(self) -> None:
        """To be called after waiting, for AWS or for a person. Raises Conflict where somebody took the lock away."""
        lock = self._lock
        if lock and self._journal:
            self._tried(lock.renew)

    def _tried(self, write: Callable[[], T]) -> T | None:
        """What it returns; without S3 the work goes on, and nothing more is written."""
        try:
            return write()
        except AwsError as error:
            self._unrecorded(error)
            return None

    def _unrecorded(self, error: SenzaError) -> None:
        self._journal = None
        self._context.warn(f"not recorded: {error.message}")


T = TypeVar("T")


def account_arn(compiled: Compiled) -> str:
    """The ARN of a certificate of the template: load balancers only take those of their own account. "" without one."""
    found = CERTIFICATE.search(compiled.template_body())
    return found[0] if found else ""


def facts_of(compiled: Compiled) -> dict[str, Any]:
    """What the journal keeps about a stack to be made: no value of a NoEcho parameter."""
    declared = compiled.template.get("Parameters") or {}
    hidden = {name for name in declared if str((declared[name] or {}).get("NoEcho")).lower() == "true"}
    parameters = {name: HIDDEN if name in hidden else value for name, value in compiled.parameters.items()}
    return {
        **{"version": compiled.version, "stack": compiled.full_name},
        **{"parameters": parameters, "tags": compiled.tags},
        "images": [
            {
                "image": one.pinned or one.written,
                "verdict": one.verdict,
                **({"digest": one.digest} if one.digest else {}),
            }
            for one in compiled.images
        ],
        "image_built": image_built(compiled),
    }


def image_built(compiled: Compiled) -> float | None:
    """When the newest of its container images was built, as their labels say; seconds since the epoch."""
    from datetime import datetime

    built = []
    for image in compiled.images:
        try:
            built.append(datetime.fromisoformat(image.origin.created).timestamp() if image.origin else 0.0)
        except ValueError:  # nothing, or nothing that is a time
            continue
    return max(built, default=0.0) or None


def weights_of(domains: Sequence[Any], when: str) -> dict[str, dict[str, int]]:
    """Weights of 200 by domain and set identifier. domains: of a SwitchPlan. when: ``before`` or ``after``.

    The only record of a name has all of its traffic even with weight 0; the only version at a listener has none, and
    is left out.
    """
    from senza.traffic.weighted import RULE

    names = {plan.domain.name for plan in domains if plan.domain.type != "rule"}
    weights: dict[str, dict[str, int]] = {}
    for plan in domains:
        found, at_rule = dict(getattr(plan, when)), plan.domain.type == "rule"
        key = plan.domain.name + RULE if at_rule and plan.domain.name in names else plan.domain.name
        weights[key] = found if any(found.values()) or len(found) > 1 or not at_rule else {}
    return weights
