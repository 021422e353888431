"""What a stack may be called.

CloudFormation's rule for ``StackName`` (API reference, CreateStack): letters, digits and dashes, a letter first, at
most 128 characters. The version is what follows the last dash, so it holds no dash itself.
"""

from __future__ import annotations

import re

from senza.errors import DefinitionError, UsageError, Where

MAX_NAME_LENGTH = 128
"""Characters of a full stack name."""

_VERSION = re.compile(r"[a-zA-Z0-9]+")
_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9-]*")


def check_version(version: str) -> None:
    """Raise UsageError unless this may be a stack version."""
    if not _VERSION.fullmatch(version):
        raise UsageError(
            f"{version!r} cannot be a stack version: it may hold the letters a-z, A-Z and the digits 0-9 only",
            hint="Give a version such as 1, 42 or v3.",
        )


def check_stack_name(name: str, version: str, where: Where | None = None) -> None:
    """Raise unless ``name-version`` may be the name of a stack.

    where: the place of ``StackName`` in the file. Raises UsageError for the version, DefinitionError for the name.
    """
    check_version(version)
    if not _NAME.fullmatch(name):
        raise DefinitionError(
            f"{name!r} cannot be a stack name: it must start with a letter and may hold a-z, A-Z, 0-9 and dashes only",
            hint="Change SenzaInfo.StackName, or the argument that it is made from.",
            where=where,
        )
    full = f"{name}-{version}"
    if len(full) > MAX_NAME_LENGTH:
        raise DefinitionError(
            f"the stack name {full} has {len(full)} characters; AWS allows {MAX_NAME_LENGTH}, version included",
            hint="Shorten SenzaInfo.StackName or the version.",
            where=where,
        )
