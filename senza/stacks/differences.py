"""What differs between a running stack and what a definition would make of it: templates, parameters, tags. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from senza.discretion import HIDDEN
from senza.stacks.change_sets import ChangeSet
from senza.stacks.comparison import MISSING, Comparison, Difference, Path, ResourceDifference, Side, plain
from senza.stacks.hiding import Folding, Mask

SECTIONS = ("Description", "Parameters", "Mappings", "Conditions", "Rules", "Transform", "Outputs", "Metadata")
"""What is compared besides the resources. Of the metadata not senza's own copy of SenzaInfo, which is in all else."""
HAPPENS = {"Add": "added", "Import": "added", "Remove": "removed"}
"""What an action of a change set means, whether templates or conditions are its reason, or a transform."""
BY_CONDITION = "not there, by its condition"
"""What is to be known of a resource that comes into or goes from the template, and makes no change."""


def compare(
    old: Side, new: Side, *, change_set: ChangeSet | None = None, secrets: Collection[str] = (), fold: bool = True
) -> Comparison:
    """What an update of ``old`` to ``new`` changes, or how two versions differ.

    change_set: of that very update, for its effects and for what follows from other changes.
    secrets: texts that are shown as ``***`` wherever they stand. fold: leave out what only names the version.
    """
    folding = Folding(old, new) if fold and old.version != new.version else None
    mask = Mask(secrets)
    changes = change_set.by_id() if change_set else {}
    resources = []
    before, after = (dict(side.template.get("Resources") or {}) for side in (old, new))
    for logical_id in sorted(before.keys() | after.keys() | changes.keys()):
        found = tuple(kept(differences(before.get(logical_id), after.get(logical_id)), folding))
        change = changes.get(logical_id)
        if not found and (change is None or not (change.details or change.action in HAPPENS)):
            continue
        there = after.get(logical_id) or before.get(logical_id) or {"Type": change.type if change else ""}
        what = "added" if logical_id not in before else "removed" if logical_id not in after else "changed"
        what = HAPPENS.get(change.action, "changed") if change else what
        because = tuple(dict.fromkeys(one.cause for one in change.details if one.cause)) if change else ()
        effect = change.effect if change else ("none" if change_set and what == "changed" else "")
        note = BY_CONDITION if change_set and what != "changed" else ""
        note = change_set.note_of(change) if change_set and change else note
        if what == "added":
            found = tuple(leaves(rest_of(there))) if before else ()  # of the very first stack, everything is new
        shown = () if what == "removed" else tuple(mask.of(one) for one in found)
        resources.append(ResourceDifference(logical_id, str(there.get("Type")), what, shown, effect, because, note))
    secret = no_echo(old.template) | no_echo(new.template)
    moved = {one.cause for each in changes.values() for one in each.details if one.source == "ParameterReference"}
    return Comparison(
        tuple(resources),
        tuple(parameter_differences(old, new, secret, moved, folding, mask)),
        tuple(mask.of(one) for one in kept(differences(dict(old.tags), dict(new.tags)), folding)),
        tuple(mask.of(without_defaults(one, secret)) for one in kept(sections(old.template, new.template), folding)),
        folding.count if folding else 0,
        tuple(sorted(secret & new.parameters.keys() & old.parameters.keys())) if not change_set else (),
    )


def parameter_differences(
    old: Side, new: Side, secret: set[str], moved: set[str], folding: Folding | None, mask: Mask
) -> Iterator[Difference]:
    for one in kept(differences(dict(old.parameters), dict(new.parameters)), folding):
        name = str(one.path[0])
        if name not in secret:
            yield mask.of(one)
        elif one.old is MISSING or one.new is MISSING or name in moved:
            yield Difference(one.path, *(value if value is MISSING else HIDDEN for value in (one.old, one.new)))


def effective(template: Mapping[str, Any], given: Mapping[str, str]) -> dict[str, str]:
    """The values that the template's parameters get: those given, else their defaults, as CloudFormation shows them."""
    declared = template.get("Parameters") or {}
    defaults = {
        name: plain(one["Default"]) for name, one in declared.items() if isinstance(one, Mapping) and "Default" in one
    }
    return {**defaults, **given}


def no_echo(template: Mapping[str, Any]) -> set[str]:
    declared = template.get("Parameters") or {}
    return {
        name
        for name, one in declared.items()
        if isinstance(one, Mapping) and str(one.get("NoEcho")).lower() == "true"
    }  # fmt: skip


def without_defaults(one: Difference, secret: set[str]) -> Difference:
    """The same without the defaults of these parameters, as far as it is about the parameters of a template."""
    if one.path[:1] != ("Parameters",):
        return one
    return Difference(one.path, *(hidden_at(one.path[1:], value, secret) for value in (one.old, one.new)))


def hidden_at(path: Path, value: Any, secret: set[str]) -> Any:
    """path: of the value within the section ``Parameters``."""
    if isinstance(value, dict) and len(path) < len(("name", "Default")):
        return {key: hidden_at((*path, key), each, secret) for key, each in value.items()}
    at_default = path[1:2] == ("Default",) and path[0] in secret
    return HIDDEN if at_default and value is not MISSING else value


def sections(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Difference]:
    for name in SECTIONS:
        before, after = (public(name, template.get(name)) for template in (old, new))
        for one in differences(before, after):
            yield Difference((name, *one.path), one.old, one.new)


def public(section: str, value: Any) -> Any:
    if section == "Metadata" and isinstance(value, Mapping):
        value = {key: one for key, one in value.items() if key != "Senza"}
    return value or None


def differences(old: Any, new: Any, path: Path = ()) -> Iterator[Difference]:
    """The places in which two trees differ; texts as a whole, numbers and truth values as CloudFormation reads them."""
    old, new = written(old), written(new)
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old.keys() | new.keys(), key=str):
            yield from differences(old.get(key, MISSING), new.get(key, MISSING), (*path, str(key)))
    elif isinstance(old, list) and isinstance(new, list):
        yield from list_differences(old, new, path)
    elif plain(old) != plain(new):
        yield Difference(path, MISSING if old is None else old, MISSING if new is None else new)


def rest_of(resource: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in resource.items() if key != "Type"}


def leaves(node: Any, path: Path = ()) -> Iterator[Difference]:
    """Each property of what is new; functions and lists as a whole."""
    node = written(node)
    if isinstance(node, dict) and not any(key == "Ref" or str(key).startswith("Fn::") for key in node):
        for key in sorted(node, key=str):
            yield from leaves(node[key], (*path, str(key)))
    else:
        yield Difference(path, MISSING, node)


def list_differences(old: list[Any], new: list[Any], path: Path) -> Iterator[Difference]:
    """Tags and their like by key; other mappings by their place; lists of scalars as a whole."""
    if keyed(old) and keyed(new):
        named = [{str(item["Key"]): rest(item) for item in items} for items in (old, new)]
        yield from differences(named[0], named[1], path)
    elif any(isinstance(item, dict | list) for item in (*old, *new)):
        for number in range(max(len(old), len(new))):
            before, after = (items[number] if number < len(items) else MISSING for items in (old, new))
            yield from differences(before, after, (*path, number))
    elif plain(old) != plain(new):
        yield Difference(path, old, new)


def keyed(items: Sequence[Any]) -> bool:
    keys = [item.get("Key") if isinstance(item, dict) else None for item in items]
    return all(isinstance(key, str) for key in keys) and len(set(keys)) == len(keys)


def rest(item: Mapping[str, Any]) -> Any:
    """Of a tag without further settings only its value."""
    left = {key: value for key, value in item.items() if key != "Key"}
    return left["Value"] if set(left) == {"Value"} else left


def written(node: Any) -> Any:
    """A text that the template writes with functions, as one text in which references are ``${Name}``."""
    if isinstance(node, dict) and len(node) == 1:
        name, value = next(iter(node.items()))
        if name == "Fn::Base64" and isinstance(inner := written(value), str):
            return inner
        if name == "Fn::Join" and isinstance(value, list) and len(value) == 2 and isinstance(value[1], list):
            return str(value[0]).join(text_of(part) for part in value[1])
        if name == "Fn::Sub" and isinstance(value, str):
            return value
    return node


def text_of(part: Any) -> str:
    part = written(part)
    if isinstance(part, dict) and len(part) == 1:
        name, value = next(iter(part.items()))
        inner = ".".join(map(str, value)) if isinstance(value, list) else str(value)
        return f"${{{inner}}}" if name in ("Ref", "Fn::GetAtt") else f"${{{name} {inner}}}"
    return str(part)


def kept(found: Iterator[Difference], folding: Folding | None) -> Iterator[Difference]:
    for one in found:
        if folding and folding.hides(one):
            folding.count += 1
        else:
            yield folding.reduced(one) if folding else one
