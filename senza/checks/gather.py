"""From a file to a template, and everything that is wrong on the way: not only the first thing.

After an error the part that it is about is left out, and the rest is looked at again, as long as that tells more.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from senza.account import Account
from senza.checks import keys, placeholders
from senza.checks.kinds import UNKNOWN, WARNED, WRONG
from senza.checks.model import Finding, name_at
from senza.checks.standin import REGION, Offline, StandIn
from senza.components import Compiled, check_limits, compile, dangling
from senza.components.model import Images
from senza.definition import bind, shape, yamltree
from senza.definition.loading import read_text
from senza.definition.model import Bound, Component, Definition, KeyPath, Source
from senza.definition.yamltree import Tree
from senza.errors import AwsError, DefinitionError, SenzaError, UsageError, Where

MOST = 50
"""Errors after which it is enough."""
LEFT_OUT = "SenzaCheckLeftOut"
"""Name of what stands in for a component or parameter whose shape is wrong."""


@dataclass
class Gathered:
    """What could be read and made, and what was said about it.

    bound, compiled: None where it did not get that far. region: whose maps count. zones: subnet id -> zone.
    """

    findings: list[Finding] = field(default_factory=list)
    bound: Bound | None = None
    compiled: Compiled | None = None
    region: str = REGION
    zones: Mapping[str, str] = field(default_factory=dict)
    replaced: set[KeyPath] = field(default_factory=set)
    """Where a placeholder stands instead of a text that is wrong."""

    def wrong(self, error: SenzaError, file: str) -> None:
        """Note the error, once, unless it is about a placeholder that stands for another error."""
        where = error.where or Where(file)
        if where.path in self.replaced:
            return
        kind = UNKNOWN if isinstance(error, Offline) else WRONG
        finding = Finding(kind.id, kind.severity, error.message, where, error.hint, name_at(where.path), link=kind.link)
        if finding not in self.findings:
            self.findings.append(finding)

    def broken(self) -> set[str]:
        """The names of components that something is wrong with."""
        return {finding.component for finding in self.findings if finding.rule in (WRONG.id, UNKNOWN.id)} - {""}


def gather(
    location: str,
    version: str = "",
    arguments: Sequence[str] = (),
    parameter_values: Mapping[str, object] | None = None,
    *,
    defaults: Mapping[str, str] | None = None,
    account: Account | None = None,
    region: str = "",
    images: Images | None = None,
) -> Gathered:
    """Load, bind and compile.

    version, arguments, parameter_values, defaults: as for ``create``; what is missing gets placeholders. account: facts
    about the account; None makes them up, for the region, without a call to AWS. images: judges container images, where
    no parameter is made up. Raises UsageError for a file that cannot be read and arguments that are wrong, AwsError.
    """
    gathered = Gathered()
    tree = _parsed(location, gathered)
    if tree is None:
        return gathered
    definition = _shaped(tree, gathered)
    if definition is None:
        return gathered
    keys.look_at(definition, gathered)
    gathered.region = account.region if account else region or _region_in(definition.tree) or REGION
    account = account or StandIn(gathered.region, certificates_in(definition.tree))
    definition, values = placeholders.completed(definition, arguments, parameter_values or {}, defaults or {})
    made_up = len(values) > len(parameter_values or {})
    given = {"parameter_values": values, "defaults": defaults}
    bound = _bound(definition, version or placeholders.VERSION, arguments, given, account, gathered)
    if bound is None:
        return gathered
    gathered.bound = bound
    gathered.compiled = _compiled(bound, account, gathered, None if made_up else images)
    if gathered.compiled is None:
        return gathered
    gathered.zones = _zones(account, gathered)
    if not gathered.broken():
        _check_references(bound, gathered.compiled, gathered)
    for warning in dict.fromkeys(gathered.compiled.warnings):
        _warned(warning, bound, gathered)
    return gathered


def _parsed(location: str, gathered: Gathered) -> Tree | None:
    text = read_text(location)
    try:
        return yamltree.parse(text, location)
    except DefinitionError as error:
        gathered.wrong(error, location)
    try:
        return yamltree.parse(text, location, lenient=True)  # a key that is there twice does not hide the rest
    except DefinitionError as error:
        gathered.wrong(error, location)
        return None


def _shaped(tree: Tree, gathered: Gathered) -> Definition | None:
    value: Any = copy.deepcopy(tree.value)
    for _ in range(MOST):
        try:
            parameters = shape.check(Tree(value, tree.source, tree.warnings))
        except DefinitionError as error:
            gathered.wrong(error, tree.source.file)
            if not _replaced(value, error):
                return None
        else:
            return Definition(value, parameters, tree.source, tree.warnings)
    return None


def _replaced(value: Any, error: DefinitionError) -> bool:
    """Put something harmless where the error is; False where nothing can be made out about the rest."""
    path = error.where.path if error.where else ()
    if path[:1] == ("SenzaComponents",) and len(path) > 1:
        value["SenzaComponents"][path[1]] = {f"{LEFT_OUT}{path[1]}": {"Type": LEFT_OUT}}
        return True
    if path[:2] == ("SenzaInfo", "Parameters") and len(path) > 2:
        value["SenzaInfo"]["Parameters"][path[2]] = {f"{LEFT_OUT}{path[2]}": {"Default": ""}}
        return True
    if path == ("SenzaComponents",) or path == ("SenzaInfo", "Parameters"):
        (value if len(path) == 1 else value["SenzaInfo"])[path[-1]] = []
        return True
    if path == ("SenzaInfo", "StackName"):
        value["SenzaInfo"]["StackName"] = "example"
        return True
    return False


def _bound(
    definition: Definition,
    version: str,
    arguments: Sequence[str],
    given: Mapping[str, Any],
    account: Account,
    gathered: Gathered,
) -> Bound | None:
    tree: Any = copy.deepcopy(dict(definition.tree))
    for _ in range(MOST):
        current = replace(definition, tree=tree)
        try:
            bound = bind(
                current,
                version,
                arguments,
                region=lambda: account.region,
                account_info=account.info,
                **given,
            )
        except AwsError:
            raise
        except SenzaError as error:
            if isinstance(error, UsageError) and not isinstance(error, DefinitionError):
                raise  # what was given on the command line
            gathered.wrong(error, definition.source.file)
            if error.where is None or not _without(tree, error.where.path):
                return None
            gathered.replaced.add(error.where.path)
        else:
            kept = tuple(one for one in bound.components if one.type != LEFT_OUT)
            return replace(bound, components=kept)
    return None


def _without(tree: Any, path: KeyPath) -> bool:
    """Replace the text at the path by a harmless one. False where there is none."""
    node = tree
    for key in path[:-1]:
        try:
            node = node[key]
        except (KeyError, IndexError, TypeError):
            return False
    last = path[-1] if path else None
    if isinstance(node, dict) and last in node and isinstance(node[last], str) and node[last] != "placeholder":
        node[last] = "placeholder"
        return True
    if isinstance(node, list) and isinstance(last, int) and last < len(node) and isinstance(node[last], str):
        node[last] = "placeholder"
        return True
    return False


def _compiled(bound: Bound, account: Account, gathered: Gathered, images: Images | None) -> Compiled | None:
    """The template of all components that are right; each of the others leaves its errors."""
    file = bound.source.file
    components = list(bound.components)
    for _ in range(MOST):
        current = replace(bound, components=tuple(components))
        try:
            return compile(current, account, tolerated=lambda error: gathered.wrong(error, file), images=images)
        except AwsError:
            raise
        except SenzaError as error:
            gathered.wrong(error, file)
            culprit = _culprit(error, components)
            if culprit is None:
                return None
            components.remove(culprit)
    return None


def _culprit(error: SenzaError, components: Iterable[Component]) -> Component | None:
    path = error.where.path if error.where else ()
    return next((component for component in components if component.path == path[: len(component.path)]), None)


def _check_references(bound: Bound, compiled: Compiled, gathered: Gathered) -> None:
    source = bound.source
    for path, problem, hint in dangling(compiled.template, lambda: gathered.region):
        if not path and gathered.findings:
            continue  # nothing is left of it because of those
        component = compiled.made_by.get(str(path[1])) if path[:1] == ("Resources",) and len(path) > 1 else None
        place = next((one.path for one in bound.components if one.name == component), path)
        gathered.wrong(DefinitionError(problem, hint=hint, where=source.where(*place)), source.file)
    try:
        check_limits(compiled)
    except DefinitionError as error:
        gathered.wrong(error, source.file)


def _warned(warning: str, bound: Bound, gathered: Gathered) -> None:
    """A warning of loading, binding or compiling, with its place where it begins with one."""
    source = bound.source
    where, message = split_place(warning, source)
    first = message.split(maxsplit=1)[0] if message else ""
    component = next((one for one in bound.components if one.name == first), None)
    if where is None:
        where = source.where(*component.path) if component else Where(source.file)
    if any(finding.rule == WRONG.id and finding.where == where for finding in gathered.findings):
        return  # the error has said so
    name = component.name if component else name_at(where.path)
    gathered.findings.append(Finding(WARNED.id, WARNED.severity, message, where, component=name, link=WARNED.link))


def split_place(text: str, source: Source) -> tuple[Where | None, str]:
    """The place that a text begins with, as :class:`senza.errors.Where` writes it, and the rest."""
    if not text.startswith(source.file):
        return None, text
    places = (source.where(*path) for path in sorted(source.lines, key=len, reverse=True))
    for where in places:
        if text.startswith(f"{where}: "):
            return where, text[len(str(where)) + 2 :]
    return None, text


def _zones(account: Account, gathered: Gathered) -> dict[str, str]:
    """Zone of each subnet, asked only where the network was looked at for the template anyway."""
    maps = gathered.compiled.template.get("Mappings") if gathered.compiled else None
    if not isinstance(maps, Mapping) or "ServerSubnets" not in maps:
        return {}
    return {subnet.id: subnet.zone for subnet in account.all_subnets()}


def _region_in(tree: Mapping[str, Any]) -> str:
    """The region that the definition's own maps are for, "" where they do not say."""
    for entry in tree.get("SenzaComponents") or ():
        for settings in entry.values():
            servers = settings.get("ServerSubnets") if isinstance(settings, Mapping) else None
            if isinstance(servers, Mapping) and servers:
                return str(next(iter(servers)))
    return ""


def certificates_in(tree: Any) -> set[str]:
    """What the definition names as certificates."""
    found: set[str] = set()
    if isinstance(tree, Mapping):
        for key, value in tree.items():
            if key == "SSLCertificateId":
                items = value if isinstance(value, list) else [value]
                found |= {part.strip() for item in items if isinstance(item, str) for part in item.split(",")}
            found |= certificates_in(value)
    elif isinstance(tree, list):
        for item in tree:
            found |= certificates_in(item)
    return found - {""}
