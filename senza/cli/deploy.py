"""``senza deploy``"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import click

from senza.cli.compiling import Request, check_before_sending, definition_arguments
from senza.cli.context import Context
from senza.cli.options import common_options, pass_context

if TYPE_CHECKING:
    from senza.components import Compiled
    from senza.definition import Bound
    from senza.rollout.model import Rollout
    from senza.rollout.planning import Ground
    from senza.rollout.steps import RolloutStep


@click.command("deploy")
@definition_arguments(tags=True)
@click.option("--strategy", metavar="NAME", default="", help="Instead of the definition's: recreate, rolling, "
              "blue-green, canary, linear, or a preset such as Canary10Percent5Minutes.")  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Show the plan, its earliest end, and what it means to stop on the way.")
@click.option("--force-unlock", metavar="ID", default="", help="Take the lock of this id away from whoever holds it.")
@common_options
@pass_context
def command(context: Context, request: Request, strategy: str, dry_run: bool, force_unlock: str) -> None:
    """Create a version and move the traffic to it, watched, and back if it is worse.

    How is said by SenzaInfo.Rollout in the definition; without it, a canary of 5, 25 and 100 %. It may be interrupted
    at any time: "senza rollout resume" goes on, on any machine, and so does the same command again.

    \b
    Examples:
      senza deploy definitions/hello-world.yaml 3 0.4
      senza deploy definitions/hello-world.yaml 3 0.4 --strategy blue-green --dry-run
    """
    bound = request.bind(context)
    rollout = settings_of(bound, strategy)
    compiled = request.compile(context, bound)
    roll_out(context, request, compiled, rollout, Manner(strategy, dry_run, force_unlock))


@dataclass(frozen=True)
class Manner:
    """How to deploy, as the options say. facts: more for the audit log."""

    strategy: str
    dry_run: bool
    force_unlock: str
    facts: Mapping[str, Any] = field(default_factory=dict)


def settings_of(bound: Bound, strategy: str) -> Rollout:
    """What the definition and ``--strategy`` say. Raises DefinitionError and UsageError."""
    from senza.rollout.settings import override, rollout_of

    rollout = rollout_of(bound)
    return override(rollout, strategy) if strategy else rollout


def roll_out(context: Context, request: Request, compiled: Compiled, rollout: Rollout, how: Manner) -> None:
    """Check, and then begin or go on with the rollout, or only show its plan.

    compiled: of the request, with its ``bound``. Raises OperationFailed where the new version did not make it.
    """
    from senza.cli.rollouts import conclude, control_of
    from senza.rollout.beginning import Beginning
    from senza.rollout.ground import look_at_ground
    from senza.rollout.planning import plan_forward, warnings

    bound = compiled.bound
    assert bound is not None
    check_before_sending(context, request, compiled)
    zones = context.account().zones
    if how.dry_run:
        ground = look_at_ground(context.aws(), zones, compiled)
        steps = plan_forward(rollout, ground)
        for warning in warnings(rollout, ground, steps):
            context.warn(warning)
        show_plan(context, steps, ground)
        return
    beginning = Beginning(
        app=bound.stack_name,
        version=bound.version,
        rollout=rollout,
        section=bound.info.get("Rollout"),
        strategy=how.strategy,
        compiled=compiled,
        directory=directory_of(request),
        facts={**audited(request, bound, compiled), **how.facts},
        secrets=context.discretion.secrets,
    )
    with control_of(context, how.force_unlock) as control:
        conclude(context, control.deploy(beginning))


def audited(request: Request, bound: Bound, compiled: Compiled) -> dict[str, Any]:
    """What the audit log should know beyond the plan: no value of a NoEcho parameter."""
    from senza.cli.endpoints import without_password
    from senza.cli.recorded import facts_of
    from senza.cli.rollouts import checked_out, commit_time

    shown = [bound.arguments[one.name] for one in bound.parameters if not one.no_echo]
    revisions = [one.origin.revision for one in compiled.images if one.origin]
    return {
        **facts_of(compiled),
        "definition": without_password(request.definition),
        "revision": checked_out(directory_of(request)),
        "commit_time": commit_time([*shown, *revisions], directory_of(request)),
    }


def directory_of(request: Request) -> str:
    """Where hooks run: beside the definition, or here if that came from elsewhere."""
    import os

    path = request.definition.removeprefix("file://")
    return os.path.dirname(os.path.abspath(path)) if os.path.exists(path) else os.getcwd()


def show_plan(context: Context, steps: Sequence[RolloutStep], ground: Ground) -> None:
    """On stdout: each step with its earliest time and the cost of stopping there; then the end."""
    from senza.cli.output import tell
    from senza.rollout.foreseeing import foresee

    foreseen = foresee(steps, ground)
    width = max(len(one.step.says) for one in foreseen)
    for one in foreseen:
        tell(f"{clock_face(one.earliest)}  {one.step.says:<{width}}  {one.stopped}")
    if ground.others:
        count = f"{ground.capacity} instance{'' if ground.capacity == 1 else 's'}"
        tell(f"Before: {described(ground.weights)}; {count} in {', '.join(ground.others)}.")
    lasts = foreseen[-1].earliest
    end = moment(context.clock.now() + lasts)
    click.echo(f"Earliest end: {end}, {clock_face(lasts)} from now, and the time that AWS takes.")


def described(weights: Mapping[str, Mapping[str, int]]) -> str:
    return "; ".join(
        f"{domain} " + ", ".join(f"{name} {weight / 2:g} %" for name, weight in siblings.items())
        for domain, siblings in weights.items()
    )


def clock_face(seconds: float) -> str:
    """``+0:35`` for hours and minutes."""
    minutes = round(seconds / 60)
    return f"+{minutes // 60}:{minutes % 60:02}"


def moment(seconds: float) -> str:
    import time

    return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))
