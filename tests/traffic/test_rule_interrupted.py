"""Commands at a rule that die before any of their calls, or meet another one there: nobody is left without traffic."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner

from senza.aws import Aws, Call
from senza.cli.context import Context
from senza.cli.main import cli
from senza.clock import Clock
from senza.sandbox.embedded import EmbeddedSandbox
from tests.branches import Tree, explore, lose
from tests.traffic.balancing import Edge

Made = tuple[dict[str, int], int, list[str]]
"""The weights, how many rules the domain has, and the stacks."""


class Shop:
    """Three versions behind a balancer, and commands given to them."""

    def __init__(self, sandbox: EmbeddedSandbox, clock: Clock, weights: dict[str, int]) -> None:
        sandbox.reset()
        self.sandbox, self.clock = sandbox, clock
        self.aws = Aws(endpoint=sandbox.endpoint)
        self.edge = Edge(self.aws)
        for number in (1, 2, 3):
            self.edge.create(f"shop-{number}")
        self.edge.put(weights)

    def senza(self, command: str, observe: Callable[[Call], None] | None = None) -> int:
        """The exit code. Raises Killed where ``observe`` does."""
        context = Context(Aws(endpoint=self.sandbox.endpoint, observe=observe), clock=self.clock)
        return CliRunner().invoke(cli, command.split(), obj=context, catch_exceptions=False).exit_code

    def completes(self, command: str, observe: Callable[[Call], None]) -> None:
        assert self.senza(command, observe) == 0

    def state(self) -> Made:
        stacks = self.aws.pages("cloudformation", "describe_stacks", "Stacks")
        return self.edge.weights(), len(self.edge.rules()), sorted(stack["StackName"] for stack in stacks)


@pytest.mark.parametrize(
    ("weights", "command"),
    [
        ({}, "traffic shop 1 100"),
        ({"shop-1": 120, "shop-2": 80}, "traffic shop 3 50"),
        ({"shop-1": 120, "shop-2": 80}, "delete shop 1 --force"),
        ({"shop-1": 200}, "delete shop 1 --force"),
        ({"shop-1": 200, "shop-3": 0}, "delete shop 3"),
    ],
)
def test_killed_at_any_call_and_run_again(
    sandbox: EmbeddedSandbox, clock: Clock, weights: dict[str, int], command: str
) -> None:
    shop = Shop(sandbox, clock, weights)
    before = shop.state()
    assert shop.senza(command) == 0
    undisturbed = shop.state()
    assert undisturbed != before, "the command changes nothing, so this shows nothing"
    shop = Shop(sandbox, clock, weights)

    def again(killed: str) -> None:
        found = shop.state()
        assert sum(found[0].values()) > 0 or not (weights and undisturbed[0]), f"{killed}: nobody is left"
        shop.senza(command)  # may say that it was done already
        assert shop.state() == undisturbed, f"{killed} and run again"

    assert lose(partial(shop.completes, command), again)


@pytest.mark.parametrize("weights", [{}, {"shop-1": 200}])
def test_whenever_somebody_else_switches_too_the_rule_is_what_one_of_them_was_told(
    sandbox: EmbeddedSandbox, clock: Clock, tmp_path: Path, weights: dict[str, int]
) -> None:
    """The other command is run whole just before each call of the first one, in turn."""
    shop = Shop(sandbox, clock, weights)
    ended = tmp_path / "ended"

    def meet(name: str) -> None:
        assert shop.senza("traffic shop 3 100") == 0

    def run(tree: Tree) -> None:
        code = shop.senza("traffic shop 2 100", tree)
        with ended.open("a") as codes:
            codes.write(f"{code} ")
        found = shop.edge.weights()
        assert len(shop.edge.rules()) == 1, tree.name
        assert found == ({"shop-2": 200} if code == 0 else {"shop-3": 200}), f"{tree.name}: {found}, exit code {code}"

    met = explore(lambda number, call: [f"met before {number}: {call}"], meet, run)
    assert len(met) > 6
    assert {"0", "1"} <= set(ended.read_text().split())
