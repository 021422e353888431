"""How long senza takes to start, as multiples of a bare ``import click`` on the same machine at the same time.

The programs take turns, so that a busy moment hits all of them, and medians are compared. Run it on a quiet machine:
``make bench``, or ``python benchmarks/startup.py [ROUNDS]``. Exits with 1 where ``--help`` is over its budget.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time

HELP_BUDGET = 1.5
SENZA = "from senza.cli.main import run; run()"
COMPLETING = {"_SENZA_COMPLETE": "bash_complete", "COMP_WORDS": "senza tr", "COMP_CWORD": "1"}
PROGRAMS: dict[str, tuple[list[str], dict[str, str]]] = {
    "python -c pass": (["-c", "pass"], {}),
    "import click": (["-c", "import click"], {}),
    "senza --help": (["-c", SENZA, "--help"], {}),
    "senza --version": (["-c", SENZA, "--version"], {}),
    "completing 'senza tr'": (["-c", SENZA], COMPLETING),
}


def seconds(arguments: list[str], environ: dict[str, str]) -> float:
    """Wall time of one fresh interpreter."""
    started = time.perf_counter()
    subprocess.run([sys.executable, *arguments], env={**os.environ, **environ}, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - started


def main(rounds: int = 21) -> int:
    times: dict[str, list[float]] = {name: [] for name in PROGRAMS}
    for _ in range(rounds):
        for name, (arguments, environ) in PROGRAMS.items():
            times[name].append(seconds(arguments, environ))
    median = {name: statistics.median(taken) for name, taken in times.items()}
    print(f"Start-up, medians of {rounds} interleaved runs:")
    for name, taken in median.items():
        print(f"  {name:24} {taken * 1000:6.0f} ms   {taken / median['import click']:5.2f} x import click")
    ratio = median["senza --help"] / median["import click"]
    verdict = "kept" if ratio <= HELP_BUDGET else "BROKEN"
    print(f"Budget of senza --help: {HELP_BUDGET} x import click: {verdict} ({ratio:.2f}).")
    return 0 if ratio <= HELP_BUDGET else 1


if __name__ == "__main__":
    sys.exit(main(*(int(word) for word in sys.argv[1:2])))
