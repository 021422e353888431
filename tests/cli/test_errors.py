"""Every class of error as the user sees it: one message, what to do, and the exit code that it promises."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

import click
import pytest

from senza import errors
from senza.cli.failure import EXIT_CODES
from senza.errors import AwsError, SenzaError, Where

if TYPE_CHECKING:
    from tests.cli.conftest import Invoke

EXPECTED = {
    "SenzaError": 1,
    "UsageError": 2,
    "DefinitionError": 2,
    "NotFound": 1,
    "Refused": 1,
    "Conflict": 1,
    "OperationFailed": 1,
    "TimedOut": 1,
    "AwsError": 1,
}
"""Exit code by class: 2 where the input is wrong, 1 where the operation failed."""
CLASSES = [one for _, one in inspect.getmembers(errors, inspect.isclass) if issubclass(one, SenzaError)]


def test_every_class_is_in_the_table() -> None:
    assert {one.__name__ for one in CLASSES} == set(EXPECTED)
    assert set(EXPECTED.values()) <= set(EXIT_CODES)


def made(kind: type[SenzaError], where: Where | None) -> SenzaError:
    if issubclass(kind, AwsError):
        return kind("it is so", hint="Do that.", code="Throttling", service="sns", operation="Publish")
    return kind("it is so", hint="Do that.", where=where)


@pytest.mark.parametrize("kind", CLASSES)
@pytest.mark.parametrize("where", [None, Where("d.yaml", ("SenzaInfo", "Tags", 0), 3)])
def test_it_is_one_message_with_a_hint(invoke: Invoke, kind: type[SenzaError], where: Where | None) -> None:
    error = made(kind, where)

    @click.command("fail")
    def command() -> None:
        raise error

    result = invoke(command)
    place = "d.yaml:3: SenzaInfo.Tags[0]: " if error.where else ""
    assert result.stderr == f"Error: {place}it is so\nDo that.\n"
    assert (result.stdout, result.exit_code) == ("", EXPECTED[kind.__name__])
