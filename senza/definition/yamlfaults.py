"""What is wrong with a YAML file, in the words of its author: the line as it is and as it should be."""

from __future__ import annotations

import re
from typing import Any

import yaml

from senza.definition.model import KeyPath
from senza.errors import DefinitionError, Where

_BEFORE_VALUE = re.compile(r"\s*(?:-\s+)*(?:(?:\"[^\"]*\"|'[^']*'|[^\s#'\"{\[-][^:#]*):\s+)?(?=\{\{)")
"""Everything of a line before an unquoted ``{{`` that starts a key, a value or a list item."""

_QUOTES = "YAML reads an unquoted {{ as the start of a mapping."


def explain(fault: yaml.YAMLError, text: str, file: str) -> DefinitionError:
    """Turn what PyYAML says into one message with line and fix."""
    character = getattr(fault, "character", None)
    if character is not None:
        return _bad_character(fault, text, file)
    mark = getattr(fault, "problem_mark", None) or getattr(fault, "context_mark", None)
    if mark is None:
        return DefinitionError(f"this is not YAML: {fault}", where=Where(file))
    lines = _split(text)
    problem = getattr(fault, "problem", None) or "it cannot be read"
    if problem == "but found another document":
        return DefinitionError(
            "this file holds several YAML documents; a definition is one",
            hint="Remove the line --- and what does not belong to this definition.",
            where=Where(file, (), mark.line + 1),
        )
    context = getattr(fault, "context_mark", None)
    for number in sorted({mark.line, context.line if context else mark.line}, reverse=True):
        corrected = _quoted_line(_line(lines, number))
        if corrected is not None:
            return _mustache_error(Where(file, (), number + 1), corrected)
    line = _line(lines, mark.line)
    where = Where(file, (), mark.line + 1)
    indent = line[: len(line) - len(line.lstrip())]
    if "\t" in indent or line[mark.column : mark.column + 1] == "\t":
        return DefinitionError(
            "a tab is used here, where YAML allows spaces only",
            hint="Replace the tab by spaces: " + " ".join(line.expandtabs(2).split("\t")),
            where=where,
        )
    return DefinitionError(f"this is not YAML: {_reason(fault, problem)}", hint=_show(line, mark.column), where=where)


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


def _reason(fault: Any, problem: str) -> str:
    context = getattr(fault, "context", None)
    return f"{problem} ({context})" if context else str(problem)


def _show(line: str, column: int) -> str:
    return f"  {line}\n  {' ' * column}^" if line.strip() and len(line) <= 200 else ""


def _split(text: str) -> list[str]:
    """Lines as YAML counts them."""
    return re.split("\r\n|[\r\n\x85\u2028\u2029]", text)


def _line(lines: list[str], number: int) -> str:
    return lines[number] if number < len(lines) else ""
