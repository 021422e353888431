"""Commands at a rule that die before any of their calls, or meet another one there: nobody is left without traffic."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from click.testing import CliRunner

from senza.aws import Aws, Call
from senza.cli.context import Context
from senza.cli.main import cli
from senza.clock import Clock
from senza.sandbox.embedded import EmbeddedSandbox
from tests.traffic.balancing import Edge
from tests.traffic.conftest import MAIN

Made = tuple[dict[str, int], int, list[str]]
"""The weights, how many rules the domain has, and the stacks."""


class Killed(BaseException):
    """Nothing of ours catches it."""


class Death:
    """Comes before the ``at``-th call, and is final: whatever the command still does has no effect."""

    def __init__(self, at: int) -> None:
        self.at = at
        self.calls = 0
        self._lock = threading.Lock()

    def __call__(self, call: Call) -> None:
        with self._lock:
            self.calls += 1
            if self.calls >= self.at:
                raise Killed


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

    def dies(self, command: str, at: int) -> bool:
        try:
            assert self.senza(command, Death(at)) == 0
        except Killed:
            return True
        return False

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
    shop, at = Shop(sandbox, clock, weights), 0
    while shop.dies(command, at := at + 1):
        found = shop.state()
        assert sum(found[0].values()) > 0 or not (weights and undisturbed[0]), f"killed at call {at}: nobody is left"
        if found == before:
            continue  # to run it again now would be the undisturbed run
        shop.senza(command)  # may say that it was done already
        assert shop.state() == undisturbed, f"killed at call {at} and run again"
        shop = Shop(sandbox, clock, weights)
    assert at > 6, "it was hardly killed at all"


@pytest.mark.parametrize("weights", [{}, {"shop-1": 200}])
def test_whenever_somebody_else_switches_too_the_rule_is_what_one_of_them_was_told(
    sandbox: EmbeddedSandbox, clock: Clock, weights: dict[str, int]
) -> None:
    """The other command is run whole just before each call of the first one, in turn."""
    mine = {"shop-2": 200}
    ended: list[Any] = []
    at = met = 0
    while at == met:
        shop, at = Shop(sandbox, clock, weights), at + 1
        numbers, codes = itertools.count(1), list[int]()  # some calls are made side by side

        def meet(
            call: Call, at: int = at, numbers: Iterator[int] = numbers, codes: list[int] = codes, shop: Shop = shop
        ) -> None:
            if next(numbers) == at:
                codes.append(shop.senza("traffic shop 3 100"))

        code = shop.senza("traffic shop 2 100", meet)
        assert codes in ([], [0])
        met += len(codes)
        found = shop.edge.weights()
        assert len(shop.edge.rules()) == 1, f"met at call {at}"
        assert found == (mine if code == 0 else {"shop-3": 200}), f"met at call {at}: {found}, exit code {code}"
        ended.append(code)
    assert {0, 1} <= set(ended)
    assert shop.edge.rules(MAIN)
