"""Gap: moto takes a filter's value as a shell pattern with sets, or as a regular expression.

EC2 knows ``*`` and ``?`` only, and a backslash before them ("Filtering" in the EC2 API reference).
"""

from __future__ import annotations

import fnmatch
import re
from typing import Any


def simple_aws_filter_to_re(filter_string: str) -> str:
    literal = filter_string.replace("[", "[[]")
    return fnmatch.translate(literal.replace(r"\?", "[?]").replace(r"\*", "[*]"))


def aws_api_matches(pattern: str, string: Any) -> bool:
    wild = {"*": ".*", "?": ".?"}
    parts = re.findall(r"\\.|.", pattern, re.DOTALL)
    return bool(re.fullmatch("".join(wild.get(part) or re.escape(part[-1]) for part in parts), str(string), re.DOTALL))


def apply() -> None:
    from moto.core import utils as core
    from moto.ec2 import utils

    # other modules of moto have imported the functions by name, so their code is replaced, not the names
    core.aws_api_matches.__code__ = aws_api_matches.__code__
    utils.simple_aws_filter_to_re.__code__ = simple_aws_filter_to_re.__code__
