"""How long senza takes for its commands, next to the classic tool and to ten lines of boto3 that make the same calls.

All of them talk to one sandbox, which is started for this and stopped again. The programs take turns, so that a busy
moment hits all of them; the first round is not counted, medians of the others are. Run it on a quiet machine:
``make bench``, or ``python benchmarks/compare.py [--rounds N] [--classic PATH]``. Prints a Markdown table, whose last
column compares processor time instead of wall time and so suffers less from whatever else the machine does. Exits with
1 where a command takes more than 1.5 times as long as plain boto3, or ``--help`` or ``--version`` than a bare
``import click``.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from senza.sandbox import control, state

BUDGET = 1.5
ROUNDS = 9
DEFINITION = "definitions/hello-world.yaml"
ROOT = Path(__file__).resolve().parents[1]
SENZA = (sys.executable, "-c", "from senza.cli.main import run; run()")
CLASSIC = "SENZA_CLASSIC"
"""Environment variable with the path of the classic tool's ``senza``."""
CLASSIC_REQUIREMENTS = ("setuptools<70", "stups-senza")

Environment = dict[str, str]

BARE_CLICK = "import click"
PRINT = """\
import boto3
ec2 = boto3.client("ec2")
images = ec2.describe_images(Filters=[{"Name": "name", "Values": ["Taupage-AMI-*"]}])["Images"]
vpcs = ec2.describe_vpcs()["Vpcs"]
subnets = ec2.describe_subnets()["Subnets"]
groups = ec2.describe_security_groups()["SecurityGroups"]
zones = boto3.client("route53").list_hosted_zones()["HostedZones"]
certificates = boto3.client("acm").list_certificates()["CertificateSummaryList"]
print(len(images), len(vpcs), len(subnets), len(groups), len(zones), len(certificates))
"""
LIST = """\
import boto3
stacks = boto3.client("cloudformation").get_paginator("list_stacks")
for page in stacks.paginate():
    for stack in page["StackSummaries"]:
        print(stack["StackName"], stack["StackStatus"], stack["CreationTime"], stack.get("TemplateDescription"))
"""
RESOURCES = """\
import boto3
cloudformation = boto3.client("cloudformation")
stack = cloudformation.describe_stacks(StackName="hello-world-1")["Stacks"][0]["StackId"]
for item in cloudformation.list_stack_resources(StackName=stack)["StackResourceSummaries"]:
    print(item["LogicalResourceId"], item["ResourceType"], item["ResourceStatus"])
"""
EVENTS = """\
import boto3
cloudformation = boto3.client("cloudformation")
stack = cloudformation.describe_stacks(StackName="hello-world-1")["Stacks"][0]["StackId"]
for item in cloudformation.describe_stack_events(StackName=stack)["StackEvents"]:
    print(item["Timestamp"], item["LogicalResourceId"], item["ResourceStatus"])
"""
RECORDS = """\
import boto3
cloudformation, route53 = boto3.client("cloudformation"), boto3.client("route53")
stacks = [stack["StackName"] for stack in cloudformation.list_stacks()["StackSummaries"]]
resources = cloudformation.list_stack_resources(StackName=stacks[0])["StackResourceSummaries"]
zone = route53.list_hosted_zones()["HostedZones"][0]["Id"]
names = {item["PhysicalResourceId"] for item in resources}
for record in route53.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]:
    if record["Name"].rstrip(".") in names:
        print(record["Name"], record.get("SetIdentifier"), record.get("Weight"))
"""
COMMANDS: dict[str, str] = {
    "--help": BARE_CLICK,
    "--version": BARE_CLICK,
    f"print {DEFINITION} 1 0.1": PRINT,
    "list": LIST,
    "resources hello-world 1": RESOURCES,
    "events hello-world 1": EVENTS,
    "domains hello-world": RECORDS,
    "traffic hello-world": RECORDS,
}
"""Command of senza and the classic tool, and the plain program that it is compared with."""


class Failed(Exception):
    """A program did not do what is to be measured."""


@dataclass
class Program:
    """One thing to measure: its arguments, its times and processor times in seconds, the AWS calls of its first run."""

    command: Sequence[str]
    times: list[float] = field(default_factory=list)
    busy: list[float] = field(default_factory=list)
    calls: Counter[str] = field(default_factory=Counter)

    def run(self, environment: Environment) -> None:
        """Measure a run in a process of its own. Raises Failed, with what it said."""
        started, busy = time.perf_counter(), processor_time()
        done = subprocess.run(self.command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
        self.times.append(time.perf_counter() - started)
        self.busy.append(processor_time() - busy)
        if done.returncode:
            raise Failed(f"{' '.join(self.command)} failed with {done.returncode}: {last_line(done.stderr)}")

    @property
    def seconds(self) -> float:
        return statistics.median(self.times[1:])

    @property
    def processor_seconds(self) -> float:
        return statistics.median(self.busy[1:])


def processor_time() -> float:
    """Seconds that all processes started from here have used so far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@contextmanager
def sandbox(directory: str) -> Iterator[tuple[state.State, Environment]]:
    """A sandbox of our own, and an environment in which AWS is that sandbox and the home is empty."""
    os.environ["SENZA_SANDBOX_STATE"] = directory
    subprocess.run([*SENZA, "sandbox", "start"], check=True, stdout=subprocess.DEVNULL)
    try:
        running = control.required()
        ours = ("AWS_", "SENZA_", "PYTHON", "XDG_")  # PYTHONDONTWRITEBYTECODE would have us compile at every start
        environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        environment |= control.variables(running) | {"HOME": directory}
        yield running, environment
    finally:
        subprocess.run([*SENZA, "sandbox", "stop"], check=True, stdout=subprocess.DEVNULL)


def classic_tool(given: str | None) -> str | None:
    """The path of the classic tool, installed into a cache where nobody names one; None where that fails."""
    if given:
        return str(Path(given).resolve())
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "senza-benchmarks" / "classic"
    tool = cache / "bin" / "senza"
    if not tool.exists():
        print(f"Installing the classic tool into {cache} ...", file=sys.stderr)
        install = [str(cache / "bin" / "pip"), "install", "--quiet", *CLASSIC_REQUIREMENTS]
        for step in ([sys.executable, "-m", "venv", str(cache)], install):
            if subprocess.run(step, check=False).returncode:
                print("SKIPPED: the classic tool could not be installed; --classic names one.", file=sys.stderr)
                return None
    return str(tool)


def usable(tool: str | None, environment: Environment) -> str | None:
    """The tool, where it starts at all."""
    if tool is None:
        return None
    try:
        started = subprocess.run([tool, "--version"], env=environment, capture_output=True, text=True, check=False)
        problem = last_line(started.stderr) if started.returncode else ""
    except OSError as error:
        problem = str(error)
    if problem:
        print(f"SKIPPED: the classic tool does not start here: {problem}", file=sys.stderr)
        return None
    return tool


def last_line(text: str) -> str:
    return next(iter(text.strip().splitlines()[-1:]), "it says nothing")


def programs(tool: str | None) -> dict[tuple[str, str], Program]:
    """By command and by who does it."""
    found: dict[tuple[str, str], Program] = {}
    for command, plain in COMMANDS.items():
        found[command, "senza"] = Program([*SENZA, *command.split()])
        if tool:
            found[command, "classic"] = Program([tool, *command.split()])
        found[command, "plain"] = Program([sys.executable, "-c", plain])
    return found


def measure(
    measured: dict[tuple[str, str], Program], rounds: int, running: state.State, environment: Environment
) -> None:
    for (command, who), program in list(measured.items()):
        control.control(running, "DELETE", "log")
        try:
            program.run(environment)
        except Failed as error:
            if who != "classic":
                raise
            print(f"SKIPPED: {error}", file=sys.stderr)  # e.g. load balancers on Python 3.12 and later
            del measured[command, who]
            continue
        log: list[dict[str, Any]] = control.control(running, "GET", "log")
        program.calls = Counter(f"{line['service']}:{line['operation']}" for line in log)
    for _ in range(rounds):
        for program in measured.values():
            program.run(environment)


def report(measured: dict[tuple[str, str], Program], rounds: int) -> bool:
    """Print the table; returns whether the budgets are kept."""
    cores, version = os.cpu_count(), platform.python_version()
    load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
    print(
        f"{datetime.now(UTC):%Y-%m-%d}, `python benchmarks/compare.py --rounds {rounds}`, {cores} cores (load {load}),"
    )
    print(f"Python {version}, {platform.system()}. Medians of {rounds} interleaved runs; calls in parentheses.\n")
    print("| command | senza | classic | plain | senza/classic | senza/plain | processor |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    broken = []
    for command in COMMANDS:
        ours, plain = measured[command, "senza"], measured[command, "plain"]
        if ours.calls != plain.calls:
            sys.exit(f"{command} and its plain program make other calls:\n  {ours.calls}\n  {plain.calls}")
        classic = measured.get((command, "classic"))
        ratio = ours.seconds / plain.seconds
        against = f"{ours.seconds / classic.seconds:.2f}" if classic else "-"
        busy = ours.processor_seconds / plain.processor_seconds
        cells = [cell(ours), cell(classic), cell(plain), against, f"{ratio:.2f}", f"{busy:.2f}"]
        print(f"| `{command.replace(DEFINITION, 'DEF')}` | {' | '.join(cells)} |")
        if ratio > BUDGET:
            broken.append(f"{command}: {ratio:.2f}")
    print(f"\nAt most {BUDGET} x plain: {'BROKEN by ' + '; '.join(broken) if broken else 'kept'}.")
    return not broken


def cell(program: Program | None) -> str:
    """``512 ms (4)``: the median, and the number of AWS calls."""
    if program is None:
        return "-"
    calls = program.calls.total()
    return f"{program.seconds * 1000:.0f} ms" + (f" ({calls})" if calls else "")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"how many runs are counted (default: {ROUNDS})")
    parser.add_argument("--classic", metavar="PATH", default=os.environ.get(CLASSIC),
                        help=f"the classic tool; default: ${CLASSIC}, else it is installed into a cache")  # fmt: skip
    options = parser.parse_args()
    if options.rounds < 1:
        parser.error("--rounds must be at least 1")
    with tempfile.TemporaryDirectory() as directory, sandbox(directory) as (running, environment):
        for version in ("1", "2"):
            Program([*SENZA, "create", DEFINITION, version, f"0.{version}", "--wait"]).run(environment)
        measured = programs(usable(classic_tool(options.classic), environment))
        measure(measured, options.rounds, running, environment)
        return 0 if report(measured, options.rounds) else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failed as failure:
        sys.exit(str(failure))
