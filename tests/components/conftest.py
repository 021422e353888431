"""Compiling small definitions against the seeded account, which these tests do not change."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from senza.account import Account
from senza.aws import Aws
from senza.components import Compiled, compile
from senza.components.model import Images
from senza.definition import Bound, bind, load
from senza.sandbox.embedded import EmbeddedSandbox

NETWORK = """\
  - Configuration:
      Type: Senza::StupsAutoConfiguration
"""


def definition(components: str, *, info: str = "StackName: my-app", rest: str = "") -> str:
    """A definition with these components (YAML of the list's items, not indented)."""
    indented = "".join(f"  {line}\n" for line in components.strip().splitlines())
    return f"SenzaInfo:\n  {info}\n{rest}\nSenzaComponents:\n{indented or '  []'}"


@pytest.fixture(scope="module")
def seeded(sandbox_server: EmbeddedSandbox) -> EmbeddedSandbox:
    sandbox_server.reset()
    return sandbox_server


@pytest.fixture(scope="module")
def aws(seeded: EmbeddedSandbox) -> Aws:
    return Aws(endpoint=seeded.endpoint)


@pytest.fixture(scope="module")
def labels(seeded: EmbeddedSandbox) -> dict[str, str]:
    return seeded.labels


@dataclass
class Compiles:
    """``compiles(text, "argument", version="2", force=True)`` compiles a definition; ``bind`` stops before that."""

    folder: Path
    account: Account

    def bind(self, text: str, *arguments: str, version: str = "1") -> Bound:
        path = self.folder / "app.yaml"
        path.write_text(text)
        account = self.account
        return bind(load(str(path)), version, arguments, region=lambda: account.region, account_info=account.info)

    def __call__(
        self,
        text: str,
        *arguments: str,
        version: str = "1",
        force: bool = False,
        extra_tags: dict[str, str] | None = None,
        images: Images | None = None,
    ) -> Compiled:
        bound = self.bind(text, *arguments, version=version)
        return compile(bound, self.account, force=force, extra_tags=extra_tags, images=images)

    def component(self, components: str, *, force: bool = False, rest: str = "", version: str = "1") -> dict[str, Any]:
        """The resources that these components make."""
        compiled = self(definition(components, rest=rest), version=version, force=force)
        resources: dict[str, Any] = compiled.template.get("Resources", {})
        return resources


@pytest.fixture(scope="module")
def account(aws: Aws) -> Account:
    return Account(aws)


@pytest.fixture
def compiles(tmp_path: Path, account: Account) -> Compiles:
    return Compiles(tmp_path, account)
