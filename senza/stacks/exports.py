"""Exports of a stack, and which other stacks import them: CloudFormation does not delete such a stack."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from senza.aws import Aws
from senza.errors import AwsError, Refused
from senza.stacks.references import split_name
from senza.stacks.summaries import Stack

NOT_IMPORTED = "is not imported by any stack"


def check_not_imported(aws: Aws, stack: Stack, template: Mapping[str, Any]) -> None:
    """Raise Refused where another stack imports what this one exports; AWS is only asked where it exports anything.

    DeleteStack itself says nothing: the stack stays as it was, and an event tells why ("Delete canceled").
    template: the deployed one.
    """
    outputs = template.get("Outputs")
    declared = outputs.values() if isinstance(outputs, Mapping) else ()
    if not any(isinstance(one, Mapping) and "Export" in one for one in declared):
        return
    (described,) = aws.call("cloudformation", "describe_stacks", StackName=stack.stack_id)["Stacks"]
    names = [one["ExportName"] for one in described.get("Outputs", ()) if "ExportName" in one]
    found = aws.parallel({name: partial(importers, aws, name) for name in names})
    users = sorted({user for importing in found.values() for user in importing})
    if not users:
        return
    commands = "; ".join("senza delete {} {}".format(*split_name(user)) for user in users[:3])
    more = f" and {len(users) - 3} more" if len(users) > 3 else ""
    raise Refused(
        f"{', '.join(users)} {'imports' if len(users) == 1 else 'import'} what {stack.full_name} exports "
        f"({', '.join(name for name in names if found[name])}), so CloudFormation does not delete it",
        hint=f"Delete {'it' if len(users) == 1 else 'them'} first: {commands}{more}",
    )


def importers(aws: Aws, export: str) -> Sequence[str]:
    """The names of the stacks that import it."""
    try:
        return list(aws.pages("cloudformation", "list_imports", "Imports", ExportName=export))
    except AwsError as error:
        if NOT_IMPORTED not in error.message:
            raise
        return []
