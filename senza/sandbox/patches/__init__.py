"""The gaps between moto and AWS, each closed by one small module: its docstring says which gap, its test shows it.

moto itself is not changed on disk; the modules replace methods inside the sandbox's own process.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module

PATCHES = (
    *(
        "clock",
        "accounts",
        "kms",
        "s3",
        "route53_api",
        "route53_stack",
        "elb",
        "elbv2",
        "listener_rules",
        "balancer_tags",
        "target_groups",
        "security_groups",
        "subnets",
        "launch",
        "autoscaling",
        "group_life",
        "launch_versions",
        "instance_refresh",
        "managed_instances",
        "group_extras",
        "iam",
        "simulation",
        "filters",
        "acm",
        "ecr",
        "cloudwatch",
        "alarms",
        "account_limits",
        "generic_types",
    ),
    "cloudformation",
    "change_sets",
)


@cache
def apply() -> None:
    """Patch moto, once in a process."""
    for name in PATCHES:
        import_module(f"senza.sandbox.patches.{name}").apply()
