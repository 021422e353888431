"""Groups whose commands may be abbreviated, and whose list of them is not cut short."""

from __future__ import annotations

from collections.abc import Mapping

import click

WHOLE = 1000
"""Letters of a command's help line: all of them."""


class AbbreviatingGroup(click.Group):
    """A command may be abbreviated as long as it is clear which one is meant; they are listed as they were made."""

    def known(self) -> Mapping[str, str]:
        """Command -> the line about it in the help of the group."""
        return {name: command.get_short_help_str(WHOLE) for name, command in self.commands.items()}

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.known())

    def candidates(self, name: str) -> list[str]:
        """The commands that ``name`` may stand for; an exact name stands for itself only."""
        known = self.known()
        if name in known:
            return [name]
        return [command for command in known if name and command.startswith(name)]

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        candidates = self.candidates(name)
        if len(candidates) == 1:
            command = self.get_command(ctx, candidates[0])
            return candidates[0], command, args[1:]
        if not ctx.resilient_parsing:
            ctx.fail(self._unclear(name, candidates))
        return None, None, args[1:]

    def _unclear(self, name: str, candidates: list[str]) -> str:
        if candidates:
            return f"Command '{name}' is ambiguous: {', '.join(candidates)}."
        from difflib import get_close_matches

        near = get_close_matches(name, self.known(), n=1)
        return f"No such command '{name}'." + (f" Did you mean '{near[0]}'?" if near else "")

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        known = self.known()
        if known:
            with formatter.section("Commands"):
                formatter.write_dl(list(known.items()))
