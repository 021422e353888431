"""Whether an update of a shared load balancer would take names or certificates away that apps behind it live on.

CloudFormation keeps a stack from giving up exports that others import. But names and certificates are looked at when an
app is compiled, and imported by nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from senza.account import Account
from senza.account.shared import CERTIFICATES, DOMAINS, LISTENER, SharedBalancer, several
from senza.aws import Aws
from senza.errors import Refused
from senza.stacks.resources import resources_of
from senza.stacks.summaries import Stack
from senza.traffic.rules import rules_of


def check_edge(aws: Aws, stack: Stack, deployed: Mapping[str, Any], planned: Mapping[str, Any]) -> None:
    """Raise Refused where hosts of listener rules would no longer be led there, or have no certificate.

    Nothing is looked up unless the new template gives up a name or certificate of a shared load balancer.
    """
    old, new = (listed(template, DOMAINS) for template in (deployed, planned))
    before, after = (listed(template, CERTIFICATES) for template in (deployed, planned))
    fewer_names, fewer_certificates = bool(set(old) - set(new)), bool(set(before) - set(after)) and bool(after)
    if not fewer_names and not fewer_certificates:
        return
    value = exported(deployed, LISTENER)
    made = value.get("Ref") if isinstance(value, Mapping) else None
    listeners = [one.physical_id for one in resources_of(aws, stack.stack_id) if one.logical_id == made]
    rules = [rule for listener in listeners for rule in rules_of(aws, listener)]
    hosts = list(dict.fromkeys(host for rule in rules for host in rule.listed.hosts if rule.weights))
    if fewer_names:
        refuse(lost(hosts, lambda host, names: reached(names, host), old, new), stack, "be led to it")
    if fewer_certificates:
        refuse(lost(hosts, Account(aws).certified, before, after), stack, "have a certificate there")


def exported(template: Mapping[str, Any], output: str) -> Any:
    return ((template.get("Outputs") or {}).get(output) or {}).get("Value")


def listed(template: Mapping[str, Any], output: str) -> tuple[str, ...]:
    """What an output of a shared load balancer says, as far as it is text."""
    value = exported(template, output)
    return several(value) if isinstance(value, str) else ()


def reached(names: Sequence[str], host: str) -> bool:
    return bool(names) and SharedBalancer("", "", tuple(names)).reached_by(host)


def lost(
    hosts: Sequence[str], good: Callable[[str, Sequence[str]], bool], before: Sequence[str], after: Sequence[str]
) -> list[str]:
    return [host for host in hosts if good(host, before) and not good(host, after)]


def refuse(hosts: Sequence[str], stack: Stack, what: str) -> None:
    if hosts:
        more = f" and {len(hosts) - 3} more" if len(hosts) > 3 else ""
        raise Refused(
            f"{', '.join(hosts[:3])}{more} would no longer {what}: {stack.full_name} would give that up, and rules of "
            "its listener are for them",
            hint="Keep it, move those apps first, or use --force where they are reached in another way.",
        )
