"""CloudFormation's short tags (``!Ref``, ``!Sub``...) and the functions they stand for.

User guide, "Intrinsic function reference" and "Rule-specific intrinsic functions": each has a long form ``Fn::Name``
(``Ref`` and ``Condition`` have no prefix).
"""

from __future__ import annotations

import re

_BARE = ("Ref", "Condition")
_PREFIXED = (
    "And", "Base64", "Cidr", "Contains", "EachMemberEquals", "EachMemberIn", "Equals", "FindInMap", "ForEach", "GetAtt",
    "GetAZs", "If", "ImportValue", "Join", "Length", "Not", "Or", "RefAll", "Select", "Split", "Sub", "ToJsonString",
    "Transform", "ValueOf", "ValueOfAll",
)  # fmt: skip

LONG_FORMS: dict[str, str] = {f"!{name}": name for name in _BARE} | {f"!{name}": f"Fn::{name}" for name in _PREFIXED}
"""Short tag to long form, e.g. ``!GetAtt`` to ``Fn::GetAtt``."""

SCALAR_ONLY = frozenset(f"!{name}" for name in _BARE)
"""Tags that stand before a name and nothing else."""

_ATTRIBUTE = re.compile(r"((?:\{\{.*?\}\}|(?!\{\{)[^.])+)\.(.+)", re.DOTALL)


def split_attribute(text: str) -> list[str] | None:
    """Split ``Resource.Attribute`` at the first dot that is not inside a ``{{…}}``; None where there is no such dot."""
    match = _ATTRIBUTE.fullmatch(text)
    return [match[1], match[2]] if match else None
