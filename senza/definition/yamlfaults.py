"""What is wrong with a YAML file, in the words of its author: the line as it is and as it should be."""

from __future__ import annotations

import re
from typing import Any

import yaml

from senza.definition.model import KeyPath
from senza.errors import DefinitionError, Where

LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

MAX_DEPTH = 100
"""Mappings and lists inside each other. libyaml's composer recurses in C and would overflow the stack."""

_BEFORE_VALUE = re.compile(r"\s*(?:-\s+)*(?:(?:\"[^\"]*\"|'[^']*'|[^\s#'\"{\[-][^:#]*):\s+)?(?=\{\{)")
"""Everything of a line before an unquoted ``{{`` that starts a key, a value or a list item."""

_KEY = re.compile(r"\s*(?:-\s+)*[^\s#'\"{\[-][^:#]*:(?=\s|$)")

_SECTION = re.compile(r"[\"']\{\{[#^/]\s*([^{}]+?)\s*\}\}[\"']")
"""What marks the beginning or the end of a section, alone."""

_QUOTES = "YAML reads an unquoted {{ as the start of a mapping."


def explain(fault: yaml.YAMLError, text: str, file: str) -> DefinitionError:
    """Turn what PyYAML says into one message with line, key path where it can be made out, and fix."""
    if getattr(fault, "character", None) is not None:
        return _bad_character(fault, text, file)
    mark, context = getattr(fault, "problem_mark", None), getattr(fault, "context_mark", None)
    if mark is None:
        return DefinitionError(f"this is not YAML: {fault}", where=Where(file))
    lines = _split(text)
    problem = str(getattr(fault, "problem", None) or "it cannot be read")
    if problem == "but found another document":
        return DefinitionError(
            "this file holds several YAML documents; a definition is one",
            hint="Remove the line --- and what does not belong to this definition.",
            where=place(mark, file),
        )
    for number in sorted({mark.line, context.line if context else mark.line}, reverse=True):
        corrected = _quoted_line(_line(lines, number))
        if corrected is not None:
            return _mustache_error(Where(file, _path_at(lines, number, corrected), number + 1), corrected)
    line = _line(lines, mark.line)
    if "\t" in line[: len(line) - len(line.lstrip())] or line[mark.column : mark.column + 1] == "\t":
        corrected = " ".join(line.expandtabs(2).split("\t"))
        return DefinitionError(
            "a tab is used here, where YAML allows spaces only",
            hint=f"Replace the tab by spaces: {corrected}",
            where=Where(file, _path_at(lines, mark.line, corrected), mark.line + 1),
        )
    if problem == "found unexpected end of stream" and context is not None:
        return DefinitionError(
            "the quote that is opened here is never closed",
            hint=_show(_line(lines, context.line), context.column),
            where=Where(file, _path_of_key(lines, context.line), context.line + 1),
        )
    return DefinitionError(
        f"this is not YAML: {problem}{_while(fault, mark)}",
        hint=_show(line, mark.column),
        where=Where(file, _path_of_key(lines, mark.line), mark.line + 1),
    )


def place(mark: Any, file: str) -> Where:
    """The place of a PyYAML mark (either of its two classes of that name) in a file."""
    return Where(file, (), None if mark is None else mark.line + 1)


def unquoted_mustache(key: yaml.Node, parent: yaml.Node, text: str, file: str, path: KeyPath) -> DefinitionError | None:
    """The error for ``{{…}}`` that YAML read as a mapping with a mapping as key; None if this is not one.

    key: the node that stands as a key and is no scalar; parent: the mapping that holds it.
    """
    lines = _split(text)
    for node in (parent, key):
        start, end = node.start_mark, node.end_mark
        line = _line(lines, start.line)
        if not isinstance(node, yaml.MappingNode) or not line.startswith("{{", start.column):
            continue
        where = Where(file, path, start.line + 1)
        if end.line != start.line:
            return _mustache_error(where, "")
        inner = line[start.column : end.column]
        return _mustache_error(where, line[: start.column] + _quote(inner) + line[end.column :])
    return None


def _mustache_error(where: Where, corrected: str) -> DefinitionError:
    if section := _SECTION.fullmatch(corrected.strip()):
        return DefinitionError(
            "a section may not stand on a line of its own: the file is YAML before anything is filled in",
            hint=f'Put it into a value: key: "{{{{#{section[1]}}}}}if it is set{{{{/{section[1]}}}}}"',
            where=where,
        )
    hint = f"Write: {corrected.strip()}" if corrected else f'{_QUOTES} Put quotes around the whole value: "{{{{…}}}}"'
    return DefinitionError("the {{…}} here needs quotes around it", hint=hint, where=where)


def _quoted_line(line: str) -> str | None:
    """The line with its unquoted ``{{…`` in quotes, or None where it has none."""
    match = _BEFORE_VALUE.match(line)
    if match is None:
        return None
    rest = line[match.end() :].rstrip()
    value, comment = re.fullmatch(r"(.*?)(\s+#.*)?", rest).groups()  # type: ignore[union-attr]
    key = re.fullmatch(r"(\{\{[^{}]*\}\}[^\s:]*)(:(?:\s.*)?)", value)
    if key is not None:
        return line[: match.end()] + _quote(key[1]) + key[2] + (comment or "")
    return line[: match.end()] + _quote(value) + (comment or "")


def _quote(value: str) -> str:
    return f"'{value}'" if '"' in value or "\\" in value else f'"{value}"'


def _bad_character(fault: Any, text: str, file: str) -> DefinitionError:
    position = getattr(fault, "position", 0)
    before = text.encode(errors="replace")[:position].decode(errors="replace")
    code = fault.character if isinstance(fault.character, int) else ord(str(fault.character)[0])
    return DefinitionError(
        f"the character U+{code:04X} may not stand in a YAML file",
        hint='Remove it, or write it as an escape in double quotes, e.g. "\\x1b".',
        where=Where(file, (), before.count("\n") + 1),
    )


def _while(fault: Any, mark: yaml.Mark) -> str:
    """What was being read, where that began on another line."""
    context, begun = getattr(fault, "context", None), getattr(fault, "context_mark", None)
    return f" ({context} that begins in line {begun.line + 1})" if begun is not None and begun.line != mark.line else ""


def _path_of_key(lines: list[str], number: int) -> KeyPath:
    """The key path of a line that cannot be read, if it begins with a key."""
    key = _KEY.match(_line(lines, number))
    return _path_at(lines, number, f"{key[0]} x") if key else ()


def _path_at(lines: list[str], number: int, corrected: str) -> KeyPath:
    """The key path of a line: that of the last value in the text that ends with it; empty if that is no YAML either."""
    try:
        node: Any = yaml.compose("\n".join([*lines[:number], corrected]), LOADER)
    except yaml.YAMLError:
        return ()
    path: list[str | int] = []
    while isinstance(node, yaml.CollectionNode) and node.value and len(path) < MAX_DEPTH:  # an alias may lead back
        if isinstance(node, yaml.MappingNode):
            key, node = node.value[-1]
            path.append(str(key.value))
        else:
            path.append(len(node.value) - 1)
            node = node.value[-1]
    return tuple(path)


def _show(line: str, column: int) -> str:
    return f"  {line}\n  {' ' * column}^" if line.strip() and len(line) <= 200 else ""


def _split(text: str) -> list[str]:
    """Lines as YAML counts them."""
    return re.split("\r\n|[\r\n\x85\u2028\u2029]", text)


def _line(lines: list[str], number: int) -> str:
    return lines[number] if number < len(lines) else ""
