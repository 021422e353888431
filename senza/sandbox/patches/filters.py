"""Gap: moto takes a filter's value as a shell pattern with sets (``[a-z]``); EC2 knows ``*`` and ``?`` only."""

from __future__ import annotations

import fnmatch


def simple_aws_filter_to_re(filter_string: str) -> str:
    literal = filter_string.replace("[", "[[]")
    return fnmatch.translate(literal.replace(r"\?", "[?]").replace(r"\*", "[*]"))


def apply() -> None:
    from moto.ec2 import utils

    # other modules of moto have imported the function by name, so its code is replaced, not the name
    utils.simple_aws_filter_to_re.__code__ = simple_aws_filter_to_re.__code__
