"""What a rule is, what it looks at, and what it can find. Pure: values in, findings out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from senza.components import Compiled
from senza.components.capabilities import resources_of
from senza.components.functions import is_dynamic, is_function
from senza.definition.model import Bound, Component, KeyPath
from senza.errors import Where

Severity = Literal["error", "warning"]
"""An error is what AWS refuses, or what does harm as soon as it is sent; everything else is a warning."""


@dataclass(frozen=True)
class Finding:
    """Something that is wrong with a definition.

    rule: id, e.g. ``SZ101``; of cfn-lint's rules theirs, e.g. ``E3002``. message: without the place.
    hint: what to do about it. component: name of the component, or logical id of the plain resource; "" for neither.
    resource: logical id in the template, "" where it is not about one. link: where the rule is explained.
    """

    rule: str
    severity: Severity
    message: str
    where: Where
    hint: str = ""
    component: str = ""
    resource: str = ""
    link: str = ""


@dataclass(frozen=True)
class Hit:
    """What a rule says it has found: in a resource of the template, or at a place of the definition.

    resource: logical id, with ``path`` inside its ``Properties``. words: the property of the component that matters,
    where it is called otherwise there. place: key path in the definition, instead of a resource.
    """

    message: str
    resource: str = ""
    path: KeyPath = ()
    words: KeyPath = ()
    place: KeyPath | None = None
    hint: str = ""


@dataclass(frozen=True)
class Resource:
    """A resource of the template."""

    id: str
    type: str
    properties: Mapping[str, Any]


@dataclass(frozen=True)
class Subject:
    """A definition and the template it became.

    zones: availability zone of each subnet id, as far as that is known. region: whose maps count.
    """

    bound: Bound
    compiled: Compiled
    region: str
    zones: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def resources(self) -> tuple[Resource, ...]:
        return tuple(Resource(*found) for found in resources_of(self.compiled.template))

    def of(self, *types: str) -> Iterator[Resource]:
        """The resources of these types."""
        return (resource for resource in self.resources if resource.type in types)

    @cached_property
    def components(self) -> Mapping[str, Component]:
        return {component.name: component for component in self.bound.components}

    def component_of(self, resource: str) -> Component | None:
        """The component that made the resource; None for a plain one."""
        return self.components.get(self.compiled.made_by.get(resource, ""))

    def value(self, value: Any) -> Any:
        """What ``Fn::FindInMap`` says about the region, as far as map and keys are literal; else the value itself."""
        if not isinstance(value, Mapping) or set(value) != {"Fn::FindInMap"}:
            return value
        keys = value["Fn::FindInMap"]
        node: Any = self.compiled.template.get("Mappings")
        for key in keys if isinstance(keys, list) else ():
            key = self.region if key == {"Ref": "AWS::Region"} else key
            if not isinstance(node, Mapping) or not isinstance(key, str) or key not in node:
                return value
            node = node[key]
        return node


@dataclass(frozen=True)
class Kind:
    """One thing that may be wrong.

    id: stable. title: what is wrong, in a few words. why: what it leads to, a sentence or two. link: the document it
    comes from, "" where it is ours alone.
    """

    id: str
    severity: Severity
    title: str
    why: str
    link: str


@dataclass(frozen=True)
class Rule(Kind):
    """A kind that is looked for in the template.

    bad, good: parts of a definition (``SenzaComponents``, ``Resources``...); a test runs both.
    """

    find: Callable[[Subject], Iterable[Hit]]
    bad: str
    good: str


def located(rule: str, severity: Severity, link: str, hit: Hit, subject: Subject) -> Finding:
    """The finding with its place in the definition: the property, else the component, that it comes from."""
    source = subject.bound.source
    if hit.place is not None:
        return Finding(rule, severity, hit.message, source.where(*hit.place), hit.hint, name_at(hit.place), "", link)
    component = subject.component_of(hit.resource)
    if component is None:
        where = source.where("Resources", hit.resource, *(("Properties", *hit.path) if hit.path else ()))
        return Finding(rule, severity, hit.message, where, hit.hint, hit.resource, hit.resource, link)
    inner = hit.path[1:] if hit.path[:1] == ("LaunchTemplateData",) else hit.path
    given = [path for path in (hit.words, inner) if path and path[0] in component.settings]
    where = source.where(*component.path, *(given[0] if given else ()))
    return Finding(rule, severity, hit.message, where, hit.hint, component.name, hit.resource, link)


def name_at(path: KeyPath) -> str:
    """The component or plain resource that a key path of the definition leads into, "" where it does not."""
    if path[:1] == ("SenzaComponents",) and len(path) > 2:
        return str(path[2])
    return str(path[1]) if path[:1] == ("Resources",) and len(path) > 1 else ""


def unknown(value: Any) -> bool:
    """Whether only CloudFormation will know the value: of a function or a dynamic reference."""
    return is_function(value) or is_dynamic(value)


def literal(value: Any) -> str:
    """The value as text where it is a plain one, "" for functions, dynamic references, lists and mappings."""
    return "" if isinstance(value, Mapping | list) or value is None or is_dynamic(value) else str(value)


def entries(value: Any) -> list[Any]:
    """A list as it is; anything else as its only item, nothing as none."""
    if value is None:
        return []
    return list(value) if isinstance(value, list) else [value]


def mapping(value: Any) -> Mapping[str, Any]:
    """The mapping, or an empty one for everything else."""
    return value if isinstance(value, Mapping) else {}


def target(value: Any) -> str:
    """The logical id that a ``Ref`` or ``Fn::GetAtt`` leads to, "" for everything else."""
    found = mapping(value)
    argument = found.get("Ref") or found.get("Fn::GetAtt")
    first = argument[0] if isinstance(argument, list) and argument else argument
    return first.partition(".")[0] if isinstance(first, str) else ""
