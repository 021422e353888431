"""All questions at the same time; one that cannot be asked is told, and the others go on."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from senza.account import Account
from senza.account.memo import Memo
from senza.aws import Aws
from senza.checks.kinds import UNKNOWN
from senza.checks.model import Finding, Hit, Kind, Subject, located
from senza.checks.online.account import Answer, Decisions, Online
from senza.checks.online.kinds import CERTIFICATE, OFFERED, PERMISSION, QUOTA, ROLE, TAKEN
from senza.checks.online.permissions import permitted
from senza.checks.online.questions import balancer_quotas, certified, core_quotas, group_quotas, offered, taken
from senza.checks.online.roles import missing_roles
from senza.clock import Clock
from senza.errors import SenzaError

QUESTIONS: tuple[tuple[Kind, str, Callable[[Online], Iterable[Answer]]], ...] = (
    (QUOTA, "quotas of load balancers", balancer_quotas),
    (QUOTA, "quotas of auto scaling groups", group_quotas),
    (QUOTA, "quotas of vCPUs", core_quotas),
    (PERMISSION, "permissions", permitted),
    (TAKEN, "names that are taken", taken),
    (OFFERED, "instance types in the zones", offered),
    (CERTIFICATE, "names of certificates", certified),
    (ROLE, "roles", missing_roles),
)


def ask(
    subject: Subject,
    aws: Aws,
    account: Account,
    clock: Clock,
    *,
    version_given: bool,
    decisions: Decisions,
) -> list[Finding]:
    """What the account has against the stack.

    version_given: whether the version is the user's. decisions: asks IAM's simulator.
    """
    online = Online(subject, aws, account, clock, Memo(), version_given, decisions)

    def answers(kind: Kind, what: str, question: Callable[[Online], Iterable[Answer]]) -> list[Finding]:
        try:
            return [
                located(kind.id, answer.severity, kind.link, as_hit(answer), subject) for answer in question(online)
            ]
        except SenzaError as error:
            where = subject.bound.source.where()
            message = f"could not look at {what}: {error.message}"
            return [Finding(UNKNOWN.id, UNKNOWN.severity, message, where, error.hint, link=UNKNOWN.link)]

    jobs = {number: partial(answers, *question) for number, question in enumerate(QUESTIONS)}
    found = aws.parallel(jobs)
    return [finding for number in jobs for finding in found[number]]


def as_hit(answer: Answer) -> Hit:
    return Hit(answer.message, answer.resource, answer.path, answer.words, answer.place, answer.hint)
