"""``senza rollout``: look at a rollout and steer it, from any machine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import click

from senza.cli.abbreviations import AbbreviatingGroup
from senza.cli.context import Context
from senza.cli.options import WATCH_SECONDS, common_options, pass_context
from senza.cli.stack_names import complete_name
from senza.discretion import harmless, visible_json

if TYPE_CHECKING:
    from senza.journal import Operation
    from senza.rollout.control import Control
    from senza.rollout.progress import Progress
    from senza.rollout.steps import RolloutStep

F = TypeVar("F", bound=Callable[..., Any])
MARKS = {"done": ("✔", "green"), "now": ("▶", "yellow"), "failed": ("✘", "red"), "open": ("·", None)}


def app_argument(function: F) -> F:
    return click.argument("stack_name", metavar="APP", shell_complete=complete_name)(function)


def unlock_option(function: F) -> F:
    text = "Take the lock of this id away from whoever holds it."
    return click.option("--force-unlock", metavar="ID", default="", help=text)(function)


@click.group("rollout", cls=AbbreviatingGroup)
@common_options
def command() -> None:
    """Look at a rollout that "senza deploy" began, stop it, go on with it, take it back.

    \b
    Examples:
      senza rollout status hello-world
      senza rollout resume hello-world
      senza rollout abort hello-world
    """


@command.command()
@app_argument
@click.option("-o", "--output", type=click.Choice(("text", "json")), default="text", help="Format of the result.")
@click.option("-W", "watching", is_flag=True, help=f"Show it again every {WATCH_SECONDS} seconds.")
@common_options
@pass_context
def status(context: Context, stack_name: str, output: str, watching: bool) -> None:
    """Show where the newest rollout of an app stands, who carries it on, and what the metrics say.

    \b
    Example:
      senza rollout status hello-world
    """
    import json
    import sys

    from senza.cli.rollouts import control_of
    from senza.rollout.attending import AttentiveClock

    with control_of(context) as control:
        clock = AttentiveClock(control.clock, lambda: None, control.stop)  # Ctrl-C ends it at once
        app, operation = app_of(stack_name), None
        while True:
            operation = control.newest(app, operation)
            facts = standing(control, app, operation)
            if watching and sys.stdout.isatty():
                click.clear()
            if output == "json":
                click.echo(visible_json(json.dumps(facts, indent=2, ensure_ascii=False)))
            else:
                show(facts, control.clock.now())
            if not watching:
                return
            clock.sleep(WATCH_SECONDS)


@command.command()
@app_argument
@common_options
@pass_context
def pause(context: Context, stack_name: str) -> None:
    """Make the process that carries a rollout on stop where it is; the traffic stays.

    \b
    Example:
      senza rollout pause hello-world
    """
    from senza.cli.rollouts import control_of

    app = app_of(stack_name)
    with control_of(context) as control:
        control.pause(app)
    click.echo(f"The rollout of {app} is paused. Go on: senza rollout resume {app}")


@command.command()
@app_argument
@unlock_option
@common_options
@pass_context
def resume(context: Context, stack_name: str, force_unlock: str) -> None:
    """Go on with a rollout that was paused, interrupted or cut off, here.

    \b
    Example:
      senza rollout resume hello-world
    """
    steer(context, stack_name, force_unlock, lambda control, app, who: control.resume(app))


@command.command()
@app_argument
@unlock_option
@common_options
@pass_context
def promote(context: Context, stack_name: str, force_unlock: str) -> None:
    """Give the new version all traffic now, without watching any longer.

    \b
    Example:
      senza rollout promote hello-world
    """
    steer(context, stack_name, force_unlock, lambda control, app, who: control.promote(app, who))


@command.command()
@app_argument
@unlock_option
@common_options
@pass_context
def abort(context: Context, stack_name: str, force_unlock: str) -> None:
    """Give the traffic back to who had it before the rollout; also after it, while the old version is kept.

    \b
    Example:
      senza rollout abort hello-world
    """
    steer(context, stack_name, force_unlock, lambda control, app, who: control.abort(app, who), wanted="aborted")


@command.command()
@app_argument
@click.option("--file", "path", metavar="FILE", type=click.Path(), help="Where to write it; default: APP-VERSION.html.")
@click.option("--svg", is_flag=True, help="Only the charts, as one SVG picture.")
@common_options
@pass_context
def report(context: Context, stack_name: str, path: str | None, svg: bool) -> None:
    """Write the report of the newest rollout to a file: the verdicts, the numbers, the charts.

    \b
    Examples:
      senza rollout report hello-world
      senza rollout report hello-world --svg --file rollout.svg
    """
    from pathlib import Path

    from senza.cli.files import write_whole
    from senza.cli.rollouts import control_of
    from senza.rollout.reporting import page, picture

    app = app_of(stack_name)
    with control_of(context) as control:
        operation = control.newest(app)
        body = picture(operation) if svg else page(operation)
    path = path or f"{app}-{operation.entries[0].facts['version']}.{'svg' if svg else 'html'}".replace("/", "-")
    write_whole(Path(path), body)
    click.echo(path)


@command.command()
@app_argument
@click.option("--dry-run", is_flag=True, help="Only say which versions would go, and why the others stay.")
@unlock_option
@common_options
@pass_context
def cleanup(context: Context, stack_name: str, dry_run: bool, force_unlock: str) -> None:
    """Delete the old versions that nobody needs any more, as Keep in the definition says.

    \b
    Example:
      senza rollout cleanup hello-world --dry-run
    """
    from senza.cli.rollouts import control_of

    with control_of(context, force_unlock) as control:
        for line in control.cleanup(app_of(stack_name), dry_run=dry_run):
            click.echo(harmless(line))


def app_of(word: str) -> str:
    """A stack name, or that of a definition file."""
    from senza.cli.types import stack_name_in

    return stack_name_in(word) or word


def steer(
    context: Context, word: str, force_unlock: str, action: Callable[[Control, str, str], Any], wanted: str = "promoted"
) -> None:
    from senza.cli.rollouts import conclude, control_of

    app = app_of(word)
    with control_of(context, force_unlock) as control:
        result = action(control, app, control.who())
    if result.says == wanted == "aborted" and not result.left:
        click.echo(f"{result.stack} was taken back: the traffic is where it was before.")
        return
    conclude(context, result)


def standing(control: Control, app: str, operation: Operation) -> dict[str, Any]:
    """Everything that ``status`` shows, as JSON has it; weights in percent, times in seconds since the epoch."""
    from senza.rollout.ground import weights_of
    from senza.rollout.progress import progress
    from senza.traffic.app import stacks_of

    stands = progress(operation.entries)
    first = operation.entries[0]
    holder = control.holder(app) if stands.open else None
    weights = weights_of(control.aws, control.zones, stacks_of(control.aws, app))
    return {
        "rollout": operation.id,
        **{name: first.facts[name] for name in ("app", "version", "old", "strategy")},
        "started": first.at,
        "by": first.who,
        "phase": stands.phase,
        "result": stands.result or None,
        "because": stands.because or None,
        "held": stands.held or None,
        "stopped": stands.stopped or None,
        "holder": None if holder is None else {"id": holder.id, "who": holder.who, "where": holder.where},
        "traffic": {name: {one: weight / 2 for one, weight in all_.items()} for name, all_ in weights.items()},
        "steps": steps_of(operation, stands),
        "verdicts": verdicts_of(operation),
    }


def steps_of(operation: Operation, stands: Progress) -> list[dict[str, Any]]:
    """The confirmed steps of all phases, then those of the present one that are still to come."""
    done = [(entry.seq, row(step, "done", entry.at, entry.facts["says"])) for step, entry in stands.confirmed]
    done += [(entry.seq, row(step, "failed", entry.at, entry.facts["because"])) for step, entry in stands.broken]
    left = stands.steps[stands.next :] if stands.open else ()
    coming = [row(step, "open", None, None) for step in left]
    if coming and stands.under_way:
        coming[0] |= {"state": "now", "at": operation.entries[-1].at}
    return [one for _, one in sorted(done, key=lambda item: item[0])] + coming


def row(step: RolloutStep, state: str, at: float | None, outcome: str | None) -> dict[str, Any]:
    return {"step": step.says, "state": state, "at": at, "outcome": outcome}


def verdicts_of(operation: Operation) -> list[Mapping[str, Any]]:
    """The newest look at the gates that was written down."""
    for entry in reversed(operation.entries):
        verdicts = entry.facts.get("verdicts") or (entry.facts.get("facts") or {}).get("verdicts")
        if verdicts:
            return list(verdicts)
    return []


def show(facts: Mapping[str, Any], now: float) -> None:
    """For people: what matters at 3 a.m. comes first."""
    from senza.cli.output import ago, tell

    old = f" (before: {facts['old']})" if facts["old"] else ""
    tell(f"{facts['app']} {facts['version']}{old}: {in_words(facts)}", bold=True)
    tell(f"{facts['strategy']}, begun {ago(now - facts['started'])} by {facts['by']}, {facts['rollout']}")
    if holder := facts["holder"]:
        tell(f"Carried on by {holder['who']} at {holder['where']}, lock {holder['id']}")
    for domain, shares in facts["traffic"].items():
        tell(f"{domain}: " + ", ".join(f"{name} {share:g} %" for name, share in shares.items()))
    for one in facts["steps"]:
        mark, colour = MARKS[one["state"]]
        when = f"  {ago(now - one['at'])}" if one["at"] else ""
        said = f": {one['outcome']}" if one["outcome"] else ""
        tell(f"  {mark} {one['step']}{said}{when}", fg=colour)
    for verdict in facts["verdicts"]:
        colour = {"pass": "green", "fail": "red"}.get(verdict["says"], "yellow")
        click.echo(f"  {click.style(harmless(verdict['says']), fg=colour)}  {harmless(verdict['because'])}")


def in_words(facts: Mapping[str, Any]) -> str:
    because = f": {facts['because']}" if facts["because"] else ""
    if facts["result"]:
        return f"{facts['result']}{because}"
    way = {"forward": "on its way", "promotion": "being promoted", "back": "being taken back"}[facts["phase"]]
    if facts["stopped"]:
        return f"{way}, stopped: {facts['stopped']}"
    if facts["holder"] is None:
        return f"{way}, but nobody carries it on: senza rollout resume {facts['app']}"
    return f"{way}, waiting: {facts['held']}" if facts["held"] else f"{way}{because}"
