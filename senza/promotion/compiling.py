"""One version compiled for two places: where it runs, to be compared, and where it goes to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from functools import cached_property, partial
from typing import NamedTuple

from senza.account import Account
from senza.components import Compiled, compile
from senza.components.model import Images
from senza.definition import Bound, Definition, bind
from senza.errors import DefinitionError
from senza.promotion.images import Pinned, Pins, pins
from senza.promotion.parameters import Carried, arguments_there
from senza.promotion.running import Running
from senza.provenance import CheckedImage


class Sealed(Account):
    """Facts about an account for a definition that is compiled to be compared: no secret is needed for that."""

    def decrypt(self, ciphertext: str) -> str:
        """Nothing: it would become the value of a NoEcho parameter, which is not compared."""
        return ""


class Site(NamedTuple):
    bound: Bound
    account: Account


class Both(NamedTuple):
    """pins: see :func:`senza.promotion.images.pins`."""

    there: Compiled
    here: Compiled
    pins: Mapping[str, str]


def bound_there(
    definition: Definition,
    running: Running,
    carried: Sequence[Carried],
    account: Account,
    parameters: Mapping[str, str],
) -> Bound:
    """The definition with what its stack was made with.

    parameters: what senza.yaml says there, for what the stack does not tell. Raises DefinitionError and UsageError.
    """
    stack = running.stack
    given, region = arguments_there(carried), account.region
    bound = bind(definition, stack.version, given, region=region, account_info=account.info, defaults=parameters)
    if bound.stack_name != stack.name:
        raise DefinitionError(
            f"{definition.source.file} is the definition of {bound.stack_name}, not of {stack.name}",
            hint="Say --definition FILE.",
        )
    return bound


def compile_both(
    running: Running,
    there: Site,
    here: Site,
    gate: Callable[[Mapping[str, str]], Images],
    *,
    force: bool = False,
    tags: Mapping[str, str] | None = None,
) -> Both:
    """Both at the same time; only where it goes to a registry is asked, and about the images that run.

    gate: makes the one that images must pass there, given pins. tags: of the command line. Raises what compile does.
    """
    known: Future[Mapping[str, str]] = Future()

    def compile_there() -> Compiled:
        try:
            found = compile(there.bound, there.account, force=force)
            pinned = pins(found.containers, dict(running.stack.tags), running.template)
            known.set_result(Pins(pinned))
        except BaseException as error:
            known.set_exception(error)  # nobody must wait for it
            raise
        return compile(there.bound, there.account, force=force, images=Pinned(pinned))

    images = Late(lambda: gate(known.result()))
    compile_here = partial(compile, here.bound, here.account, force=force, extra_tags=tags, images=images)
    jobs: dict[str, Callable[[], Compiled]] = {"there": compile_there, "here": compile_here}
    return Both(**there.account.aws.parallel(jobs), pins=known.result())


class Late:
    """Images of a gate that can be made only when the first of them is to be checked."""

    def __init__(self, make: Callable[[], Images]) -> None:
        self._make = make

    @cached_property
    def _gate(self) -> Images:
        return self._make()

    def check(self, image: str, architecture: str = "", *, pin: bool) -> CheckedImage:
        return self._gate.check(image, architecture, pin=pin)
