"""Changing single keys of a Taupage configuration, and leaving the rest of its text as it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import yaml

from senza.errors import UsageError

MARKER_LINE = "#taupage-ami-config"
NULL = "tag:yaml.org,2002:null"
Pairs = list[tuple[yaml.Node, yaml.Node]]


@dataclass(frozen=True)
class Merged:
    """text: the new user data. changed: key paths whose value is another one, e.g. ``environment.LEVEL``."""

    text: str
    changed: tuple[str, ...]


def merged(user_data: str, patch: str) -> Merged:
    """Merge a YAML mapping into the user data as RFC 7396 merges JSON: mappings key by key, null removes a key.

    Keys that the patch does not name keep their text, comments included. Raises UsageError where either is not what it
    should be.
    """
    if user_data.partition("\n")[0].strip() != MARKER_LINE:
        raise UsageError(
            f"the user data does not begin with {MARKER_LINE}, so YAML cannot be merged into it",
            hint="Change it in the definition, and create a new version.",
        )
    base = composed(user_data, "the present user data")
    wanted = composed(patch, "--user-data")
    before = {key: plain(value) for key, value in by_key(base).items()}
    changed = tuple(merge(base, wanted, ""))
    if not changed:
        return Merged(user_data, ())
    text = edited(user_data, base, before)
    if text is None or plain(composed(text, "the merged user data")) != plain(base):
        text = f"{MARKER_LINE}\n{written(base)}"  # anchors, flow style and the like: correct, if not verbatim
    return Merged(text, changed)


def composed(text: str, what: str) -> yaml.MappingNode:
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        at = f" in line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise UsageError(f"{what} is no YAML: {error.problem}{at}") from None  # its text may hold secrets
    except yaml.YAMLError:
        raise UsageError(f"{what} is no YAML") from None
    if not isinstance(node, yaml.MappingNode):
        raise UsageError(f"{what} is no YAML mapping", hint="Write it as 'key: value'.")
    return node


def merge(base: yaml.MappingNode, patch: yaml.MappingNode, prefix: str) -> list[str]:
    """Merge into ``base``; returns the paths that changed."""
    changed = []
    for key, value in patch.value:
        path = f"{prefix}{key.value}"
        present = by_key(base).get(str(key.value))
        if value.tag == NULL:
            if present is not None:
                base.value = [(name, old) for name, old in base.value if name.value != key.value]
                changed.append(path)
        elif isinstance(present, yaml.MappingNode) and isinstance(value, yaml.MappingNode):
            changed += merge(present, value, f"{path}.")
        elif present is None:
            base.value.append((key, value))
            changed.append(path)
        elif plain(present) != plain(value):
            base.value = [(name, value if name.value == key.value else old) for name, old in base.value]
            changed.append(path)
    return changed


def by_key(node: yaml.MappingNode) -> dict[str, yaml.Node]:
    return {str(key.value): value for key, value in node.value}


def plain(node: yaml.Node) -> Any:
    """What a node means, without how it is written; a scalar by its tag and text."""
    if isinstance(node, yaml.MappingNode):
        return {(key.tag, str(key.value)): plain(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [plain(item) for item in node.value]
    return node.tag, node.value


def written(node: yaml.Node) -> str:
    text: str = yaml.serialize(node, Dumper=yaml.SafeDumper, allow_unicode=True, width=2**31)
    return text


def edited(text: str, base: yaml.MappingNode, before: dict[str, Any]) -> str | None:
    """The text with the lines of changed top-level keys replaced; None where it is not written key by key."""
    original = composed(text, "the present user data")
    if original.flow_style or any(isinstance(token, yaml.AliasToken) for token in yaml.scan(text)):
        return None
    lines = text.splitlines(keepends=True)
    after = by_key(base)
    for key, value in reversed(original.value):
        name = str(key.value)
        if name in after and plain(after[name]) == before[name]:
            continue
        new = [written(yaml.MappingNode(base.tag, [(key, after[name])], flow_style=False))] if name in after else []
        lines[key.start_mark.line : end_line(value)] = new
    result = "".join(lines)
    added: Pairs = [(key, value) for key, value in base.value if str(key.value) not in before]
    if not added:
        return result
    separator = "" if result.endswith("\n") else "\n"
    return result + separator + written(yaml.MappingNode(base.tag, added, flow_style=False))


def end_line(node: yaml.Node) -> int:
    """The number of the first line behind a value; comments that follow it belong to what comes next."""
    if isinstance(node, yaml.CollectionNode) and node.value and not node.flow_style:
        last = node.value[-1]
        return end_line(last[1] if isinstance(node, yaml.MappingNode) else last)
    return int(node.end_mark.line) + (node.end_mark.column > 0)
