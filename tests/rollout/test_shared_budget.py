"""How many calls rollouts behind a shared load balancer make, exactly, and that docs/budgets.md says so."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from senza.clock import Clock
from senza.sandbox.embedded import EmbeddedSandbox
from tests.cli.test_budgets import ROLLOUT_STEPS, in_words
from tests.rollout.conftest import APP
from tests.rollout.shared import Shared

ROOT = Path(__file__).parents[2]
COMMANDS = ("deploy DEF 2 0.2", "deploy DEF 3 0.3", f"rollout status {APP}", f"rollout abort {APP}")


def test_a_rollout_makes_exactly_these_calls(sandbox: EmbeddedSandbox, clock: Clock, tmp_path: Path) -> None:
    rollouts = Shared(sandbox, clock, tmp_path)
    rollouts.define(ROLLOUT_STEPS)
    rollouts.start()

    def row(command: str) -> str:
        before = len(sandbox.log)
        rollouts.senza(command)
        made = Counter(map(str, sandbox.log[before:]))
        return f"| `{command}` | {sum(made.values())} | {in_words(made)} |"

    rows = [row(command) for command in COMMANDS]
    title = "## Rollouts behind a shared load balancer\n"
    document = (ROOT / "docs" / "budgets.md").read_text().partition(title)[2].partition("\n## ")[0]
    documented = [line for line in document.splitlines() if line.startswith("| `")]
    assert documented == rows, "docs/budgets.md should have:\n" + "\n".join(rows)
