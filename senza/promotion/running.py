"""What runs in an environment: the version that has all the traffic, its stack and the template of that."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from senza.aws import Aws
from senza.errors import NotFound, Refused, UsageError
from senza.stacks.summaries import Stack, describe_stack
from senza.stacks.templates import deployed_template
from senza.stacks.watch import READY
from senza.traffic.app import Share, shares, stacks_of
from senza.traffic.records import Zones

COMPLETE = READY | {"UPDATE_ROLLBACK_COMPLETE"}
"""A version whose last update failed runs what it ran before."""


@dataclass(frozen=True)
class Running:
    """A version as it runs: its stack, with tags and parameters, and its template."""

    stack: Stack
    template: Mapping[str, Any]


def what_runs(aws: Aws, zones: Zones, app: str, version: str, environment: str) -> Running:
    """version: "" for the one that has all the traffic. Two calls, and those of ``senza traffic`` without a version.

    environment: its name, for messages. Raises NotFound, UsageError where it is not clear which version is meant, and
    Refused where its stack is in no state to be taken for an example.
    """
    name = f"{app}-{version or the_version(aws, zones, app, environment)}"
    jobs: dict[str, Callable[[], Any]] = {
        "stack": partial(describe_stack, aws, name),
        "template": partial(template_if_any, aws, name),
    }
    looked = aws.parallel(jobs)
    stack: Stack | None = looked["stack"]
    if stack is None:
        raise NotFound(
            f"there is no stack {name} in {environment}",
            hint=f"senza -e {environment} list {app} shows the versions there are.",
        )
    if stack.status not in COMPLETE:
        raise Refused(
            f"{name} is {stack.status} in {environment}, so that nobody can say what runs there",
            hint=f"senza -e {environment} events {app} {stack.version} shows what happened.",
        )
    return Running(stack, looked["template"])


def if_there(aws: Aws, name: str) -> Running | None:
    """The stack of that name; None where there is none. One call, two where there is."""
    stack = describe_stack(aws, name)
    return Running(stack, deployed_template(aws, stack.stack_id)) if stack else None


def template_if_any(aws: Aws, name: str) -> Mapping[str, Any]:
    try:
        return deployed_template(aws, name)
    except NotFound:
        return {}  # the stack is looked up at the same time, and its absence is better told there


def the_version(aws: Aws, zones: Zones, app: str, environment: str) -> str:
    """The version with all the traffic; the only one of an app without weighted domains. Raises as what_runs."""
    try:
        found = shares(aws, zones, app)
        versions = [stack.version for stack in stacks_of(aws, app)] if not found else []
    except NotFound as error:
        hint = f"senza -e {environment} list shows the stacks there are."
        raise NotFound(f"{error.message} in {environment}", hint=hint) from error
    return chosen(app, found, versions, environment)


def chosen(app: str, found: Sequence[Share], versions: Sequence[str], environment: str) -> str:
    """The version that answers everywhere. versions: all there are, where nothing has a weight. Pure."""
    which = f"Say which one: senza promote {app} VERSION --from {environment} ..."
    if not found:
        if len(versions) == 1:
            return versions[0]
        listed = ", ".join(versions)
        raise UsageError(
            f"{app} has no weighted domain in {environment}, so that nothing tells which version is used: {listed}",
            hint=which,
        )
    answering = [share for share in found if share.effective > 0]
    owners = {share.version or share.identifier for share in answering}
    if len(owners) == 1 and answering[0].version:
        return answering[0].version
    described = "; ".join(in_words(answering, domain) for domain in dict.fromkeys(one.domain for one in answering))
    raise UsageError(f"no version of {app} has all the traffic in {environment}: {described}", hint=which)


def in_words(answering: Sequence[Share], domain: str) -> str:
    """``shop.example.org: 1.3 90 %, 1.4 10 %``; a record of nobody's stack by its identifier."""
    of_domain = {share.version or share.identifier: share.effective for share in answering if share.domain == domain}
    return f"{domain}: " + ", ".join(f"{who} {percent:.3g} %" for who, percent in of_domain.items())
