"""Each recorded template of the classic tool and ours say the same, but for what canonical.py lists."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from senza.account import Account
from senza.aws import Aws
from senza.components import Compiled, compile
from senza.definition import bind, load
from tests.parity.canonical import canonical, differences, unwrapped

HERE = Path(__file__).parent
CASES = sorted(path.stem for path in (HERE / "cases").glob("*.yaml"))


def compiled(aws: Aws, case: str, force: bool) -> Compiled:
    path = HERE / "cases" / f"{case}.yaml"
    version, *arguments = shlex.split(path.read_text().splitlines()[0].split("args:", 1)[1])
    account = Account(aws)
    bound = bind(load(str(path)), version, arguments, region=lambda: account.region, account_info=account.info)
    return compile(bound, account, force=force)


def golden(case: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((HERE / "golden" / f"{case}.json").read_text())
    return unwrapped(found)


@pytest.mark.parametrize("force", [False, True], ids=["plain", "force"])
@pytest.mark.parametrize("case", CASES)
def test_a_recorded_case(case: str, force: bool, aws: Aws, labels: Mapping[str, str]) -> None:
    ours = json.loads(compiled(aws, case, force).template_body())
    assert differences(golden(case), canonical(ours, labels)) == []


def test_there_are_cases() -> None:
    assert len(CASES) == 18
    assert sorted(path.stem for path in (HERE / "golden").glob("*.json")) == CASES


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("Resources", "AppLoadBalancer", "Properties", "Listeners", 0, "InstancePort"), 8081),
        (("Resources", "AppLoadBalancerMainDomain", "Properties", "Weight"), 1),
        (("Resources", "AppServer", "Properties", "MaxSize"), 2),
        (("Description",), "Hello"),
    ],
)
def test_the_comparison_sees_a_change(path: tuple[Any, ...], value: Any, aws: Aws, labels: Mapping[str, str]) -> None:
    ours = json.loads(compiled(aws, "01-hello-world", False).template_body())
    node = ours
    for key in path[:-1]:
        node = node[key]
    node[path[-1]] = value
    assert len(differences(golden("01-hello-world"), canonical(ours, labels))) == 1
