"""YAML text to a plain tree and the line of every key path.

PyYAML composes the nodes (libyaml where it is built in) and makes the scalars, so that they are what its safe loader
says. The tree is built here, because only the nodes know lines, duplicate keys and tags. Import this module only where
a file is read: PyYAML takes its time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from senza.definition import functions, yamlfaults
from senza.definition.model import KeyPath, Source
from senza.definition.suggest import did_you_mean
from senza.definition.yamlfaults import LOADER, MAX_DEPTH
from senza.errors import DefinitionError

MAX_NODES = 200_000
"""Values in one file, aliases counted each time they are used: a bound for files that blow up when they are read."""

MAX_BITS = 1024
"""Of a number; in base 16 or 60 a file can say such as cannot be written out in base 10 in any bearable time."""
MAX_TWICE = 100
"""Keys of one file that are there twice, where that is no more than a warning."""

_YAML = "tag:yaml.org,2002:"
_AS_WRITTEN = frozenset(_YAML + kind for kind in ("str", "timestamp", "value"))
_SCALARS = frozenset(_YAML + kind for kind in ("null", "bool", "int", "float"))


@dataclass(frozen=True)
class Tree:
    """What a YAML file holds: its value, the line of every key path in it, and what the user should be told."""

    value: Any
    source: Source
    warnings: tuple[str, ...] = ()


def parse(text: str, file: str, *, lenient: bool | None = None, scalars_as_text: bool = False) -> Tree:
    """Read one YAML document.

    file: name for messages. lenient: of a key that is there twice the last one counts, with a warning; None: it is not
    for the user to say.
    scalars_as_text: every scalar stays the text that was written (``1.10``, ``007``, ``yes``).
    Raises DefinitionError for everything that is wrong with it.
    """
    try:
        _check_depth(text, file)
        loader = LOADER(text)
        try:
            root = loader.get_single_node()
            builder = _Builder(loader, Source(file), text, lenient, scalars_as_text)
            value = builder.build(root, ()) if root is not None else None
        finally:
            loader.dispose()
    except yaml.YAMLError as fault:
        raise yamlfaults.explain(fault, text, file) from fault
    except RecursionError as fault:
        raise DefinitionError("these YAML aliases are nested too deeply", where=Source(file).where()) from fault
    return Tree(value, Source(file, builder.lines), tuple(builder.warnings))


def _check_depth(text: str, file: str) -> None:
    depth = 0
    for event in yaml.parse(text, LOADER):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                raise DefinitionError(
                    f"more than {MAX_DEPTH} mappings and lists stand inside each other",
                    hint="Is it the right file?",
                    where=yamlfaults.place(event.start_mark, file),
                )
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


@dataclass
class _Builder:
    loader: Any
    source: Source
    text: str
    lenient: bool | None
    scalars_as_text: bool
    lines: dict[KeyPath, int] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    nodes: int = 0
    open: set[int] = field(default_factory=set)
    """Ids of the nodes being built: meeting one again is a recursive alias."""

    def build(self, node: yaml.Node, path: KeyPath) -> Any:
        self._count(node, path)
        self.lines.setdefault(path, node.start_mark.line + 1)
        if id(node) in self.open:
            raise self._fault(node, path, "a YAML alias stands inside what it is an alias for", "Write it out.")
        self.open.add(id(node))
        try:
            return self._build(node, path)
        finally:
            self.open.discard(id(node))

    def _count(self, node: yaml.Node, path: KeyPath) -> None:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise self._fault(node, path, f"this file holds more than {MAX_NODES:,} values", "Use fewer YAML aliases.")

    def _build(self, node: yaml.Node, path: KeyPath) -> Any:
        if not node.tag.startswith(_YAML):
            return self._function(node, path)
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, path)
        if isinstance(node, yaml.SequenceNode) and node.tag == _YAML + "seq":
            return [self.build(item, (*path, index)) for index, item in enumerate(node.value)]
        if isinstance(node, yaml.MappingNode) and node.tag == _YAML + "map":
            return self._mapping(node, path)
        raise self._unknown_tag(node, path)

    def _scalar(self, node: yaml.ScalarNode, path: KeyPath) -> Any:
        if node.tag == _YAML + "null" and self.scalars_as_text:
            return ""
        if node.tag in _AS_WRITTEN or (self.scalars_as_text and node.tag in _SCALARS):
            return node.value
        if node.tag not in _SCALARS:
            raise self._unknown_tag(node, path)
        try:
            value = self.loader.construct_object(node)
            if isinstance(value, int) and value.bit_length() > MAX_BITS:
                raise ValueError
            return value
        except (ValueError, LookupError) as fault:
            # e.g. `!!int x`, `!!int` alone, `!!bool maybe`, or a number of more digits than Python reads
            kind = node.tag.removeprefix(_YAML)
            raise self._fault(node, path, f"this is not a YAML {kind}", "Put it into quotes.") from fault

    def _mapping(self, node: yaml.MappingNode, path: KeyPath) -> dict[Any, Any]:
        made: dict[Any, Any] = {}
        merged: list[tuple[yaml.Node, yaml.Node]] = []
        lines: dict[Any, int] = {}
        for key_node, value_node in node.value:
            if key_node.tag == _YAML + "merge":
                merged.extend(self._merge_entries(value_node, path))
                continue
            key = self._key(key_node, node, path)
            place = (*path, key if isinstance(key, (str, int)) else str(key))
            line = key_node.start_mark.line + 1
            first = lines.get(key)
            if first is not None:
                self._forget(place)
            lines[key] = self.lines[place] = line
            value = self.build(value_node, place)
            if first is not None:
                self._twice(place, first, line, same=value == made[key])
            made[key] = value
        for key_node, value_node in merged:
            key = self._key(key_node, node, path)
            if key not in made:
                place = (*path, key if isinstance(key, (str, int)) else str(key))
                self.lines[place] = key_node.start_mark.line + 1
                made[key] = self.build(value_node, place)
        return made

    def _merge_entries(self, node: yaml.Node, path: KeyPath) -> Iterator[tuple[yaml.Node, yaml.Node]]:
        """The entries that ``<<`` brings in, the strongest first (yaml.org/type/merge.html)."""
        self._count(node, path)
        if id(node) in self.open:
            raise self._fault(node, (*path, "<<"), "these YAML merge keys lead back to themselves", "Write it out.")
        self.open.add(id(node))
        if isinstance(node, yaml.MappingNode):
            later = []
            for key_node, value_node in node.value:
                if key_node.tag == _YAML + "merge":
                    later.append(value_node)
                else:
                    yield key_node, value_node
            for value_node in later:
                yield from self._merge_entries(value_node, path)
        elif isinstance(node, yaml.SequenceNode):
            for item in node.value:
                yield from self._merge_entries(item, path)
        else:
            raise self._fault(
                node, (*path, "<<"), "<< wants a mapping or a list of them", "Give it an alias: <<: *name"
            )
        self.open.discard(id(node))

    def _key(self, key_node: yaml.Node, parent: yaml.MappingNode, path: KeyPath) -> Any:
        if not isinstance(key_node, yaml.ScalarNode):
            raise yamlfaults.unquoted_mustache(key_node, parent, self.text, self.source.file, path) or self._fault(
                key_node, path, "a list or mapping stands where a key should be", "Put the key into quotes."
            )
        if not key_node.tag.startswith(_YAML):
            raise self._unknown_tag(key_node, path)
        if key_node.tag == _YAML + "null" and not key_node.value:
            raise self._fault(key_node, path, "a colon has no key before it", "Write the key, or quote the text.")
        return self._scalar(key_node, path)

    def _forget(self, place: KeyPath) -> None:
        """Drop the lines of a value that a later one replaces."""
        for known in [known for known in self.lines if known[: len(place)] == place]:
            del self.lines[known]

    def _twice(self, place: KeyPath, first: int, second: int, *, same: bool) -> None:
        """The classic tool let the last one win. That is harmless where both say the same."""
        said = f"the key {place[-1]} is there twice, in lines {first} and {second}"
        if not same and not self.lenient:
            allowed = "" if self.lenient is None else f" (The classic tool took line {second}; --force does so too.)"
            raise DefinitionError(
                f"{said}, with different values",
                hint=f"Remove one of them.{allowed}",
                where=self._where(place, second),
            )
        if len(self.warnings) >= MAX_TWICE:
            hint = "Is it the right file?"
            raise DefinitionError(
                f"more than {MAX_TWICE} keys are there twice", hint=hint, where=self._where(place, second)
            )
        what = "with the same value" if same else f"line {second} counts"
        self.warnings.append(f"{self._where(place, second)}: {said}; {what}")

    def _function(self, node: yaml.Node, path: KeyPath) -> Any:
        """``!Name value`` is ``{"Fn::Name": value}``."""
        name = functions.LONG_FORMS.get(node.tag)
        if name is None:
            raise self._unknown_tag(node, path)
        place = (*path, name)
        self.lines[place] = node.start_mark.line + 1
        if isinstance(node, yaml.MappingNode):
            return {name: self._mapping(node, place)}
        if isinstance(node, yaml.SequenceNode) and node.tag not in functions.SCALAR_ONLY:
            return {name: [self.build(item, (*place, index)) for index, item in enumerate(node.value)]}
        if not isinstance(node, yaml.ScalarNode) or (not node.value and node.tag in functions.SCALAR_ONLY):
            raise self._fault(node, path, f"{node.tag} wants a name after it", f"Write e.g. {node.tag} MyResource")
        if node.tag != "!GetAtt":
            return {name: node.value}
        parts = functions.split_attribute(node.value)
        if parts is None and "{{" not in node.value:
            raise self._fault(node, path, "!GetAtt wants a resource and an attribute", "Write e.g. !GetAtt Bucket.Arn")
        return {name: parts or node.value}

    def _unknown_tag(self, node: yaml.Node, path: KeyPath) -> DefinitionError:
        tag = node.tag.replace(_YAML, "!!")
        near = "" if tag.startswith("!!") else did_you_mean(tag, functions.LONG_FORMS)
        hint = near or "Put the text into quotes if it is meant to be text."
        return self._fault(node, path, f"the YAML tag {tag} is not known", hint)

    def _where(self, path: KeyPath, line: int) -> Any:
        return Source(self.source.file, {path: line}).where(*path)

    def _fault(self, node: yaml.Node, path: KeyPath, message: str, hint: str) -> DefinitionError:
        return DefinitionError(message, hint=hint, where=self._where(path, node.start_mark.line + 1))
