"""Names that AWS limits."""

from __future__ import annotations

import hashlib
import re

MAX_LOAD_BALANCER_NAME = 32
"""Characters of a load balancer's or target group's name (Elastic Load Balancing API reference, CreateLoadBalancer)."""
HASH = 6
"""Hexadecimal digits: of 100 target groups that begin alike, two meet with a probability of 0.03 %."""


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


def unique_name(stack_name: str, version: str, suffix: str = "") -> str:
    """The same, but what is left out leaves a hash of the whole: apps that begin alike do not meet in one name.

    Raises ValueError as above.
    """
    cut = load_balancer_name(stack_name, version, suffix)
    whole = f"{stack_name}-{version}-{suffix}" if suffix else f"{stack_name}-{version}"
    if cut == whole:
        return cut
    mark = hashlib.sha256(whole.encode()).hexdigest()[:HASH]
    ending = dashed(f"{version}-{suffix}" if suffix else version)
    beginning = stack_name[: max(MAX_LOAD_BALANCER_NAME - len(f"-{mark}-{ending}"), 0)]
    mark = mark[: MAX_LOAD_BALANCER_NAME - len(f"-{ending}")]
    return dashed(f"{beginning}-{mark}-{ending}")


def dashed(text: str) -> str:
    """Without double, leading or trailing dashes, which AWS refuses."""
    return re.sub("-{2,}", "-", text).strip("-")


def given_load_balancer_name(name: str) -> str:
    """A name of the user's own, cut to what AWS takes."""
    return dashed(name[:MAX_LOAD_BALANCER_NAME])
