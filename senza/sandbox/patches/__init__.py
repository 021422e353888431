"""The gaps between moto and AWS, each closed by one small module: its docstring says which gap, its test shows it.

moto itself is not changed on disk; the modules replace methods inside the sandbox's own process.
"""

from __future__ import annotations

from functools import cache


@cache
def apply() -> None:
    """Patch moto, once in a process."""
    from senza.sandbox.patches import clock, cloudformation, elb, generic_types, route53_api, route53_stack

    for patch in (clock, route53_api, route53_stack, elb, generic_types, cloudformation):
        patch.apply()
