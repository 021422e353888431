"""How a version is promoted: look at it, compile its definition for both places, compare, tell, deploy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from senza.cli.compiling import Request, tell_about
from senza.cli.context import Context
from senza.errors import AwsError, DefinitionError, Refused, SenzaError, UsageError

if TYPE_CHECKING:
    from senza.components import Compiled
    from senza.components.model import Images
    from senza.definition import Bound, Definition
    from senza.promotion.exactness import Exactness
    from senza.promotion.images import Sameness
    from senza.promotion.parameters import Carried, Place
    from senza.promotion.running import Running
    from senza.provenance import CheckedImage

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
class Both:
    """What came of looking at both places: the same version, compiled for each."""

    source: Place
    target: Place
    running: Running
    request: Request
    carried: tuple[Carried, ...]
    there: Compiled = field(repr=False)
    here: Compiled = field(repr=False)
    images: tuple[Sameness, ...]
    exactness: Exactness
    recorded: Mapping[str, Any]


def promote(source: Context, target: Context, wish: Wish, strategy: str, dry_run: bool, force_unlock: str) -> None:
    """Deploy in ``target`` what runs in ``source``. Raises Refused where it would be another, and what deploy does."""
    from senza.cli.deploy import Manner, roll_out, settings_of
    from senza.cli.promoted import show, summary, tell

    both = look(source, target, wish)
    refuse_what_is_not_the_same(target, both, wish)
    tell_about(target, both.here)
    tell(target, both)
    bound = both.here.bound
    assert bound is not None
    if dry_run:
        show(target, both)
    else:
        target.say(summary(both))
    facts = {
        "environment": both.source.name,
        "account": both.source.account,
        "region": both.source.region,
        "stack_id": both.running.stack.stack_id,
    }
    how = Manner(strategy, dry_run, force_unlock, {"promoted_from": facts})
    roll_out(target, both.request, both.here, settings_of(bound, strategy), how)


def look(source: Context, target: Context, wish: Wish) -> Both:
    """Everything there is to know before something is done; both places at the same time where that is possible."""
    from senza.definition import load
    from senza.promotion.images import compare_images
    from senza.promotion.parameters import arguments, carry, undecryptable
    from senza.promotion.running import what_runs

    name = source.environment_name or ""
    jobs: dict[str, Callable[[], Any]] = {
        "running": partial(what_runs, source.aws(), source.account().zones, wish.app, wish.version, name),
        "zones": partial(quietly, target.account().zones),  # which a rollout needs
    }
    there, here = place_of(source), place_of(target)
    if (there.account, there.region) == (here.account, here.region):
        raise UsageError(
            f"{there.name} and {here.name} are one place: account {there.account}, {there.region}",
            hint="A version is one stack there, which cannot be promoted to itself.",
        )
    running: Running = source.aws().parallel(jobs)["running"]
    recorded = journal_of(source, running)
    definition = load(definition_file(source, wish, recorded), lenient=wish.force)
    own = defaults_of_account(definition, source)
    carried = carry(definition.parameters, dict(running.stack.parameters), there, here, given_in(wish), own)
    if (error := undecryptable(carried, there, here)) and not wish.force:
        raise error
    file, version = definition.source.file, running.stack.version
    request = Request(file, version, arguments(carried), None, wish.force, wish.tags, wish.verify)
    compiling = Compiling(source, target, request, carried, running)
    compiled = compiling.both()
    return Both(
        there,
        here,
        running,
        request,
        carried,
        **compiled,
        images=compare_images(compiled["here"].images, compiling.pins.result(), recorded.get("images") or ()),
        exactness=compiling.exactness(compiled["there"]),
        recorded=recorded,
    )


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
    names = [f"{wish.app}.yaml", f"definitions/{wish.app}.yaml"]
    if said := str(recorded.get("definition") or "").removeprefix("file://"):
        names.insert(0, said)
    places = [place / name for name in names for place in dict.fromkeys((Path(), beside))]
    for place in places:
        if place.is_file():
            return str(place)
    looked = ", ".join(dict.fromkeys(map(str, places)))
    raise UsageError(f"there is no definition of {wish.app}: looked for {looked}", hint="Say --definition FILE.")


def defaults_of_account(definition: Definition, source: Context) -> dict[str, str]:
    """Defaults that name facts of the account, as they are there."""
    from senza.definition.parameters import with_defaults

    tagged = [one for one in definition.parameters if "{{" in str(one.settings.get("Default") or "")]
    if not tagged:
        return {}
    rest = {one.name: "" for one in definition.parameters if one not in tagged}
    values = with_defaults(definition, rest, source.account().info)
    return {one.name: values[one.name] for one in tagged}


class Compiling:
    """The definition for both places at the same time; the images of the one are those that run in the other.

    pins: what these are, as soon as they are known.
    """

    def __init__(
        self, source: Context, target: Context, request: Request, carried: tuple[Carried, ...], running: Running
    ) -> None:
        self._source = source
        self._target = target
        self._request = request
        self._carried = carried
        self._running = running
        self.pins: Future[Mapping[str, str]] = Future()

    def both(self) -> dict[str, Compiled]:
        there, here = self._bound_there(), self._request.bind(self._target)
        gate = self._gate()
        self._source.account(), self._target.account()  # made here: a context belongs to one thread
        jobs: dict[str, Callable[[], Compiled]] = {
            "there": partial(self._compile_there, there),
            "here": partial(self._compile_here, here, gate),
        }
        return self._source.aws().parallel(jobs)

    def exactness(self, there: Compiled) -> Exactness:
        from senza.promotion.exactness import exactness

        secrets = {one.here for one in self._carried if one.secret and one.here}
        return exactness(self._running, there, secrets)

    def _bound_there(self) -> Bound:
        from dataclasses import replace

        from senza.promotion.parameters import arguments_there

        stack = self._running.stack
        bound = replace(self._request, parameters=arguments_there(self._carried)).bind(self._source)
        if bound.stack_name != stack.name:
            raise DefinitionError(
                f"{self._request.definition} is the definition of {bound.stack_name}, not of {stack.name}",
                hint="Say --definition FILE.",
            )
        return bound

    def _compile_there(self, bound: Bound) -> Compiled:
        """Without asking a registry. Raises DefinitionError, and what look-ups raise."""
        from senza.components import compile
        from senza.promotion.images import Pinned, Pins, pins

        account, force = self._source.account(), self._request.force
        try:
            found = compile(bound, account, force=force)
            known = pins(found.containers, dict(self._running.stack.tags), self._running.template)
            self.pins.set_result(Pins(known))
        except BaseException as error:
            self.pins.set_exception(error)  # nobody must wait for them
            raise
        return compile(bound, account, force=force, images=Pinned(known))

    def _compile_here(self, bound: Bound, images: Images) -> Compiled:
        from senza.components import compile

        tags = dict(self._request.tags)
        return compile(bound, self._target.account(), force=self._request.force, extra_tags=tags, images=images)

    def _gate(self) -> Images:
        from senza.cli.gate import gate_for

        request = self._request
        return Late(lambda: gate_for(self._target, request.verify, force=request.force, pins=self.pins.result()))


class Late:
    """Images of a gate that can be made only when the first of them is to be checked."""

    def __init__(self, make: Callable[[], Images]) -> None:
        self._make = make

    @cached_property
    def _gate(self) -> Images:
        return self._make()

    def check(self, image: str, architecture: str = "", *, pin: bool) -> CheckedImage:
        return self._gate.check(image, architecture, pin=pin)


def refuse_what_is_not_the_same(target: Context, both: Both, wish: Wish) -> None:
    """Raises Refused; with ``--force`` it is a warning."""
    from senza.cli.differing import lines
    from senza.promotion.images import moved

    found = [changed(both)] if not both.exactness.exact else []
    if not both.exactness.exact:
        shown = list(lines(both.exactness.comparison))
        for line in shown[:MOST_LINES]:
            target.say(line)
        if len(shown) > MOST_LINES:
            target.say(f"… and {len(shown) - MOST_LINES} lines more.")
    if error := moved(both.images, both.source.name):
        found.append(error)
    for error in found:
        if not wish.force:
            raise error
        target.warn(error.message)


def changed(both: Both) -> Refused:
    """That the definition does not make what runs; where to find the one that does."""
    stack, revision = both.running.stack, str(both.recorded.get("revision") or "")
    commit = f" ({revision[:12]}, says the journal of {both.source.name})" if revision else ""
    when = "updated" if stack.updated else "created"
    return Refused(
        f"{both.request.definition} has changed since {stack.full_name} was {when} in {both.source.name}",
        hint=f"Check out the commit that it was {when} from{commit}, or let what is checked out run in "
        f"{both.source.name} first. --force promotes it as it is now.",
    )
