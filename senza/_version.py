"""The version, kept apart so that ``senza --version`` reads no package metadata (30 ms)."""

__version__ = "3.0.0.dev0"
