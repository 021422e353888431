"""Suggested commands go where the command went that suggests them."""

from __future__ import annotations

import pytest

from senza.cli.addressed import addressed
from senza.cli.context import Context
from senza.errors import Refused
from tests.cli.conftest import Senza


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Go on: senza rollout resume shop.", "Go on: senza -e live rollout resume shop."),
        ("senza list shows all; senza drift, too", "senza -e live list shows all; senza -e live drift, too"),
        ("senza -e staging delete shop 1", "senza -e staging delete shop 1"),
        ("senza sandbox start, senza config region", "senza sandbox start, senza config region"),
        ("senza has a bug; senza listens; /bin/senza list", "senza has a bug; senza listens; /bin/senza list"),
        ('write "senza traffic NAME OTHER 100"', 'write "senza -e live traffic NAME OTHER 100"'),
    ],
)
def test_commands_are_told_from_prose(text: str, expected: str) -> None:
    assert addressed(text, "-e live") == expected
    assert addressed(expected, "-e live") == expected
    assert addressed(text, "") == text


def test_all_options_that_say_where_are_repeated_as_a_shell_takes_them() -> None:
    context = Context(environ={"SENZA_ENVIRONMENT": "of-the-shell"})
    assert context.whereabouts == ""
    for option, value in (("profile", "my team"), ("region", "eu-west-1"), ("environment_name", "live")):
        context.choose(option, value)
    context.choose("sandbox", True)
    assert context.whereabouts == "-e live --region eu-west-1 --profile 'my team' --sandbox"
    with pytest.raises(Refused) as caught, context.addressing():
        raise Refused("no: senza list", hint="Say senza wait shop 1.")
    assert caught.value.message == "no: senza -e live --region eu-west-1 --profile 'my team' --sandbox list"
    assert caught.value.hint.startswith("Say senza -e live ")


def test_a_failing_command_says_where_to_go_on(senza: Senza) -> None:
    result = senza("--region eu-west-1 traffic shop 1 100", exit_code=1)
    assert "senza --region eu-west-1 list shop shows the versions there are" in result.stderr
