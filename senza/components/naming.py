"""Names that AWS limits."""

from __future__ import annotations

import re

MAX_LOAD_BALANCER_NAME = 32
"""Characters of a load balancer's or target group's name (Elastic Load Balancing API reference, CreateLoadBalancer)."""


def load_balancer_name(stack_name: str, version: str, suffix: str = "") -> str:
    """``StackName-Version[-Suffix]`` in at most 32 characters; only the stack's name is cut.

    Raises ValueError where version and suffix leave no room for it.
    """
    ending = dashed(f"{version}-{suffix}" if suffix else version)
    room = MAX_LOAD_BALANCER_NAME - len(ending) - 1
    beginning = dashed(stack_name[: max(room, 0)])
    if not beginning:
        raise ValueError(f"{ending} leaves no room for the stack's name in {MAX_LOAD_BALANCER_NAME} characters")
    return f"{beginning}-{ending}"


def dashed(text: str) -> str:
    """Without double, leading or trailing dashes, which AWS refuses."""
    return re.sub("-{2,}", "-", text).strip("-")


def given_load_balancer_name(name: str) -> str:
    """A name of the user's own, cut to what AWS takes."""
    return dashed(name[:MAX_LOAD_BALANCER_NAME])
