"""``senza status``"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from senza.cli.context import Context
from senza.cli.everywhere import show, with_places
from senza.cli.options import common_options, pass_context, table_options
from senza.cli.output import Column, Row, Table
from senza.cli.types import stack_refs
from senza.stacks.references import StackRef

if TYPE_CHECKING:
    from senza.cli.everywhere import Absent
    from senza.traffic.survey import Survey

COLUMNS = (
    Column("stack_name"),
    Column("version", title="Ver."),
    Column("status", kind="state"),
    Column("total_instances", kind="number", title="Inst.#"),
    Column("running_instances", kind="number", title="Running"),
    Column("healthy_instances", kind="number", title="Healthy"),
    Column("lb_status", kind="state", title="LB Status"),
    Column("http_status", kind="state", title="HTTP"),
    Column("main_dns", title="Main DNS"),
)


@click.command("status")
@stack_refs()
@table_options(with_places(COLUMNS), watch=True)
@common_options
@pass_context
def command(context: Context, table: Table, refs: tuple[StackRef, ...]) -> None:
    """Show whether stacks are well: their instances, load balancers, web server and DNS.

    "HTTP" is what the version's own domain answers now, ERROR if nothing does. "Main DNS" says whether Route 53, or
    the rule of a shared load balancer, sends anybody to the version.

    \b
    Examples:
      senza status hello-world
      senza status hello-world -W
      senza status hello-world -e all
      senza status 'hello-.*' -o json
    """
    show(context, table, lambda one, absent: rows(one, refs, absent), refs)


def rows(context: Context, refs: tuple[StackRef, ...], absent: Absent) -> list[Row]:
    from functools import partial

    from senza.fleet.balancers import lb_states
    from senza.fleet.health import Count, Web, count
    from senza.fleet.instances import list_instances
    from senza.stacks.summaries import find_stacks
    from senza.traffic.reachable import in_main_dns, version_domains
    from senza.traffic.survey import survey

    aws = context.aws()
    jobs: dict[str, Callable[[], Any]] = {
        "stacks": partial(find_stacks, aws, refs, absent=absent),
        "zones": context.account().zones,
        "instances": partial(list_instances, aws, refs),
    }
    first = aws.parallel(jobs)
    stacks, instances = first["stacks"], first["instances"]

    def records() -> tuple[Survey, dict[str, str]]:
        found = survey(aws, first["zones"], stacks)
        return found, Web().answers(version_domains(found).values())

    jobs = {"states": partial(lb_states, aws, instances), "records": records}
    second = aws.parallel(jobs)
    found, answers = second["records"]
    counts, domains, main = count(instances, second["states"]), version_domains(found), in_main_dns(found)
    nothing = Count(0, 0, None, ())
    return [
        {
            "stack_name": stack.name,
            "version": stack.version,
            "status": stack.status,
            "total_instances": counts.get(stack.full_name, nothing).total,
            "running_instances": counts.get(stack.full_name, nothing).running,
            "healthy_instances": counts.get(stack.full_name, nothing).healthy,
            "lb_status": ", ".join(counts.get(stack.full_name, nothing).lb_states),
            "http_status": answers.get(domains.get(stack.full_name, "")),
            "main_dns": main.get(stack.full_name),
        }
        for stack in stacks
    ]
