"""How a version is promoted: look at it, compile its definition for both places, compare, tell, deploy."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from senza.cli.compiling import Request, secrets_of, tell_about
from senza.cli.context import Context
from senza.errors import AwsError, Refused, SenzaError, UsageError

if TYPE_CHECKING:
    from senza.account import Account
    from senza.components import Compiled
    from senza.definition import Definition
    from senza.promotion.exactness import Exactness
    from senza.promotion.images import Sameness
    from senza.promotion.parameters import Carried, Place
    from senza.promotion.patched import Patched
    from senza.promotion.running import Running

MOST_LINES = 40
"""Of a difference that stands in the way; ``senza diff`` shows all."""


@dataclass(frozen=True)
class Wish:
    """What the command line says. version: "" for what has the traffic. definition: None for what can be found."""

    app: str
    version: str
    given: Mapping[str, str] = field(repr=False)
    definition: str | None
    parameter_file: str | None
    tags: tuple[tuple[str, str], ...]
    force: bool
    verify: str | None


@dataclass(frozen=True)
class Look:
    """What came of looking at both places. here: the version compiled for the target.

    already: how that differs from the stack that the target has of this version; None where it has none.
    """

    source: Place
    target: Place
    running: Running
    request: Request
    carried: tuple[Carried, ...]
    here: Compiled = field(repr=False)
    images: tuple[Sameness, ...]
    exactness: Exactness
    already: Exactness | None
    recorded: Mapping[str, Any]
    patched: tuple[Patched, ...] = ()


def promote(source: Context, target: Context, wish: Wish, strategy: str, dry_run: bool, force_unlock: str) -> None:
    """Deploy in ``target`` what runs in ``source``. Raises Refused where it would be another, and what deploy does."""
    from senza.cli.deploy import Manner, roll_out, settings_of
    from senza.cli.promoted import show, summary, tell

    seen = look_at(source, target, wish)
    refuse_what_is_not_the_same(target, seen, wish)
    tell_about(target, seen.here)
    tell(target, seen)
    bound = seen.here.bound
    assert bound is not None
    if dry_run:
        show(target, seen)
    else:
        target.say(summary(seen))
    facts = {
        "environment": seen.source.name,
        "account": seen.source.account,
        "region": seen.source.region,
        "stack_id": seen.running.stack.stack_id,
    }
    how = Manner(strategy, dry_run, force_unlock, {"promoted_from": facts})
    with target.addressing():
        roll_out(target, seen.request, seen.here, settings_of(bound, strategy), how)


def look_at(source: Context, target: Context, wish: Wish) -> Look:
    """Everything there is to know before something is done; both places at the same time where that is possible."""
    from senza.cli.gate import gate_for
    from senza.definition import load
    from senza.promotion.compiling import Sealed, Site, bound_there, compile_both
    from senza.promotion.exactness import exactness
    from senza.promotion.images import compare_images
    from senza.promotion.parameters import arguments, carry, undecryptable
    from senza.promotion.running import what_runs

    name = source.environment_name or ""
    there, here = place_of(source), place_of(target)
    if (there.account, there.region) == (here.account, here.region):
        raise UsageError(
            f"{there.name} and {here.name} are one place: account {there.account}, {there.region}",
            hint="A version is one stack there, which cannot be promoted to itself.",
        )
    account, zones = Sealed(source.aws()), target.account().zones
    jobs: dict[str, Callable[[], Any]] = {
        "running": partial(what_runs, source.aws(), account.zones, wish.app, wish.version, name),
        "zones": partial(quietly, zones),  # which a rollout needs
    }
    running: Running = source.aws().parallel(jobs)["running"]
    existing, recorded, patched = also_known(source, target, running)
    definition = load(definition_file(source, wish, recorded), lenient=wish.force)
    own = defaults_of_account(definition, account)
    carried = carry(definition.parameters, dict(running.stack.parameters), there, here, given_in(wish), own)
    if (error := undecryptable(carried, there, here)) and not wish.force:
        raise error
    file, version = definition.source.file, running.stack.version
    request = Request(file, version, arguments(carried), None, wish.force, wish.tags, wish.verify)
    compiled = compile_both(
        running,
        Site(bound_there(definition, running, carried, account, there.parameters), account),
        Site(request.bind(target), target.account()),
        lambda pins: gate_for(target, wish.verify, force=wish.force, pins=pins),
        force=wish.force,
        tags=dict(wish.tags),
    )
    assert compiled.here.bound is not None
    target.discretion.keep(secrets_of(compiled.here.bound, compiled.here), [compiled.here.full_name])
    images = compare_images(compiled.here.images, compiled.pins, recorded.get("images") or ())
    secrets = {one.here for one in carried if one.secret and one.here}
    exact = exactness(running, compiled.there, secrets)
    already = exactness(existing, compiled.here, secrets) if existing else None
    return Look(there, here, running, request, carried, compiled.here, images, exact, already, recorded, patched)


def also_known(
    source: Context, target: Context, running: Running
) -> tuple[Running | None, Mapping[str, Any], tuple[Patched, ...]]:
    """The stack that the target has of this version, what the journal of the source says of the one there, and whose
    groups launch something else by now."""
    from senza.promotion.running import if_there

    jobs: dict[str, Callable[[], Any]] = {
        "existing": partial(if_there, target.aws(), running.stack.full_name),
        "recorded": partial(journal_of, source, running),
        "patched": partial(patched_in, source, running),
    }
    found = source.aws().parallel(jobs)
    return found["existing"], found["recorded"], found["patched"]


def patched_in(source: Context, running: Running) -> tuple[Patched, ...]:
    from senza.promotion.patched import look_up_patched

    try:
        return look_up_patched(source.aws(), running)
    except AwsError as error:
        source.warn(f"whether groups in {source.environment_name} were patched is not known: {error.message}")
        return ()


def quietly(look_up: Callable[[], object]) -> None:
    """For what will be looked up again, and fail again, where it is needed."""
    from contextlib import suppress

    with suppress(SenzaError):
        look_up()


def place_of(context: Context) -> Place:
    from senza.promotion.parameters import Place

    environment = context.environment
    assert environment is not None
    return Place(environment.name, environment.account, context.aws().region, environment.parameters)


def journal_of(source: Context, running: Running) -> Mapping[str, Any]:
    """What the journal there says of the stack; {} where there is none or it cannot be read."""
    from senza.journal import Caller, Journal
    from senza.promotion.records import recorded

    aws = source.aws()
    caller = Caller(aws, running.stack.stack_id)
    try:
        return recorded(Journal(aws, source.clock, account_id=caller.account_id, who=caller.who), running.stack)
    except (AwsError, Refused) as error:
        source.warn(f"the journal of {source.environment_name} cannot be read: {error.message}")
        return {}


def given_in(wish: Wish) -> dict[str, str]:
    from senza.definition import load_parameter_file

    file = load_parameter_file(wish.parameter_file) if wish.parameter_file else {}
    if twice := sorted(file.keys() & wish.given.keys()):
        raise UsageError(f"the parameter {twice[0]} is given twice", hint="On the command line and in the file.")
    return {**file, **wish.given}


def definition_file(source: Context, wish: Wish, recorded: Mapping[str, Any]) -> str:
    """The file to make the version of. Raises UsageError where there is none to be found."""
    if wish.definition:
        return wish.definition
    beside = Path(source.environments().file).parent
    starts = [Path()] if beside.resolve() == Path.cwd().resolve() else [Path(), beside]
    names = [f"{wish.app}.yaml", f"definitions/{wish.app}.yaml"]
    paths = [start / name for name in names for start in starts]
    if said := str(recorded.get("definition") or "").removeprefix("file://"):
        # only what is checked out here: who may write there must not choose what is run here
        roots = [start.resolve() for start in starts]
        named = [start / said for start in starts]
        paths = [path for path in named if any(path.resolve().is_relative_to(root) for root in roots)] + paths
    for path in paths:
        if path.is_file():
            return str(path)
    looked = ", ".join(dict.fromkeys(map(str, paths)))
    raise UsageError(f"there is no definition of {wish.app}: looked for {looked}", hint="Say --definition FILE.")


def defaults_of_account(definition: Definition, account: Account) -> dict[str, str]:
    """Defaults that name facts of the account, as they are there."""
    from senza.definition.parameters import with_defaults

    tagged = [one for one in definition.parameters if "{{" in str(one.settings.get("Default") or "")]
    if not tagged:
        return {}
    rest = {one.name: "" for one in definition.parameters if one not in tagged}
    values = with_defaults(definition, rest, account.info)
    return {one.name: values[one.name] for one in tagged}


def refuse_what_is_not_the_same(target: Context, seen: Look, wish: Wish) -> None:
    """Raises Refused; with ``--force`` it is a warning."""
    from senza.cli.differing import lines
    from senza.promotion.images import moved

    differing = [(changed(seen), seen.exactness)]
    if seen.already:
        differing.append((another(seen), seen.already))
    found = []
    for error, one in differing:
        if not one.exact:
            shown = list(lines(one.comparison))
            more = len(shown) - MOST_LINES
            for line in (*shown[:MOST_LINES], *([f"… and {more} lines more."] if more > 0 else [])):
                click.echo(line, err=True)
            found.append(error)
    if refusal := moved(seen.images, seen.source.name):
        found.append(refusal)
    if others := [one for one in seen.patched if not one.only_image]:
        found.append(not_the_stacks(seen, others))
    for error in found:
        if not wish.force:
            raise error
        target.warn(error.message)


def not_the_stacks(seen: Look, patched: Sequence[Patched]) -> Refused:
    """That groups in the source launch what no definition says."""
    return Refused(
        f"{', '.join(map(str, patched))}: launched in {seen.source.name}, but not what the stack says",
        hint=f"Put it into {seen.request.definition} and update {seen.running.stack.full_name} in {seen.source.name} "
        "first. --force promotes the definition as it is.",
    )


def another(seen: Look) -> Refused:
    """That the target has a stack of this version which was made of something else."""
    stack, target = seen.running.stack, seen.target.name
    return Refused(
        f"{target} has a {stack.full_name} already, which is another one than that of {seen.source.name}",
        hint=f"Promote another version, or delete that one: senza -e {target} delete {stack.name} {stack.version}. "
        "--force gives it the traffic as it is.",
    )


def changed(seen: Look) -> Refused:
    """That the definition does not make what runs; where to find the one that does."""
    stack, revision = seen.running.stack, str(seen.recorded.get("revision") or "")
    commit = f" ({revision[:12]}, says the journal of {seen.source.name})" if revision else ""
    when = "updated" if stack.updated else "created"
    return Refused(
        f"{seen.request.definition} has changed since {stack.full_name} was {when} in {seen.source.name}",
        hint=f"Check out the commit that it was {when} from{commit}, or let what is checked out run in "
        f"{seen.source.name} first. --force promotes it as it is now.",
    )
