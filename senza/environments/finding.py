"""Where ``senza.yaml`` is: beside the definitions or above them, within the repository."""

from __future__ import annotations

import os
import re
import stat
from itertools import takewhile
from pathlib import Path

FILE = "senza.yaml"
FOLDER = "definitions"
"""Where definitions usually are, seen from a repository's root."""


DEFINITION = re.compile(rb"^(?:\xef\xbb\xbf)?[\"']?SenzaInfo[\"']?\s*:", re.MULTILINE)


def is_definition(path: Path) -> bool:
    """Whether this is a definition, as which many repositories have a file of that name. Unreadable ones are none, and
    what is no plain file: a pipe would never end."""
    try:
        return path.is_file() and DEFINITION.search(path.read_bytes()) is not None
    except OSError:
        return False


def find(start: Path) -> Path | None:
    """The file in the directory ``start``, or in the nearest one above it up to the repository's root.

    A definition of that name does not count. The root is the directory with a ``.git``. Outside of repositories
    ``start`` alone is looked at: above it may be directories into which others can write. One such as /tmp is never
    looked at from below, for others can make a repository of it.
    """
    start = Path(os.path.realpath(start))
    above = [start, *takewhile(lambda one: not shared_by_all(one), start.parents)]
    root = next((number for number, one in enumerate(above) if os.path.exists(one / ".git")), 0)
    return next((one / FILE for one in above[: root + 1] if counts(one / FILE)), None)


def shared_by_all(path: Path) -> bool:
    """Whether everybody may make files there, as in /tmp. Not every directory of mode 777: those of some CI are."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return bool(mode & stat.S_ISVTX and mode & stat.S_IWOTH)


def counts(path: Path) -> bool:
    """Whether there is a file, and no definition. False, too, in directories that may not be looked into."""
    return os.path.isfile(path) and not is_definition(path)


def look_for(definition: str | None, current: Path) -> Path | None:
    """The file for a command: beside its definition or above, else from the current directory, else definitions/.

    definition: path or URL as the user gave it; None for commands that take none.
    """
    starts = [current]
    if definition and "://" not in definition:
        starts.insert(0, (current / definition).parent)
    elif definition and definition.startswith("file:///"):
        from urllib.parse import unquote, urlsplit

        starts.insert(0, Path(unquote(urlsplit(definition).path)).parent)
    for start in starts:
        if found := find(start):
            return found
    path = current / FOLDER / FILE
    return path if counts(path) else None
