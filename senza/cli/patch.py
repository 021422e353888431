"""``senza patch``"""

from __future__ import annotations

import click

from senza.cli.context import Context
from senza.cli.groups import ask_once, group_option
from senza.cli.options import common_options, pass_context
from senza.cli.types import stack_refs
from senza.errors import UsageError
from senza.stacks.references import StackRef


@click.command("patch")
@stack_refs(required=True)
@click.option(
    "--image",
    metavar="AMI",
    help="The id of an image, or latest: the newest of the family that the group runs; Taupage also staging, dev.",
)
@click.option("--instance-type", metavar="TYPE", help="E.g. t3.small.")
@click.option("--user-data", metavar="YAML", help="Keys to change in the Taupage configuration; null removes one.")
@group_option
@click.option("-f", "--force", is_flag=True, help="Patch several groups without asking.")
@click.option("--dry-run", is_flag=True, help="Show what would be done, and change nothing.")
@common_options
@pass_context
def command(
    context: Context,
    refs: tuple[StackRef, ...],
    image: str | None,
    instance_type: str | None,
    user_data: str | None,
    group: str | None,
    force: bool,
    dry_run: bool,
) -> None:
    """Change image, instance type or user data of running stacks, without a new version.

    Only instances that are launched from now on have it; "senza respawn-instances" replaces the others.

    \b
    Examples:
      senza patch hello-world 1 --image latest
      senza patch hello-world 1 --instance-type t3.small --dry-run
      senza patch hello-world 1 --user-data 'environment: {LOG_LEVEL: debug}'
    """
    if image is None and instance_type is None and user_data is None:
        raise UsageError("there is nothing to patch", hint="Give --image, --instance-type or --user-data.")
    from senza.fleet import wishes
    from senza.fleet.groups import groups_of
    from senza.fleet.patch import Wish, plan_patch

    aws = context.aws()
    wish = Wish(
        image=None if image is None else wishes.image_wish(aws, context.account(), image),
        instance_type=None if instance_type is None else wishes.instance_type(aws, instance_type),
        user_data=user_data,
    )
    groups = groups_of(aws, refs, group)
    steps = [step for one in groups for step in plan_patch(aws, one, wish)]
    if not steps:
        context.say(f"{', '.join(map(str, groups))}: so already; nothing to change.")
        return
    if not force and not dry_run:
        ask_once(context, steps)
    context.carry_out(steps, dry_run=dry_run)
    if not dry_run:
        words = dict.fromkeys(step.group.stack.rpartition("-")[::2] for step in steps)
        for name, version in words:
            context.say(f"Running instances are as they were: senza respawn-instances {name} {version} replaces them.")
