"""What the starters of applications have in common: names, network, load balancer, role."""

from __future__ import annotations

from senza.account import Account
from senza.errors import NotFound, UsageError
from senza.starters.model import Wanted
from senza.starters.questions import Answers, Question, matching, optional
from senza.starters.roles import Policy, Role
from senza.starters.security_groups import Rule, SecurityGroup
from senza.starters.text import scalar

IMAGE = matching(
    r"(?:[A-Za-z0-9.-]+(?::[0-9]+)?/)?[a-z0-9._-]+(?:/[a-z0-9._-]+)*",
    "it is an image without its tag, such as registry.example.org/team/app",
)

DOCKER_IMAGE = Question("docker_image", "Container image, without its tag", IMAGE)
MINT_BUCKET = Question(
    "mint_bucket",
    "S3 bucket with the application's OAuth credentials (empty: none)",
    optional(matching("[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", "it is the name of an S3 bucket")),
    "",
)


def group_of(answers: Answers) -> str:
    """Name of the instances' security group, and of their role."""
    return f"app-{answers['application_id']}"


def balancer_group_of(answers: Answers) -> str:
    return f"{group_of(answers)}-lb"


def balanced_groups(answers: Answers, outside: int, *inside: int) -> list[Wanted]:
    """Security groups of a load balancer and of the instances behind it.

    outside: the port of the load balancer, for those who may reach it. inside: ports of the instances, for the load
    balancer alone.
    """
    name, vpc_id = answers["application_id"], answers["vpc_id"]
    balancer = balancer_group_of(answers)
    allowed = tuple(Rule(outside, source) for source in answers["allowed_cidr"].split(","))
    return [
        SecurityGroup(balancer, f"Load balancer of {name}", vpc_id, allowed),
        SecurityGroup(
            group_of(answers), f"Instances of {name}", vpc_id, tuple(Rule(port, balancer) for port in inside)
        ),
    ]


def app_role(answers: Answers, account: Account) -> Role:
    """The role of the instances; it may read the application's own credentials where there is a bucket for them."""
    name, bucket = answers["application_id"], answers["mint_bucket"]
    policies: tuple[Policy, ...] = ()
    if bucket:
        objects = f"arn:{partition(account.region)}:s3:::{bucket}/{name}/*"
        statement = {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": [objects]}
        policies = (Policy(f"{name}-mint-read", f"read s3://{bucket}/{name}/", (statement,)),)
    return Role(group_of(answers), f"Instances of {name}", policies)


def partition(region: str) -> str:
    """What ARNs of a region begin with (AWS General Reference, "Amazon Resource Names")."""
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"


def network_line(answers: Answers, account: Account) -> str:
    """``VpcId`` of the component that detects the network, "" where it would choose that VPC anyway."""
    try:
        if account.vpc().id == answers["vpc_id"]:
            return ""
    except UsageError:
        pass
    return f"VpcId: {answers['vpc_id']}"


def check_vpc(answers: Answers, account: Account) -> None:
    """Raise NotFound unless the VPC exists."""
    account.vpc(answers["vpc_id"])


def zone_of(answers: Answers, account: Account) -> str:
    """The hosted zone as the definition names it: by Mustache where it is the account's own. Raises NotFound."""
    wanted = answers["hosted_zone"].rstrip(".").lower()
    zones = {zone.name.rstrip(".") for zone in account.zones()}
    if wanted not in zones:
        listed = ", ".join(sorted(zones)) or "none"
        raise NotFound(f"this account has no hosted zone {wanted}", hint=f"Hosted zones: {listed}.")
    try:
        return "{{AccountInfo.Domain}}" if account.zone().name.rstrip(".") == wanted else wanted
    except UsageError:
        return wanted


def mint_line(answers: Answers) -> str:
    return f"mint_bucket: {scalar(answers['mint_bucket'])}" if answers["mint_bucket"] else ""


def source_of(answers: Answers) -> str:
    """The image with the tag that is the definition's parameter."""
    return f'"{answers["docker_image"]}:{{{{Arguments.ImageVersion}}}}"'
