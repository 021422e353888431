"""Files that senza writes for its user: whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

PRIVATE = 0o600
ORDINARY = 0o666
"""As any program's files: the umask takes away what the user does not want."""


def write_whole(path: Path, text: str, mode: int = PRIVATE) -> None:
    """Replace the file, or leave it as it is. Raises OSError."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf-8") as out:
            out.write(text)
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def own_directory(environ: Mapping[str, str], variable: str, default: str) -> Path:
    """``$XDG_..._HOME/senza`` (XDG Base Directory Specification: a relative path in there does not count)."""
    given = Path(environ.get(variable) or "")
    return (given if given.is_absolute() else Path(environ.get("HOME") or Path.home()) / default) / "senza"


def made(directory: Path) -> Path:
    """The directory, made where it is missing, for this user only, and so those above it. Raises OSError."""
    if not directory.is_dir():
        made(directory.parent)
        directory.mkdir(mode=0o700, exist_ok=True)
    return directory
