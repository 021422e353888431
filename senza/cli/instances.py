"""``senza instances``"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from senza.cli.context import Context
from senza.cli.everywhere import require_one, show, with_places
from senza.cli.options import common_options, pass_context, table_options
from senza.cli.output import Column, Row, Table
from senza.cli.types import stack_refs
from senza.errors import NotFound, OperationFailed, UsageError
from senza.stacks.references import StackRef

if TYPE_CHECKING:
    from senza.cli.everywhere import Absent
    from senza.fleet.instances import Instance

DOCKER = Column("docker_source", shrinks=True)
COLUMNS = (
    Column("stack_name"),
    Column("version", title="Ver."),
    Column("resource_id", title="Resource ID", shrinks=True),
    Column("instance_id", title="Instance ID"),
    Column("public_ip", title="Public IP"),
    Column("private_ip", title="Private IP"),
    Column("state", kind="state"),
    Column("lb_status", kind="state", title="LB Status"),
    DOCKER,
    Column("launch_time", kind="time", title="Launched"),
)
EVERY_COLUMN = with_places(COLUMNS)


@click.command("instances")
@stack_refs()
@click.option("-d", "--docker-image", is_flag=True, help="Also the container image, from each instance's user data.")
@click.option("--all", "stackless", is_flag=True, help="Also the instances that belong to no stack.")
@click.option("--terminated", is_flag=True, help="Also those that are terminated, for as long as EC2 shows them.")
@click.option("-p", "--piu", metavar="REASON", help="Ask piu for SSH access to the running instances listed.")
@click.option("-O", "--odd-host", metavar="HOST", help="The SSH bastion for --piu.")
@table_options(EVERY_COLUMN, watch=True)
@common_options
@pass_context
def command(
    context: Context,
    table: Table,
    refs: tuple[StackRef, ...],
    docker_image: bool,
    stackless: bool,
    terminated: bool,
    piu: str | None,
    odd_host: str | None,
) -> None:
    """List the EC2 instances of stacks, with what their load balancers say about them.

    \b
    Examples:
      senza instances hello-world
      senza instances hello-world 1 --docker-image
      senza instances hello-world -e all
      senza instances hello-world 1 --piu "look at the logs"
    """
    from senza.fleet.instances import list_instances, require_stacks

    program = piu_program(piu, odd_host, table)
    if piu is not None:
        require_one(context, "--piu")
    asked_for = table.columns != EVERY_COLUMN and DOCKER in table.columns
    shown: list[Instance] = []

    def look(one: Context, absent: Absent) -> list[Row]:
        instances = list_instances(one.aws(), refs, stackless=stackless, terminated=terminated)
        require_stacks(one.aws(), refs, instances, absent)
        if piu is not None:
            shown[:] = instances
        return rows_of(one, instances, docker_image or asked_for)

    if not docker_image and not asked_for:
        table = replace(table, columns=[column for column in table.columns if column is not DOCKER])
    show(context, table, look, refs)
    if piu is not None:
        request_access(program, shown, piu, odd_host)


def rows_of(context: Context, instances: Sequence[Instance], docker_image: bool) -> list[Row]:
    from functools import partial

    from senza.fleet.balancers import lb_states
    from senza.fleet.instances import docker_sources

    aws = context.aws()
    jobs = {"states": partial(lb_states, aws, instances)}
    looked: dict[str, Any] = aws.parallel(
        jobs | ({"docker": partial(docker_sources, aws, instances)} if docker_image else {})
    )
    return [
        {
            "stack_name": instance.stack_name,
            "version": instance.version,
            "resource_id": instance.resource_id,
            "instance_id": instance.id,
            "public_ip": instance.public_ip,
            "private_ip": instance.private_ip,
            "state": instance.state,
            "lb_status": looked["states"].get(instance.id),
            "docker_source": looked.get("docker", {}).get(instance.id),
            "launch_time": instance.launched,
        }
        for instance in instances
    ]


def piu_program(piu: str | None, odd_host: str | None, table: Table) -> str:
    """Where piu is, looked for before anything is asked. Raises UsageError, NotFound."""
    if piu is None:
        if odd_host is not None:
            raise UsageError("--odd-host is the bastion for --piu, which is missing", hint='Add --piu "REASON".')
        return ""
    if table.every:
        raise UsageError("--piu cannot be combined with watching", hint="Leave out -w and -W.")
    program = shutil.which("piu")
    if program is None:
        raise NotFound("piu is not installed", hint="pip install stups-piu, or use senza ssh, which needs no bastion.")
    return program


def request_access(program: str, instances: Sequence[Instance], reason: str, odd_host: str | None) -> None:
    """Call piu for each running instance; connects at once where there is only one. Raises OperationFailed."""
    running = [instance for instance in instances if instance.state == "RUNNING" and instance.private_ip]
    if not running:
        raise NotFound("none of these instances is running", hint="senza instances --terminated shows what was.")
    for instance in running:
        words = [program, "request-access", str(instance.private_ip), f"{reason} via senza"]
        words += ["--connect"] if len(running) == 1 else []
        words += ["-O", odd_host] if odd_host else []
        done = subprocess.run(words, check=False)  # noqa: S603 - no shell, and the words stay words
        if done.returncode:
            raise OperationFailed(
                f"piu ended with exit code {done.returncode} for {instance.id} ({instance.private_ip})",
                hint="What it printed above says why.",
            )
