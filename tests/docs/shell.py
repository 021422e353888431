"""The shell blocks of the documentation, and a shell that runs them in this process, in the sandbox."""

from __future__ import annotations

import os
import re
import shlex
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from click.testing import CliRunner

from senza.aws import Aws
from senza.cli.context import Context
from senza.cli.main import cli
from senza.clock import Clock
from senza.sandbox import state
from senza.sandbox.embedded import EmbeddedSandbox
from senza.sandbox.world import Failure

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)
OUTSIDE = {"aws", "docker", "eval", "git", "pip", "source"}
"""Programs and words of the shell that a page may use, and that are not for us to try."""
ROLLOUT = """\
  Rollout:
    Steps: [{Weight: 50, Bake: 2m}, {Weight: 100, Bake: 1m}]
    Patience: 5m
    Gates: [{Latency: off}, {HealthyHosts: off}]
"""
"""What the pages' definitions get: less time to look at in vain."""
OPERATION = re.compile(r"\b\d{8}T\d{6}Z-[0-9a-f]{6}\b")


@dataclass(frozen=True)
class Line:
    """What stands behind a prompt, without its comment, and the output that the page shows below it."""

    command: str
    shown: tuple[str, ...]


def lines_of(page: str) -> Iterator[Line]:
    for block in BLOCK.findall((ROOT / page).read_text("utf-8")):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, *shown = part.rstrip("\n").split("\n")
            yield Line(re.sub(r"\s+# .*", "", command), tuple(line for line in shown if line.strip()))


@dataclass(frozen=True)
class Done:
    """stdout: a part of the output; the rest is stderr."""

    code: int = 0
    stdout: str = ""
    output: str = ""

    def shown_by(self, lines: tuple[str, ...]) -> bool:
        """Whether these lines of a page are lines of the output that follow one another, all of stdout among them.

        "…" stands for anything; how many blanks there are, and the rules of tables, do not count.
        """
        wanted = [re.compile(".*".join(map(re.escape, plain(line).split("…")))) for line in lines]
        found = [plain(line) for line in self.output.splitlines() if line.strip()]
        starts = range(len(found) - len(wanted) + 1)
        return len(wanted) >= len([line for line in self.stdout.splitlines() if line.strip()]) and any(
            all(map(re.Pattern.fullmatch, wanted, found[start:])) for start in starts
        )


def plain(line: str) -> str:
    return " ".join(line.replace("│", " ").split())


class Shell:
    """Runs lines in a directory with the definitions; what there is of a person's surroundings is its own."""

    def __init__(self, sandbox: EmbeddedSandbox, clock: Clock, folder: Path, files: Mapping[str, str]) -> None:
        self._sandbox, self._clock = sandbox, clock
        self._aws = Aws(endpoint=sandbox.endpoint)
        self._environ: dict[str, str] = {}
        for directory in (folder, folder / "definitions"):
            shutil.copytree(ROOT / "definitions", directory, dirs_exist_ok=True)
            quick = (directory / "hello-world.yaml").read_text().replace("  Parameters:\n", f"{ROLLOUT}  Parameters:\n")
            (directory / "hello-world.yaml").write_text(quick)
        for name, text in files.items():
            (folder / name).write_text(text)
        end, port = sandbox.endpoint, urlsplit(sandbox.endpoint.url).port or 0
        me = os.getpid()
        keys = (end.access_key_id, end.secret_access_key)
        state.write(state.State(end.url, port, me, state.identity_of(me), end.region, *keys, started=0.0))

    def __call__(self, command: str) -> Done:
        """Run it. Fails for a program that nobody knows; ``fail`` and ``pass`` are words of our own.

        fail LOGICAL_ID PHASE REASON: such resources fail from now on. pass SECONDS: let them pass.
        """
        match shlex.split(command):
            case ["senza", "sandbox", "start" | "stop", *_]:
                self._sandbox.reset()
            case ["senza", *words]:
                return self._senza(words)
            case ["fail", logical_id, phase, reason]:
                self._sandbox.settings.failures.append(Failure(".*", logical_id, phase, reason))
            case ["pass", seconds]:
                self._clock.sleep(float(seconds))
            case ["export", assignment]:
                name, _, value = assignment.partition("=")
                self._environ[name] = value
            case ["make", target, *_]:
                assert re.search(rf"^{target}:.* ## ", (ROOT / "Makefile").read_text(), re.MULTILINE), command
            case [program, *_]:
                assert program in OUTSIDE or (ROOT / program).is_file(), command
        return Done()

    def _senza(self, words: list[str]) -> Done:
        if words[:2] == ["sandbox", "load"] and "--stop" not in words:
            words = [*words, "--seed", "1"]
        if words[0] == "check":
            words = [*words, "--no-lint"]  # cfn-lint takes seconds to begin with
        context = Context(self._aws, clock=self._clock, environ=self._environ, interactive=False)
        result = CliRunner().invoke(cli, words, obj=context)
        return Done(result.exit_code, result.stdout, result.output)

    def newest_operation(self) -> str:
        found = OPERATION.search(self._senza(["history", "--limit", "1", "-o", "tsv"]).stdout)
        assert found, "there is no journal"
        return found[0]
