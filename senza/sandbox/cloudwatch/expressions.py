"""The syntax of metric math ("Using math expressions with CloudWatch metrics"): text in, a tree out."""

from __future__ import annotations

import re
from dataclasses import dataclass

TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+)|(?P<name>[A-Za-z_]\w*)|(?P<text>\"[^\"]*\"|'[^']*')"
    r"|(?P<sign>\|\||&&|<=|>=|==|!=|[-+*/^()<>,\[\]]))"
)
LEVELS = (("||",), ("&&",), ("==", "!=", "<", "<=", ">", ">="), ("+", "-"), ("*", "/"))
"""Binary operators, those that bind least first; ``^`` binds more than a sign does."""
WORDS = {"AND": "&&", "OR": "||"}


class ExpressionError(Exception):
    """What is wrong with an expression."""


@dataclass(frozen=True)
class Number:
    value: float


@dataclass(frozen=True)
class Text:
    value: str


@dataclass(frozen=True)
class Name:
    """The id of another query, or a word such as REPEAT."""

    name: str


@dataclass(frozen=True)
class Call:
    function: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True)
class Array:
    items: tuple[Node, ...]


@dataclass(frozen=True)
class Operation:
    operator: str
    left: Node
    right: Node


Node = Number | Text | Name | Call | Array | Operation


def parse(expression: str) -> Node:
    """The tree of an expression. Raises ExpressionError."""
    parser = Parser(tokens(expression))
    node = parser.level(0)
    if parser.ahead is not None:
        raise ExpressionError(f"unexpected {parser.ahead[1]!r}")
    return node


def tokens(expression: str) -> list[tuple[str, str]]:
    """(kind, text)"""
    found, at = [], 0
    text = expression.rstrip()
    while at < len(text):
        match = TOKEN.match(text, at)
        if match is None:
            raise ExpressionError(f"unexpected {text[at:].strip()[:1]!r}")
        kind = match.lastgroup or ""
        word = match[kind]
        found.append(("sign", WORDS[word]) if kind == "name" and word in WORDS else (kind, word))
        at = match.end()
    return found


class Parser:
    def __init__(self, found: list[tuple[str, str]]) -> None:
        self._tokens = found
        self._at = 0

    @property
    def ahead(self) -> tuple[str, str] | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def take(self, *signs: str) -> str | None:
        """The next sign, if it is one of these."""
        if self.ahead is None or self.ahead[0] != "sign" or self.ahead[1] not in signs:
            return None
        self._at += 1
        return self._tokens[self._at - 1][1]

    def level(self, number: int) -> Node:
        if number == len(LEVELS):
            return self.signed()
        node = self.level(number + 1)
        while sign := self.take(*LEVELS[number]):
            node = Operation(sign, node, self.level(number + 1))
        return node

    def signed(self) -> Node:
        if self.take("-"):
            return Operation("-", Number(0.0), self.signed())
        if self.take("+"):
            return self.signed()
        node = self.atom()
        if self.take("^"):
            return Operation("^", node, self.signed())
        return node

    def atom(self) -> Node:
        if self.take("("):
            node = self.level(0)
            if not self.take(")"):
                raise ExpressionError("a parenthesis is not closed")
            return node
        if self.take("["):
            return Array(self.items("]"))
        if self.ahead is None or self.ahead[0] == "sign":
            raise ExpressionError(f"unexpected {self.ahead[1]!r}" if self.ahead else "unexpected end")
        kind, text = self.ahead
        self._at += 1
        if kind == "number":
            return Number(float(text))
        if kind == "text":
            return Text(text[1:-1])
        return Call(text, self.items(")")) if self.take("(") else Name(text)

    def items(self, end: str) -> tuple[Node, ...]:
        """What stands between here and that sign, separated by commas."""
        found: list[Node] = []
        while not self.take(end):
            if found and not self.take(","):
                raise ExpressionError(f"{end!r} is missing")
            found.append(self.level(0))
        return tuple(found)
