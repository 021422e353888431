"""``senza doctor``: what is printed where, and the exit code."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from senza.sandbox.embedded import EmbeddedSandbox

if TYPE_CHECKING:
    from tests.cli.conftest import Senza


def test_a_fresh_account_is_all_well(senza: Senza) -> None:
    result = senza("doctor --strict")
    levels = {line.split()[0] for line in result.stdout.splitlines()[1:]}
    assert (levels, result.stderr) == ({"ok"}, "")


def test_what_to_do_follows_the_table(senza: Senza, sandbox: EmbeddedSandbox) -> None:
    sandbox.settings.date_ahead = 1000
    result = senza("doctor", exit_code=1)
    table, _, advice = result.stdout.partition("\n\n")
    assert "error clock" in " ".join(table.split())
    assert advice.startswith("error clock: this machine's clock is 1000 s behind AWS's")
    assert "timedatectl" in advice
    assert result.stderr == (
        "Error: 1 error and 0 warnings found in this account\nWhat to do about each is said above.\n"
    )


def test_warnings_count_only_when_strict(senza: Senza, sandbox: EmbeddedSandbox) -> None:
    sandbox.settings.date_ahead = 100
    assert senza("doctor").stderr == ""
    assert "0 errors and 1 warning found" in senza("doctor --strict", exit_code=1).stderr


def test_programs_get_everything(senza: Senza, sandbox: EmbeddedSandbox) -> None:
    sandbox.settings.date_ahead = 1000
    rows = json.loads(senza("doctor -o json", exit_code=1).stdout)
    (clock,) = [row for row in rows if row["check"] == "clock"]
    assert (clock["level"], clock["looked_at"]) == ("error", "the Date header of an answer")
    assert clock["link"].startswith("https://docs.aws.amazon.com/")
    assert senza("doctor -o tsv --field level --field check", exit_code=1).stdout.splitlines()[:4] == [
        "level\tcheck",
        "ok\tregion",
        "ok\tcredentials",
        "error\tclock",
    ]


def test_bad_credentials_are_one_error(senza: Senza, sandbox: EmbeddedSandbox) -> None:
    sandbox.faults.add("sts:GetCallerIdentity", code="ExpiredToken", message="The security token has expired")
    result = senza("doctor", exit_code=1)
    assert "log in again" in result.stdout
    assert "1 error and 0 warnings" in result.stderr
