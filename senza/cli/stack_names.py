"""Completion of stack names and versions, from a short-lived file, so that the Tab key costs no more than a moment.

Commands that list all stacks anyway leave their names in ``$XDG_CACHE_HOME/senza/``; completion itself asks AWS only
where that is missing or old, for a moment, and never says a word.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from contextlib import redirect_stderr, suppress
from io import StringIO
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import click

from senza.cli.context import Context
from senza.cli.files import made, own_directory, write_whole
from senza.cli.options import the_context
from senza.errors import SenzaError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

FRESH = 60.0
"""Seconds for which names are used without asking AWS."""
PATIENCE = 1.5
"""Seconds that completion waits for AWS."""
FURTHER_VERSION = re.compile("v[0-9]")


def remember(context: Context, full_names: Iterable[str]) -> None:
    """Keep the names of all stacks there are, for completion. A file that cannot be written is no matter."""
    with suppress(OSError, SenzaError):
        path = cache_file(context)
        made(path.parent)
        write_whole(path, json.dumps({"at": context.clock.now(), "names": sorted(full_names)}))


def known_names(context: Context, patience: float = PATIENCE) -> list[str]:
    """The full names of the stacks, not much older than a minute where AWS answers in time.

    Where it does not, the old ones serve for another while: pressing Tab again must not wait again.
    """
    at, names = read(cache_file(context))
    if 0 <= context.clock.now() - at < FRESH:
        return names
    found: list[list[str]] = []
    context.asks = False

    def ask() -> None:
        with suppress(Exception):
            from senza.stacks.summaries import list_stacks

            found.append([stack.full_name for stack in list_stacks(context.aws())])

    thread = Thread(target=ask, daemon=True)
    thread.start()
    thread.join(patience)
    if found:
        names = found[0]
    remember(context, names)
    return names


def cache_file(context: Context) -> Path:
    """One file for each account and region. Raises SenzaError where the settings cannot be read."""
    from hashlib import sha256

    digest = sha256(context.account_key().encode()).hexdigest()[:16]
    return own_directory(context.environ, "XDG_CACHE_HOME", ".cache") / f"stacks-{digest}.json"


def read(path: Path) -> tuple[float, list[str]]:
    """When the names were written, in seconds since the epoch, and the names; 0 and none for no such file."""
    try:
        content: Any = json.loads(path.read_text(encoding="utf-8"))
        return float(content["at"]), [str(name) for name in content["names"]]
    except (OSError, ValueError, TypeError, KeyError):
        return 0.0, []


def next_words(words: Sequence[str], full_names: Iterable[str]) -> list[str]:
    """What may follow these words of ``[NAME [VERSION [further versions]]]...``, see senza.stacks.references. Pure."""
    pairs = [(name, version) for name, dash, version in (full.rpartition("-") for full in full_names) if dash]
    name: str | None = None
    versions: list[str] = []
    for word in words:
        if name is None or (versions and not FURTHER_VERSION.match(word)):
            name, versions = word, []
        else:
            versions.append(word)
    names = sorted({stack for stack, _ in pairs})
    if name is None:
        return names
    of_name = sorted({version for stack, version in pairs if matches(name, stack)} - set(versions))
    if not versions:
        return of_name
    return [version for version in of_name if FURTHER_VERSION.match(version)] + names


def matches(pattern: str, name: str) -> bool:
    try:
        return re.fullmatch(pattern, name) is not None
    except re.error:
        return False


def complete_refs(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem[Any]]:
    """For an argument ``STACK_REF...``, which keeps its words as they are while completing."""
    return offered(ctx, ctx.params.get(str(param.name)) or (), incomplete)


def complete_name(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem[Any]]:
    """For an argument that is the name of a stack."""
    return offered(ctx, (), incomplete)


def complete_version(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem[Any]]:
    """For an argument ``version`` behind one called ``stack_name``."""
    return offered(ctx, (str(ctx.params.get("stack_name")),), incomplete)


def offered(ctx: click.Context, words: Sequence[str], incomplete: str) -> list[CompletionItem[Any]]:
    from click.shell_completion import CompletionItem

    with redirect_stderr(StringIO()), suppress(Exception):  # nothing may write over what is being typed
        found = next_words(words, known_names(the_context(ctx)))
        items = [CompletionItem(word) for word in found if word.startswith(incomplete)]
        if items:
            return items
    return [] if words else [CompletionItem(incomplete, type="file")]
