"""One text with Mustache tags in it, rendered.

pystache renders. Before it does, the tags are read here, since pystache is too kind to mistakes: it drops a section
that is never closed, reads partials from the disk and takes ``{{Arguments . X}}`` for a name of its own. What it gets
holds tags only: the text between them is handed over as values, so it stays as it is to the last brace and line break.

Three rules of this house beside the manual (mustache.github.io/mustache.5.html): nothing is escaped for HTML; a line
with nothing but a section tag stays as an empty line (the classic tool's output has it); CloudFormation's own
``{{resolve:service:name}}`` is text, in which Mustache tags may stand (user guide, "dynamic references").
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from senza.definition.suggest import suggest

MAX_LOOK_UPS = 20_000
"""Of tags, and texts between them, while one text is rendered."""
KEEP_BRACES = "To keep braces of another tool, begin the text with {{=<% %>=}} and write senza's own tags as <% … %>."
_ONE_TEXT = (
    "A section begins and ends inside one value: write all of it there. "
    "To choose between whole values, use Conditions and Fn::If."
)
_DYNAMIC = re.compile(r"\{\{(resolve:(?:[^{}]|\{\{[^{}]*\}\})*)\}\}")
_OURS = re.compile(r"\s*[#^/&{]?\s*(Arguments|SenzaInfo|SenzaComponents|AccountInfo)\b")
_PART = r"[^\s.{}\x00](?:[^.{}\x00]*[^\s.{}\x00])?"
_NAME = re.compile(rf"\.|{_PART}(?:\.{_PART})*")


class MustacheFault(Exception):
    """A mistake in one text; who knows the place of the text makes a DefinitionError of it."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class Secret(str):
    """A text that is noticed when it is written into another one."""

    __slots__ = ("name",)
    name: str


class Names(dict[str, Any]):
    """A mapping whose values are looked up when a tag asks for them, each time it does.

    pystache asks a dict and nothing else for its keys; other objects it asks for attributes, ``__class__`` included.
    """

    def __init__(self, names: Mapping[str, object] | tuple[str, ...], fetch: Callable[[str], Any]) -> None:
        super().__init__(dict.fromkeys(names))
        self._fetch = fetch

    def __getitem__(self, name: str) -> Any:
        return self._fetch(name)


class Bounded(dict[str, Any]):
    """Names that may be looked up so often: sections inside sections, which repeat, can go on for years.

    left: how often, for all that share it. Raises MustacheFault where it is over.
    """

    def __init__(self, names: Mapping[str, Any], left: list[int]) -> None:
        super().__init__(names)
        self._left = left

    def __getitem__(self, name: str) -> Any:
        self._left[0] -= 1
        if self._left[0] < 0:
            raise MustacheFault("the sections of this text repeat it too often", "Write the text out.")
        return super().__getitem__(name)


@dataclass(frozen=True)
class _Tag:
    kind: Literal["text", "name", "#", "^", "/"]
    value: str


def render(text: str, names: Mapping[str, Any], written: Callable[[Secret], None] | None = None) -> str:
    """Render one text.

    names: what the tags may say, mappings in mappings. written: told of each Secret that got into the result.
    Raises MustacheFault.
    """
    from pystache.context import KeyNotFoundError
    from pystache.renderer import Renderer

    def insert(value: str) -> str:
        if written is not None and isinstance(value, Secret):
            written(value)
        return value

    texts: dict[str, str] = {}
    left = [MAX_LOOK_UPS]
    template = "".join(_canonical(tag, texts) for tag in _balanced(_scan(text)))
    renderer = Renderer(missing_tags="strict", escape=insert, partials={})
    renderer.str_coerce = _as_text
    try:
        result: str = renderer.render(template, Bounded(names, left), Bounded(texts, left))
    except KeyNotFoundError as fault:
        raise _missing(str(fault.key), names) from fault
    return result


def _canonical(tag: _Tag, texts: dict[str, str]) -> str:
    if tag.kind == "text":
        name = f"\x00{len(texts)}"  # no tag can say this: see _NAME
        texts[name] = tag.value
        return f"{{{{&{name}}}}}"
    if tag.kind == "name":
        return f"{{{{{tag.value}}}}}"
    return f"{{{{{tag.kind}{tag.value}}}}}"


def _scan(text: str, opening: str = "{{", closing: str = "}}") -> Iterator[_Tag]:
    """The tags and texts from left to right. Comments and changed delimiters are dealt with and gone."""
    position = 0
    while True:
        start = text.find(opening, position)
        if start < 0:
            break
        if start > position:
            yield _Tag("text", text[position:start])
        dynamic = _DYNAMIC.match(text, start) if opening == "{{" else None
        if dynamic is not None:
            yield _Tag("text", "{{")
            yield from _scan(dynamic[1])
            yield _Tag("text", "}}")
            position = dynamic.end()
            continue
        inside = start + len(opening)
        triple = opening == "{{" and text.startswith("{", inside)
        ending = "}}}" if triple else closing
        end = text.find(ending, inside)
        if end < 0:
            if _OURS.match(text, inside):
                raise MustacheFault(f"the tag {_short(text[start:])} is never closed", f"End it with {ending}")
            yield _Tag("text", text[start:])
            return
        position = end + len(ending)
        content = text[inside + triple : end]
        tag = content.strip()
        if tag.startswith("="):
            opening, closing = _delimiters(tag, text[start:position])
        elif triple or not tag.startswith("!"):
            yield _tag("&" + tag if triple else tag, text[start:position])
    if position < len(text):
        yield _Tag("text", text[position:])


def _tag(content: str, written: str) -> _Tag:
    kind, name = (content[0], content[1:].strip()) if content[:1] in ("#", "^", "/", "&", ">") else ("&", content)
    if kind == ">":
        raise MustacheFault(f"{_short(written)}: there are no partials, a definition is one file", KEEP_BRACES)
    if not name:
        return _Tag("text", written)
    if not _NAME.fullmatch(name):
        plain = re.sub(r"\s*\.\s*", ".", name)
        hint = f"Write it without spaces around the dot: {plain}" if _OURS.match(plain) else KEEP_BRACES
        raise MustacheFault(f"{_short(written)} is not a name that Mustache knows", hint)
    if kind in ("#", "^", "/"):
        return _Tag(kind, name)  # type: ignore[arg-type]
    return _Tag("name", name)


def _delimiters(tag: str, written: str) -> tuple[str, str]:
    parts = tag[1:-1].split()
    if len(tag) < 2 or not tag.endswith("=") or len(parts) != 2 or "=" in parts[0] + parts[1]:
        raise MustacheFault(f"{_short(written)} does not set two delimiters", "Write it like {{=<% %>=}}")
    return parts[0], parts[1]


def _balanced(tags: Iterator[_Tag]) -> Iterator[_Tag]:
    sections: list[_Tag] = []
    for tag in tags:
        if tag.kind in ("#", "^"):
            sections.append(tag)
        elif tag.kind == "/":
            if not sections:
                raise MustacheFault(f"{{{{/{tag.value}}}}} closes a section that is not opened in this text", _ONE_TEXT)
            if sections.pop().value != tag.value:
                raise MustacheFault(f"{{{{/{tag.value}}}}} closes another section than the one that is open", _ONE_TEXT)
        elif tag.kind == "name" and tag.value == "." and not sections:
            raise MustacheFault("{{.}} stands outside of a section, where it means nothing", KEEP_BRACES)
        yield tag
    if sections:
        section = sections[-1]
        raise MustacheFault(
            f"the section {{{{{section.kind}{section.value}}}}} is opened and not closed in this text", _ONE_TEXT
        )


def _as_text(value: Any) -> str:
    """What is no text, in Python's spelling as in the classic tool: ``False``, ``1.1``, ``None``."""
    spelling = str(value)
    if isinstance(value, dict):
        raise MustacheFault("a mapping cannot be written into a text", "Name one entry of it: {{Name.Entry}}")
    # a list of numbers came out of the classic tool unharmed; with texts in it, it had HTML entities for quotes
    if isinstance(value, list) and re.search("['\"&<>]", spelling):
        raise MustacheFault(
            "a list cannot be written into a text", "Write a section, which repeats: {{#Name}}{{.}} {{/Name}}"
        )
    return spelling


def _missing(name: str, names: Mapping[str, Any]) -> MustacheFault:
    """The error for a name that is not there, with the names that are."""
    parts = name.split(".")
    level: Any = names
    path: list[str] = []
    while len(path) < len(parts) and isinstance(level, dict) and parts[len(path)] in level:
        level = level[parts[len(path)]]
        path.append(parts[len(path)])
    known = [str(key) for key in level] if isinstance(level, dict) else []
    if not path:
        # people forget the first part
        known += [f"{first}.{key}" for first, inner in names.items() if isinstance(inner, Names) for key in inner]
        near = [full for full in known if full.partition(".")[2] == name] or suggest(name, known)
    else:
        near = [".".join((*path, key)) for key in suggest(parts[len(path)], known)]
    meant = f"Did you mean {' or '.join('{{' + full + '}}' for full in near)}? " if near else ""
    if not path:
        message = f"there is nothing called {name}"
        return MustacheFault(message, f"{meant}Names begin with {', '.join(sorted(names))}. {KEEP_BRACES}")
    has = f"{'.'.join(path)} has: {', '.join(known)}." if known else f"{'.'.join(path)} has no names in it."
    return MustacheFault(f"there is no {name}", meant + has)


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."
