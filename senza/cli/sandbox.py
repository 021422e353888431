"""``senza sandbox``: a local AWS to try things on."""

from __future__ import annotations

import click

from senza.cli.abbreviations import AbbreviatingGroup

SHELLS = ("sh", "fish")


@click.group(cls=AbbreviatingGroup)
def command() -> None:
    """Start and stop a local AWS with a seeded account, to try things on.

    It is as strict as the real one where senza depends on it.

    \b
    Examples:
      senza sandbox start
      senza create hello-world.yaml 1 0.1 --sandbox
      senza sandbox stop
    """


@command.command()
@click.option(
    "--region", metavar="NAME", default="eu-central-1", show_default=True, help="Region of the seeded account."
)
@click.option(
    "--speed",
    metavar="N",
    type=click.FloatRange(1, 3600),
    default=1,
    show_default=True,
    help="Seconds that pass in it in each second; senza waits accordingly.",
)
def start(region: str, speed: float) -> None:
    """Start it in the background; fine if it already runs.

    \b
    Examples:
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
@click.argument("app")
@click.option("--requests", metavar="RATE", help="To all versions together: 5000/m, 80/s.")
@click.option("--errors", multiple=True, metavar="[VERSION=]SHARE", help="Share of 5xx: 1%, 2=5%.  [default: 0.1%]")
@click.option(
    "--latency",
    multiple=True,
    metavar="[VERSION=]TIME",
    help="Median: 80ms, 2=120ms; compared to the others: 2=+100ms, 2=+10%.  [default: 50ms]",
)
@click.option("--metric", multiple=True, metavar="[VERSION:]NAME=SHARE", help="Of visits: conversion=25%.")
@click.option("--lag", metavar="TIME", default="0s", show_default=True, help="How long resolvers keep old weights.")
@click.option(
    "--seed", metavar="N", type=int, help="The same one gives the same numbers; by chance where it is left out."
)
@click.option("--stop", "stopping", is_flag=True, help="End the load of the app.")
def load(
    app: str,
    requests: str | None,
    errors: tuple[str, ...],
    latency: tuple[str, ...],
    metric: tuple[str, ...],
    lag: str,
    seed: int | None,
    stopping: bool,
) -> None:
    """Feed CloudWatch with the metrics that requests to APP would cause, at the weights of each minute.

    It goes on until it is replaced, stopped or reset. Nothing is really requested. A value counts for all versions
    but those that have one of their own: --errors 1% --errors 2=5%.

    \b
    Examples:
      senza sandbox load hello-world --requests 5000/m --errors 2=5% --latency 2=+100ms
      senza sandbox load hello-world --requests 80/s --metric conversion=25% --metric 2:conversion=30%
      senza sandbox load hello-world --stop
    """
    import secrets

    from senza.errors import UsageError
    from senza.sandbox import control
    from senza.sandbox.load.syntax import load_of

    if stopping:
        ended = control.stop_load(app)
        click.echo(f"{app} gets no load any more." if ended else f"{app} had no load.")
        return
    if requests is None:
        raise UsageError("it is not said how many requests there are", hint="--requests 5000/m; or --stop to end them.")
    texts = {"errors": errors, "latency": latency, "metrics": metric}
    number = secrets.randbelow(10**6) if seed is None else seed
    wanted = load_of(requests, texts, lag, number)
    shares = control.load(app, wanted)
    if not shares:
        click.echo(f"{app} has no version with a weighted record yet; those that come get load.", err=True)
    for version, share in shares.items():
        click.echo(f"{app} {version} gets {wanted.requests * share:.0f} of {wanted.requests:.0f} requests a minute.")
    click.echo(f"The same numbers again: --seed {number}")


@command.command()
@click.option("--unset", is_flag=True, help="Lines that lead out of the sandbox again.")
@click.option("--shell", type=click.Choice(SHELLS), help="Whose lines; default: by $SHELL, sh for bash and zsh.")
def env(unset: bool, shell: str | None) -> None:
    """Print what points this shell, the AWS CLI and the SDKs to the sandbox, and to nothing else.

    \b
    Examples:
      eval "$(senza sandbox env)"
      eval "$(senza sandbox env --unset)"
      senza sandbox env --shell fish | source
    """
    import os

    from senza.sandbox import control

    fish = (shell or os.path.basename(os.environ.get("SHELL", ""))) == "fish"
    lines = control.leaving(fish=fish) if unset else control.environment(control.required(), os.environ, fish=fish)
    click.echo("\n".join(lines))
