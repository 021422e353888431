"""``senza traffic``"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from senza.cli.context import Context
from senza.cli.options import common_options, pass_context, table_options
from senza.cli.output import Column, Row, Table
from senza.cli.recorded import force_unlock_option, recorded, weights_of
from senza.cli.stack_names import complete_name, complete_version
from senza.cli.types import percentage, stack_name_in
from senza.errors import NotFound

if TYPE_CHECKING:
    from senza.plan import Outcome
    from senza.traffic.app import TrafficPlan

SHOWN = (
    Column("stack_name"),
    Column("version"),
    Column("identifier"),
    Column("domain", shrinks=True),
    Column("weight%", kind="number", title="Weight%"),
    Column("answers%", kind="number", title="Answers%"),
    Column("status", kind="state"),
    Column("current"),
    Column("type", quiet=True),
)
CHANGED = (
    Column("stack_name"),
    Column("version"),
    Column("identifier"),
    Column("domain", shrinks=True),
    Column("old_weight%", kind="number", title="Old Weight%"),
    Column("delta", kind="number"),
    Column("new_weight%", kind="number", title="New Weight%"),
    Column("observed%", kind="number", title="Observed%"),
    Column("current"),
    Column("type", quiet=True),
)


@click.command("traffic")
@click.argument("stack_name", shell_complete=complete_name)
@click.argument("version", required=False, shell_complete=complete_version)
@click.argument("percent", required=False, type=percentage)
@click.option("-t", "--timeout", type=click.IntRange(1, 7200), metavar="SECS",
              help="Wait first, at most so long, until no stack of the app is being changed.")  # fmt: skip
@click.option("-i", "--interval", type=click.IntRange(1, 600), default=5, metavar="SECS", help="Between checks (5).")
@click.option("--force", is_flag=True, help="Also take the traffic away from the last version that has it.")
@click.option("--dry-run", is_flag=True, help="Show the new weights, and change nothing.")
@force_unlock_option
@table_options(SHOWN, watch=False)
@common_options
@pass_context
def command(
    context: Context,
    table: Table,
    stack_name: str,
    version: str | None,
    percent: int | None,
    timeout: int | None,
    interval: int,
    force: bool,
    dry_run: bool,
    force_unlock: str,
) -> None:
    """Show the traffic of an app, or give a version a percentage of it.

    The other versions with traffic share the rest in proportion. All weights of a hosted zone, or of a rule of a shared
    load balancer, change at once or not at all. "Weight%" is what Route 53 or the balancer was told, "Answers%" what it
    makes of it: with all weights 0, Route 53 answers with every version and a balancer with none.

    \b
    Examples:
      senza traffic hello-world
      senza traffic hello-world 2 5
      senza traffic hello-world 2 100
    """
    app = stack_name_in(stack_name) or stack_name
    if version is None or percent is None:
        table.show(context, lambda: shown(context, app, version))
        return
    from senza.traffic.app import plan_traffic, wait_until_settled

    aws = context.aws()
    if timeout is not None:
        wait_until_settled(aws, app, context.clock, timeout=timeout, interval=interval)
    plan = plan_traffic(aws, context.account().zones, app, version, percent, force=force)
    for warning in plan.warnings:
        context.warn(f"{warning}.")
    for domain in plan.switch.domains:
        if domain.because:
            given = domain.after[plan.stack.full_name] / 2
            where = f"{domain.domain} at the load balancer" if domain.domain.type == "rule" else f"{domain.domain}"
            context.warn(f"{where}: {plan.stack.full_name} gets {given:g} %, because {domain.because}.")
    outcomes = [] if dry_run else switched(context, plan, percent, force_unlock)
    if not plan.steps:
        context.say("The weights are so already; nothing to change.")
    Table(CHANGED, table.output).show(context, lambda: changed(plan, outcomes, dry_run))


def switched(context: Context, plan: TrafficPlan, percent: int, force_unlock: str) -> list[Outcome]:
    """The lock may come after the plan: a switch whose weights were changed since they were read does nothing."""
    if not plan.steps:
        return []
    stack, domains = plan.stack, plan.switch.domains
    with recorded(context, stack.name, "traffic", arn=stack.stack_id, force_unlock=force_unlock) as recording:
        facts = {
            **{"version": stack.version, "stack": stack.full_name, "percent": percent / 2},
            **{"weights": weights_of(domains, "before"), "planned": weights_of(domains, "after")},
        }
        recording.step(facts, plan.steps)
        outcomes = recording.carry_out(plan.steps)
        recording.outcome = {"weights": weights_of(domains, "after"), "says": [one.says for one in outcomes]}
    return outcomes


def shown(context: Context, app: str, version: str | None) -> list[Row]:
    from senza.traffic.app import traffic_of

    traffic = traffic_of(context.aws(), context.account().zones, app)
    found = traffic.shares
    for warning in traffic.warnings:
        context.warn(f"{warning}.")
    if version is not None and not any(share.version == version for share in found):
        hint = f"senza traffic {app} shows those that have."
        what = "share" if any(share.type == "rule" for share in found) else "weighted record"
        raise NotFound(f"{app}-{version} has no {what}", hint=hint)
    return [
        {
            "stack_name": app if share.version else None,
            "version": share.version or None,
            "identifier": share.identifier,
            "domain": share.domain,
            "weight%": share.weight / 2,
            "answers%": round(share.effective, 1),
            "status": share.status or "NO_STACK",
            "current": "<" if share.version == version and version is not None else None,
            "type": share.type,
        }
        for share in found
    ]


def changed(plan: TrafficPlan, outcomes: Sequence[Outcome], dry_run: bool) -> list[Row]:
    from senza.stacks.references import split_name

    observed: dict[Any, int] = {}
    for outcome in outcomes:
        observed |= outcome.facts.get("observed", {})
    rows: list[Row] = []
    for part in plan.switch.domains:
        for identifier, before in part.before.items():
            name, version = split_name(identifier)
            ours = name == plan.stack.name
            after = part.after[identifier]
            seen = observed.get((part.domain.name, part.domain.type, identifier), None if dry_run else after)
            rows.append(
                {
                    "stack_name": name if ours else None,
                    "version": version if ours else None,
                    "identifier": identifier,
                    "domain": part.domain.name,
                    "old_weight%": before / 2,
                    "delta": (after - before) / 2 or None,
                    "new_weight%": after / 2,
                    "observed%": None if seen is None else seen / 2,
                    "current": "<" if identifier == plan.stack.full_name else None,
                    "type": part.domain.type,
                }
            )
    return rows
