"""What cfn-lint found nothing wrong with: digests in ``$XDG_CACHE_HOME/senza/linted.json``, nothing of a template."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

from senza.cli.context import Context
from senza.cli.files import made, own_directory, write_whole

MOST = 200
"""Digests that are kept, the newest."""


class Linted:
    """A file of digests. One that cannot be read is empty, one that cannot be written is no matter."""

    def __init__(self, context: Context) -> None:
        self.path: Path = own_directory(context.environ, "XDG_CACHE_HOME", ".cache") / "linted.json"

    def __contains__(self, digest: object) -> bool:
        return digest in self._digests()

    def add(self, digest: str) -> None:
        kept = [one for one in self._digests() if one != digest][1 - MOST :]
        with suppress(OSError):
            made(self.path.parent)
            write_whole(self.path, json.dumps([*kept, digest]))

    def _digests(self) -> list[str]:
        try:
            found = json.loads(self.path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return []
        return [one for one in found if isinstance(one, str)] if isinstance(found, list) else []
