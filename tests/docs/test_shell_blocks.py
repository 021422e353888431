"""The commands of the documentation are run in order, in the sandbox: each works, and prints what its page shows."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from senza.sandbox.embedded import EmbeddedSandbox
from tests.conftest import FakeClock
from tests.docs.shell import BLOCK, OPERATION, ROOT, Done, Shell, lines_of

ENVIRONMENTS = """\
environments:
  staging: {account: "111111111111", region: eu-central-1}
  live: {account: "222222222222", region: eu-west-1}
"""
WORKER = """\
SenzaInfo:
  StackName: app
SenzaComponents:
  - Configuration: {Type: Senza::StupsAutoConfiguration}
  - Worker:
      Type: Senza::TaupageAutoScalingGroup
      InstanceType: t3.micro
      TaupageConfig: {runtime: Docker, source: "stups/hello-world:0.1"}
      BlockDeviceMappings:
        - DeviceName: /dev/xvdk
          Ebs: {VolumeSize: 20, VolumeType: gp3}
"""
DEFINITIONS = ROOT / "definitions"
HELLO_WORLD = (DEFINITIONS / "hello-world.yaml").read_text()
WITH_TYPE = HELLO_WORLD.replace("SenzaComponents:\n", "    - InstanceType: {Default: t2.micro}\nSenzaComponents:\n")
WITH_RECORD = (DEFINITIONS / "shared-hello-world.yaml").read_text() + "      WeightedRecords: [A]\n"
ALONE = HELLO_WORLD.replace("hello-world\n", "hello\n").replace(
    "HTTPPort", "MainDomain: hello.hello.example.org\n      HTTPPort"
)
HELLO = "senza create hello-world.yaml 1 0.1", "senza traffic hello-world 1 100"
STAGED = "senza -e staging create hello-world.yaml 1 0.1", "senza -e staging traffic hello-world 1 100"
LOAD = "senza sandbox load hello-world --requests 5000/m", "pass 300"


@dataclass(frozen=True)
class Page:
    """before: a command of the page -> what has to happen first. codes: a command -> its exit code, where not 0."""

    before: dict[str, tuple[str, ...]] = field(default_factory=dict)
    codes: dict[str, int] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)


PAGES = {
    "README.md": Page(
        {
            "senza create hello-world.yaml 2 0.2 --wait": HELLO,
            "senza deploy hello-world.yaml 2 0.2": ("senza sandbox stop", *HELLO, *LOAD),
            "senza promote hello-world --from staging --to live": STAGED,
        },
        files={"senza.yaml": ENVIRONMENTS},
    ),
    "docs/changes.md": Page(
        {
            "senza diff definitions/hello-world.yaml 1 0.4": HELLO,
            "senza drift hello-world 1": ("senza scale hello-world 1 3",),
            "senza delete hello-world 1 --stuck --wait": (
                "fail AppLoadBalancer delete 'has dependents'",
                "senza delete hello-world 1 --force",
            ),
        }
    ),
    "docs/checks.md": Page(files={"app.yaml": WORKER}),
    "docs/environments.md": Page(
        {
            "senza promote hello-world --from staging --to live --dry-run": (*STAGED, *LOAD),
            "senza promote hello-world 42 --from staging --to live InstanceType=m7g.large": (
                "senza -e staging traffic hello-world 42 100",
            ),
        },
        files={"senza.yaml": ENVIRONMENTS, "hello-world.yaml": WITH_TYPE},
    ),
    "docs/groups.md": Page({"senza scale hello-world 1 3": HELLO}),
    "docs/images.md": Page(),
    "docs/journal.md": Page({"senza history hello-world": (*HELLO, *LOAD, "senza deploy hello-world.yaml 2 0.2")}),
    "docs/on-call.md": Page(
        {"senza traffic hello-world": (*HELLO, *LOAD, "senza deploy hello-world.yaml 2 0.2")},
    ),
    "docs/quickstart.md": Page(
        codes={"senza deploy definitions/hello-world.yaml 3 0.3": 1},
        files={"senza.yaml": ENVIRONMENTS, "app.yaml": WORKER},
    ),
    "docs/rollouts.md": Page(
        {"senza deploy definitions/hello-world.yaml 3 0.4": HELLO},
        codes={  # without requests it cannot be judged, so it stops where it is
            "senza deploy definitions/hello-world.yaml 3 0.4": 1,
            "senza rollout pause hello-world": 1,
            "senza rollout resume hello-world": 1,
        },
    ),
    "docs/sandbox.md": Page(),
    "docs/shared-load-balancer.md": Page(
        {
            "senza create hello.yaml 2 1.0": ("senza create hello-alone.yaml 1 1.0", "senza traffic hello 1 100"),
            "senza create hello.yaml 4 1.0": (
                "senza create shared-hello-world.yaml 3 1.0",
                "senza traffic hello 3 100",
            ),
        },
        files={"hello.yaml": WITH_RECORD, "hello-alone.yaml": ALONE},
    ),
}
ELSEWHERE = {
    "CONTRIBUTING.md": "for a checkout of its own",
    "docs/extending.md": "test_extension.py",
    "docs/policy.md": "asks servers",
}


@pytest.mark.parametrize("name", PAGES)
def test_the_commands_of_a_page_work_in_order(
    name: str, sandbox: EmbeddedSandbox, clock: FakeClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    page = PAGES[name]
    shell = Shell(sandbox, clock, tmp_path, page.files)
    lines = list(lines_of(name))
    assert page.before.keys() | page.codes.keys() <= {line.command for line in lines}
    for line in lines:
        for first in page.before.get(line.command, ()):
            done = shell(first)
            assert done.code == 0, f"{first}: {done}"
        command = OPERATION.sub(lambda _: shell.newest_operation(), line.command)
        done = shell(command)
        assert done.code == page.codes.get(line.command, 0), f"{command}: {done}"
        assert not line.shown or done.shown_by(line.shown), f"{command}: {done}"


def test_no_page_is_left_out() -> None:
    pages = {str(path.relative_to(ROOT)): path for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]}
    assert {name for name, path in pages.items() if BLOCK.search(path.read_text())} == PAGES.keys() | ELSEWHERE.keys()


def test_what_a_page_may_show() -> None:
    table = Done(0, "A │Blanks\n1 2\n", "Warning: a\nA │Blanks\n1 2\n")
    assert table.shown_by(("A   Blanks", "1…"))
    assert not table.shown_by(("A Blanks",))
    said = Done(0, "", "a\nb\nc\nd\n")
    assert said.shown_by(("b", "c"))
    assert not said.shown_by(("b", "d"))
