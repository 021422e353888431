"""Hooks: what they are told, what they say, and that none of them can hold a rollout up for ever."""

from __future__ import annotations

import json
import os
import select
import signal
from pathlib import Path
from typing import Any

import pytest
import urllib3

from senza.rollout.hooks import HookResult, begun, end, follow, run_hook
from senza.rollout.model import Hook, When
from tests.rollout.metrics.conftest import Server, server, web

__all__ = ["server", "web"]

GUARD = 300.0
"""Seconds after which a test that hangs fails; nothing is proved by them."""

FACTS: dict[str, Any] = {
    **{"app": "shop", "version": "3", "stack": "shop-3", "old_version": "2", "weight": 0.5},
    **{"url": "https://shop-3.example.org", "region": "eu-central-1", "rollout": "r1"},
}


def asked(web: urllib3.PoolManager, directory: Path, *, timeout: float = GUARD, **settings: str) -> HookResult:
    hook = Hook(When.AFTER_STEP, timeout=timeout, **settings)
    return run_hook(hook, FACTS, directory=str(directory), environ={"PATH": os.environ["PATH"]}, web=web)


def test_a_command_runs_in_the_directory_and_knows_the_facts(web: urllib3.PoolManager, tmp_path: Path) -> None:
    (tmp_path / "smoke.sh").write_text("pwd; env | grep ^SENZA_ | sort; ls nothing 2>/dev/null || echo so >&2; exit 0")
    result = asked(web, tmp_path, run="sh ./smoke.sh")
    assert result.passed
    assert result.said.splitlines() == [
        str(tmp_path),
        "SENZA_APP=shop",
        "SENZA_OLD_VERSION=2",
        "SENZA_REGION=eu-central-1",
        "SENZA_ROLLOUT=r1",
        "SENZA_STACK=shop-3",
        "SENZA_URL=https://shop-3.example.org",
        "SENZA_VERSION=3",
        "SENZA_WEIGHT=0.5",
        "so",
    ]


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (
            "printf '\\033[31mred\\033[0m\\r\\n\\007bell\\n10 %%\\r100 %%\\n'; exit 3",
            "red\n bell\n100 %\n(exit code 3)",
        ),
        ("false", "exit code 1"),
        ("kill -9 $$", "ended by signal 9"),
        ("./no-such-thing 2>/dev/null", "exit code 127"),
    ],
)
def test_a_command_that_fails(web: urllib3.PoolManager, tmp_path: Path, command: str, said: str) -> None:
    assert asked(web, tmp_path, run=command) == HookResult(False, said)


def test_only_the_end_of_the_output_is_kept(web: urllib3.PoolManager, tmp_path: Path) -> None:
    result = asked(web, tmp_path, run="i=0; while [ $i -lt 3000 ]; do echo line $i; i=$((i+1)); done")
    assert result.passed
    assert len(result.said) <= 4096
    assert result.said.endswith("line 2998\nline 2999")


FOR_EVER = "sleep 100000"


def test_a_command_that_takes_too_long_is_ended(web: urllib3.PoolManager, tmp_path: Path) -> None:
    result = asked(web, tmp_path, run=f"exec >&- 2>&-; {FOR_EVER}", timeout=0.3)
    assert result == HookResult(False, "it was ended after 0.3 seconds")


def test_what_it_said_until_then_is_kept_and_its_children_are_ended_with_it(tmp_path: Path) -> None:
    """Whoever began in time holds on to a pipe."""
    os.mkfifo(tmp_path / "held")
    with open(os.open(tmp_path / "held", os.O_RDONLY | os.O_NONBLOCK), "rb", buffering=0) as held:
        line = f"exec 9>held; (trap '' TERM; {FOR_EVER}; true) & echo waiting; {FOR_EVER}"
        with begun(line, str(tmp_path), os.environ) as process:
            assert process.stdout is not None
            assert select.select([process.stdout], [], [], GUARD)[0]
            assert follow(process, until=0.0) == (b"waiting\n", True)
            end(process)
        assert process.returncode == -signal.SIGTERM
        assert select.select([held], [], [], GUARD)[0], "something that it started still runs"
        assert held.read() == b""


def test_what_a_command_leaves_running_is_not_waited_for(web: urllib3.PoolManager, tmp_path: Path) -> None:
    assert asked(web, tmp_path, run=f"{FOR_EVER} & echo $! >left; echo done") == HookResult(True, "done")
    os.kill(int((tmp_path / "left").read_text()), signal.SIGKILL)  # it is there


def test_a_missing_directory(web: urllib3.PoolManager, tmp_path: Path) -> None:
    assert "cannot be run in" in asked(web, tmp_path / "gone", run="true").said


def test_a_url_gets_the_facts(web: urllib3.PoolManager, server: Server, tmp_path: Path) -> None:
    server.answer({"message": "12 checks\x1b[1m passed"}, 202)
    assert asked(web, tmp_path, url=f"{server.url}/hooks/t0ken") == HookResult(True, "12 checks passed")
    method, target, headers, body = server.asked[0]
    assert (method, target, headers["Content-Type"]) == ("POST", "/hooks/t0ken", "application/json")
    assert json.loads(body) == FACTS


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (500, b'{"message": "no"}', "URL answers with HTTP 500: no"),
        (302, b"", "URL answers with HTTP 302"),
        (404, b'{"message": {}}', "URL answers with HTTP 404"),
    ],
)
def test_a_url_that_says_no(
    web: urllib3.PoolManager, server: Server, tmp_path: Path, status: int, body: bytes, said: str
) -> None:
    server.status, server.body = status, body
    server.headers["Location"] = f"{server.url}/elsewhere"
    result = asked(web, tmp_path, url=f"{server.url}/t0ken")
    assert result == HookResult(False, said.replace("URL", server.url))
    assert len(server.asked) == 1


def test_a_url_that_nobody_answers(web: urllib3.PoolManager, tmp_path: Path) -> None:
    result = asked(web, tmp_path, url="http://127.0.0.1:1/t0ken?key=t0ken")
    assert result == HookResult(False, "http://127.0.0.1:1 cannot be reached")
