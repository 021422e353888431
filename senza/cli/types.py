"""Parameter types of the command line, to be given as ``type=``: text in, values out, one clear message if wrong."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from senza.errors import UsageError

if TYPE_CHECKING:
    from senza.stacks.references import StackRef

UNITS_PER_PERCENT = 2
DEFINITION_SUFFIXES = (".yaml", ".yml", ".json")
PERCENT = re.compile(r"([0-9]{1,3})(?:\.([0-9]))?%?")
MAX_TAG_KEY = 128
MAX_TAG_VALUE = 256


def percentage(text: str) -> int:
    """``0`` to ``100`` in steps of ``0.5``, as an integer number of half percents: ``0.5`` → 1, ``100`` → 200."""
    match = PERCENT.fullmatch(text)
    if match and match[2] in (None, "0", "5"):
        units = int(match[1]) * UNITS_PER_PERCENT + (match[2] == "5")
        if units <= 100 * UNITS_PER_PERCENT:
            return units
    raise click.BadParameter(f"{text!r} is no percentage from 0 to 100 in steps of 0.5.")


def key_value(text: str) -> tuple[str, str]:
    """``key=value``, split at the first ``=``, as a pair."""
    key, separator, value = text.partition("=")
    if not key or not separator:
        raise click.BadParameter(f"{text!r} is not of the form key=value.")
    return key, value


def tag(text: str) -> tuple[str, str]:
    """A stack's tag as ``key=value``, within what CloudFormation takes (API reference, Tag)."""
    key, value = key_value(text)
    if not value:
        raise click.BadParameter(f"the tag {key} has no value; AWS wants at least one character.")
    if len(key) > MAX_TAG_KEY or len(value) > MAX_TAG_VALUE:
        raise click.BadParameter(
            f"the tag {key[:MAX_TAG_KEY]} is too long; AWS allows keys of {MAX_TAG_KEY} and values of {MAX_TAG_VALUE}."
        )
    if key.lower().startswith("aws:"):
        raise click.BadParameter(f"the tag {key} begins with aws:, which AWS keeps for itself.")
    return key, value


def complete_files(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[Any]:
    """Leave it to the shell, which knows its files."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(incomplete, type="file")]


def stack_refs(*, required: bool = False) -> Callable[[Any], Any]:
    """The argument ``STACK_REF...``; the command gets ``refs: tuple[StackRef, ...]``, empty for all stacks."""
    return click.argument("refs", metavar="STACK_REF..." if required else "[STACK_REF]...", nargs=-1,
                          required=required, callback=_read_refs, shell_complete=_complete_refs)  # fmt: skip


def _complete_refs(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[Any]:
    from senza.cli.stack_names import complete_refs

    return complete_refs(ctx, param, incomplete)


def _read_refs(
    ctx: click.Context, param: click.Parameter, words: tuple[str, ...]
) -> tuple[StackRef, ...] | tuple[str, ...]:
    """The references; while completing, the words."""
    if ctx.resilient_parsing:
        return words
    from senza.stacks.references import parse_refs

    return parse_refs(words, stack_name_in)


def stack_name_in(word: str) -> str | None:
    """The StackName of the definition file ``word``; None where it is not written like the name of one.

    Raises UsageError or DefinitionError for a file that cannot be read, or whose StackName depends on arguments.
    """
    if not word.endswith(DEFINITION_SUFFIXES):
        return None
    from senza.definition.loading import load

    definition = load(word)
    name = str(definition.tree["SenzaInfo"]["StackName"])
    if "{{" in name:
        raise UsageError(
            f"{word}: SenzaInfo.StackName is {name!r}, which depends on arguments",
            hint="Give the name of the stack instead of the file.",
        )
    return name
