"""Load balancers that several apps share: what their stacks export, and the rules of their listeners."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from senza.account.dns import canonical
from senza.aws import Aws
from senza.errors import AwsError, NotFound

LISTENER = "SharedListener"
LOAD_BALANCER = "SharedLoadBalancer"
DOMAINS = "SharedDomains"
CERTIFICATES = "SharedCertificates"
SECURITY_GROUP = "SharedSecurityGroup"
DNS_NAME = "SharedDNSName"
HOSTED_ZONE = "SharedHostedZoneId"
OUTPUTS = {
    LISTENER: "ARN of the HTTPS listener",
    LOAD_BALANCER: "Name of the load balancer in CloudWatch",
    DOMAINS: "DNS names that lead to it",
    CERTIFICATES: "ARNs of its certificates",
    SECURITY_GROUP: "Its security group, which instances must let in",
    DNS_NAME: "Its own DNS name, for alias records",
    HOSTED_ZONE: "Hosted zone of its own DNS name, for alias records",
}
"""Output of a shared load balancer's stack -> what it is. Exported as STACK-OUTPUT."""
LISTENER_TAG = "senza:listener"
DOMAIN_TAG = "senza:domain"
"""Of target groups that share a domain of a listener by weight: its ARN, and the domain."""
LAST_PRIORITY = 50_000
MAX_RULES = 100
"""Of a load balancer ("Quotas for your Application Load Balancers"); may be raised for an account."""
MAX_GROUPS = 100
"""Different target groups of a load balancer, in the same place."""
RULES_QUOTA = "rules-per-application-load-balancer"
GROUPS_QUOTA = "target-groups-per-application-load-balancer"
PAGE = 400
"""Rules per page, the most that DescribeRules gives."""
DESCRIBED = 20
"""ARNs of one DescribeTags, the most that it takes."""


@dataclass(frozen=True)
class SharedBalancer:
    """What a stack exports of its shared load balancer."""

    stack: str
    listener: str
    """Its ARN."""
    domains: tuple[str, ...] = ()
    """Patterns of the names that lead to it, e.g. ``*.example.org``; empty where that is not known."""
    certificates: tuple[str, ...] = ()
    """ARNs; empty where they are not known."""

    def reached_by(self, domain: str) -> bool:
        """Whether DNS leads a name to it: a wildcard stands for any number of labels (RFC 4592)."""
        name = canonical(domain)
        patterns = [canonical(pattern) for pattern in self.domains]
        return not patterns or any(
            name.endswith(pattern[1:]) if pattern.startswith("*.") else name == pattern for pattern in patterns
        )


@dataclass(frozen=True)
class ListenerRule:
    arn: str
    priority: int
    hosts: tuple[str, ...]
    """Patterns in lower case, one of which a host must fit, or one of the regular expressions."""
    only_hosts: bool
    """Whether it has no other condition, and these are all of its hosts."""
    groups: tuple[str, ...]
    """ARNs of the target groups that it forwards to."""
    expressions: tuple[str, ...] = ()
    """Regular expressions (``RegexValues``)."""

    @property
    def patterns(self) -> tuple[str, ...]:
        """All of them, for people."""
        return (*self.hosts, *self.expressions)

    def takes(self, host: str) -> bool:
        """Whether it gets all requests for this host that no earlier rule took."""
        return self.only_hosts and (
            any(fnmatchcase(host, pattern) for pattern in self.hosts)
            or any(fits(host, expression) for expression in self.expressions)
        )


def fits(host: str, expression: str) -> bool:
    """Whether a host fits a regular expression; not, where it is one that only AWS understands."""
    try:
        return re.search(expression, host, re.IGNORECASE) is not None
    except re.error:
        return False


def exported(stack: str, output: str) -> str:
    """The name of an export."""
    return f"{stack}-{output}"


def balancer_of(stack: Mapping[str, Any]) -> SharedBalancer:
    """Of a stack as DescribeStacks tells it. Raises NotFound where it has none."""
    outputs = {item["OutputKey"]: str(item["OutputValue"]) for item in stack.get("Outputs", ())}
    name = str(stack["StackName"])
    if LISTENER not in outputs:
        raise NotFound(f'stack "{name}" has no shared load balancer')
    return SharedBalancer(
        name, outputs[LISTENER], several(outputs.get(DOMAINS, "")), several(outputs.get(CERTIFICATES, ""))
    )


def several(text: str) -> tuple[str, ...]:
    return tuple(item for item in text.split(",") if item)


def look_up_names(aws: Aws) -> tuple[str, ...]:
    """The stacks that export a shared load balancer."""
    ending = exported("", LISTENER)
    exports = aws.pages("cloudformation", "list_exports", "Exports")
    return tuple(sorted(item["Name"].removesuffix(ending) for item in exports if item["Name"].endswith(ending)))


def look_up_rules(aws: Aws, listener: str) -> tuple[ListenerRule, ...]:
    """The rules of a listener by priority, without its default one."""
    pages = aws.pages("elbv2", "describe_rules", "Rules", ListenerArn=listener, PaginationConfig={"PageSize": PAGE})
    found = (parsed(item) for item in pages if item["Priority"].isdigit())
    return tuple(sorted(found, key=lambda rule: rule.priority))


def parsed(item: Mapping[str, Any]) -> ListenerRule:
    conditions: Sequence[Mapping[str, Any]] = item.get("Conditions") or ()
    hosts: list[str] = []
    expressions: list[str] = []
    for condition in conditions:
        if condition.get("Field") == "host-header":
            config = condition.get("HostHeaderConfig") or {}
            hosts += config.get("Values") or condition.get("Values") or ()
            expressions += config.get("RegexValues") or ()
    groups: list[str] = []
    for action in item.get("Actions") or ():
        several_groups = (action.get("ForwardConfig") or {}).get("TargetGroups") or ()
        groups += [group["TargetGroupArn"] for group in several_groups] or [action.get("TargetGroupArn", "")]
    return ListenerRule(
        item["RuleArn"],
        int(item["Priority"]),
        tuple(host.lower() for host in hosts),
        bool(hosts or expressions) and all(condition.get("Field") == "host-header" for condition in conditions),
        tuple(dict.fromkeys(group for group in groups if group)),
        tuple(expressions),
    )


def look_up_tags(aws: Aws, arns: Sequence[str]) -> dict[str, dict[str, str]]:
    """Tags by ARN, from the balancers themselves: at once right also for what was made a moment ago.

    Those that are gone are missing: AWS then answers for none that was asked for with them.
    """
    found: dict[str, dict[str, str]] = {}
    for start in range(0, len(arns), DESCRIBED):
        wanted = list(arns[start : start + DESCRIBED])
        try:
            answer = aws.call("elbv2", "describe_tags", ResourceArns=wanted)
        except AwsError as error:
            if not error.code.endswith("NotFound"):
                raise
            if len(wanted) > 1:
                found |= {arn: tags for one in wanted for arn, tags in look_up_tags(aws, [one]).items()}
            continue
        for item in answer["TagDescriptions"]:
            found[item["ResourceArn"]] = {tag["Key"]: tag.get("Value", "") for tag in item["Tags"]}
    return found


def look_up_quotas(aws: Aws) -> tuple[int, int]:
    """How many rules and target groups a load balancer may have."""
    limits = {item["Name"]: item["Max"] for item in aws.pages("elbv2", "describe_account_limits", "Limits")}
    return int(limits.get(RULES_QUOTA, MAX_RULES)), int(limits.get(GROUPS_QUOTA, MAX_GROUPS))


def free_priority(hosts: Sequence[str], rules: Iterable[ListenerRule]) -> int | None:
    """A priority for a rule of these hosts: the same one each time as long as the rules are the same.

    It starts at a number that follows from the first host, so that two apps which are deployed at the same time seldom
    meet, and lies before the first rule that takes the requests of one. None where there is no free one.
    """
    rules = list(rules)
    used = {rule.priority for rule in rules}
    end = min((rule.priority - 1 for rule in rules if any(map(rule.takes, hosts))), default=LAST_PRIORITY)
    start = zlib.crc32(hosts[0].encode())
    return next((one for distance in range(end) if (one := (start + distance) % end + 1) not in used), None)
