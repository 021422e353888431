"""``senza sandbox``: a local AWS to try things on."""

from __future__ import annotations

import click

SHELLS = ("sh", "fish")


@click.group()
def command() -> None:
    """A local AWS with a seeded account, as strict as the real one where senza depends on it.

    \b
    Example:
      senza sandbox start
      senza create hello-world.yaml 1 0.1 --sandbox
      senza sandbox stop
    """


@command.command()
@click.option("--region", default="eu-central-1", show_default=True, help="Region of the seeded account.")
@click.option(
    "--speed",
    type=click.FloatRange(1, 3600),
    default=1,
    show_default=True,
    help="Seconds that pass in it in each second; senza waits accordingly.",
)
def start(region: str, speed: float) -> None:
    """Start it in the background; fine if it already runs.

    \b
    Example:
      senza sandbox start
      senza sandbox start --speed 60
    """
    from senza.sandbox import control

    state, fresh = control.start(region, speed=speed)
    pace = "" if state.speed == 1 else f", its time {state.speed:g} times as fast"
    click.echo(f"The sandbox {'is running' if fresh else 'was already running'}: {state.url} ({state.region}{pace}).")
    click.echo('Use it with --sandbox, or in this shell: eval "$(senza sandbox env)"')


@command.command()
@click.option("-o", "--output", type=click.Choice(("text", "json")), default="text", show_default=True, help="Format.")
def status(output: str) -> None:
    """Show whether it runs, where, and what is in its account; exits 1 if it does not.

    \b
    Example:
      senza sandbox status -o json
    """
    import json
    from datetime import UTC, datetime

    from senza.sandbox import control

    state, health = control.status()
    values = health["account"]["values"]
    facts = {
        "url": state.url,
        "region": state.region,
        "pid": state.pid,
        "started": datetime.fromtimestamp(state.started, UTC).isoformat(timespec="seconds"),
        "speed": state.speed,
        "now": datetime.fromtimestamp(state.clock().now(), UTC).isoformat(timespec="seconds"),
        "access_key_id": state.access_key_id,
        "account_id": values["account_id"],
        "hosted_zones": sorted(values["zone_ids"]),
        "mint_bucket": values["mint_bucket"],
    }
    if output == "json":
        click.echo(json.dumps(facts, indent=2))
        return
    for name, value in facts.items():
        shown = ", ".join(value) if isinstance(value, list) else value
        click.echo(f"{name.replace('_', ' '):<14} {shown}")


@command.command()
def reset() -> None:
    """Wipe the account and seed it again; the address and the credentials stay.

    \b
    Example:
      senza sandbox reset
    """
    from senza.sandbox import control

    state = control.reset()
    click.echo(f"The account of the sandbox at {state.url} is fresh again.")


@command.command()
def stop() -> None:
    """End it, and forget everything in it; fine if it does not run.

    \b
    Example:
      senza sandbox stop
    """
    from senza.sandbox import control

    state = control.stop()
    click.echo(f"The sandbox at {state.url} has ended." if state else "No sandbox was running.")


@command.command()
@click.option("--unset", is_flag=True, help="Lines that lead out of the sandbox again.")
@click.option("--shell", type=click.Choice(SHELLS), help="Whose lines; default: by $SHELL, sh for bash and zsh.")
def env(unset: bool, shell: str | None) -> None:
    """Print what points this shell, the AWS CLI and the SDKs to the sandbox, and to nothing else.

    \b
    Example:
      eval "$(senza sandbox env)"
      eval "$(senza sandbox env --unset)"
      senza sandbox env --shell fish | source
    """
    import os

    from senza.sandbox import control

    fish = (shell or os.path.basename(os.environ.get("SHELL", ""))) == "fish"
    lines = control.leaving(fish=fish) if unset else control.environment(control.required(), os.environ, fish=fish)
    click.echo("\n".join(lines))
