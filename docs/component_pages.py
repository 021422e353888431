"""mkdocs hook: a page for every component type, made from the type's own data and from compiling its example."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from senza.account import Account
from senza.aws import Aws
from senza.components import compile
from senza.components.configuration import Configuration
from senza.components.model import ComponentType, Property
from senza.components.registry import built_in_types
from senza.components.shared_load_balancer import SharedLoadBalancer
from senza.definition import bind, load
from senza.sandbox.embedded import EmbeddedSandbox

INTRODUCTION = """# Components

An entry of `SenzaComponents` has a name and a `Type`; the other properties depend on the type. Their names are checked:
a misspelt one is an error that names the nearest one there is. Values may be CloudFormation functions wherever the
resource takes one. Packages may add types, see [extending](../extending.md).

| type | what it is |
|---|---|
"""
NETWORK = {"Configuration": {"Type": "Senza::StupsAutoConfiguration"}}
INFO = {"StackName": "my-app", "SpotinstAccessToken": "an-access-token"}


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put the pages below the entry of the navigation that has only the overview."""
    for entry in config.nav or ():
        if isinstance(entry, dict) and entry.get("Components") == "components/index.md":
            pages: list[Any] = [{name(kind): path(kind)} for kind in built_in_types()]
            entry["Components"] = [{"Overview": "components/index.md"}, *pages]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """mkdocs calls this once it knows the files of ``docs/``."""
    with EmbeddedSandbox() as sandbox:
        aws = Aws(endpoint=sandbox.endpoint)
        share(aws)
        account = Account(aws)
        for place, content in pages(account).items():
            files.append(File.generated(config, place, content=content))
    return files


def share(aws: Aws) -> None:
    """Deploy the shared load balancer that the example of a target group names."""
    template = compiled([NETWORK, yaml.safe_load(SharedLoadBalancer.example)], Account(aws))
    aws.call("cloudformation", "create_stack", StackName="edge-1", TemplateBody=json.dumps(template))


def pages(account: Account) -> dict[str, str]:
    """Path below ``docs/`` -> Markdown, the overview first."""
    kinds = built_in_types()
    rows = (f"| [`Senza::{name(kind)}`]({name(kind)}.md) | {kind.summary} |\n" for kind in kinds)
    return {"components/index.md": INTRODUCTION + "".join(rows), **{path(kind): page(kind, account) for kind in kinds}}


def name(kind: type[ComponentType]) -> str:
    return kind.type_names[0]


def path(kind: type[ComponentType]) -> str:
    return f"components/{name(kind)}.md"


def page(kind: type[ComponentType], account: Account) -> str:
    """The reference of one type. Raises what compiling the example raises."""
    aliases = "".join(f" It may also be called `Senza::{other}`." for other in kind.type_names[1:])
    return "\n".join(
        (
            f"# Senza::{name(kind)}\n\n{kind.summary}{aliases}\n\n## Properties\n",
            *properties(kind),
            f"## Example\n\n```yaml\n{listed(kind.example)}```\n\n{becomes(kind, account)}",
        )
    )


def properties(kind: type[ComponentType]) -> Iterator[str]:
    yield table(kind.properties)
    if kind.passes_on:
        types = ", ".join(f"`{resource}`" for resource in kind.passes_on)
        yield f"All properties of {types} may be given, too.\n"
    for section, inside in kind.sections.items():
        if any(item.name == section.partition(".")[0] for item in kind.properties):
            yield f"### {section}\n\n{table(inside)}"


def table(items: tuple[Property, ...]) -> str:
    head = "| property | type | default | |\n|---|---|---|---|\n"
    return head + "".join(
        f"| `{item.name}` | {cell(item.type)} | {default(item)} | {cell(item.doc)} |\n" for item in items
    )


def default(item: Property) -> str:
    if item.required:
        return "**required**"
    if item.default is None:
        return ""
    written: str = yaml.safe_dump(item.default, default_flow_style=True)
    return f"`{written.strip().removesuffix('...').strip()}`"


def cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("{", "&#123;")


def listed(example: str) -> str:
    """An entry as it stands in the list of components."""
    return "".join(f"{'  ' if number else '- '}{line}\n" for number, line in enumerate(example.splitlines()))


def becomes(kind: type[ComponentType], account: Account) -> str:
    """What the example adds to the template of a definition that has it, and besides it what it needs."""
    entry = yaml.safe_load(kind.example)
    components = [entry] if issubclass(kind, Configuration) else [NETWORK, entry]
    with_it, without = compiled(components, account), compiled(components[:-1], account)
    rows = [
        f"| `{logical_id}` | `{resource['Type']}` |\n"
        for logical_id, resource in sorted(with_it.get("Resources", {}).items())
        if logical_id not in without.get("Resources", {})
    ]
    maps = sorted(set(with_it.get("Mappings", {})) - set(without.get("Mappings", {})))
    text = ""
    if rows:
        text += f"It adds these resources:\n\n| logical id | type |\n|---|---|\n{''.join(rows)}\n"
    if maps:
        text += f"It fills these maps, which other components use: {', '.join(f'`{one}`' for one in maps)}.\n"
    return text


def compiled(components: list[Any], account: Account) -> Mapping[str, Any]:
    """The template of a definition of these components, with something in it that is no component's."""
    queue = {"Queue": {"Type": "AWS::SQS::Queue"}}
    definition = {"SenzaInfo": INFO, "Resources": queue, "SenzaComponents": components}
    with TemporaryDirectory() as folder:
        file = Path(folder) / "definition.yaml"
        file.write_text(yaml.safe_dump(definition, sort_keys=False))
        bound = bind(load(str(file)), "1", (), region=lambda: account.region, account_info=account.info)
    return compile(bound, account).template
