"""What is not shown of differences: what only names the version, and secrets."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from difflib import SequenceMatcher
from typing import Any

from senza.discretion import HIDDEN, in_base64
from senza.stacks.comparison import MISSING, Difference, Side, plain

VERSION_KEY = "StackVersion"
SAID = r"(?i:((?:application_version|stack_?version)['\"]?\s*[:=]\s*['\"]?))"
"""How user data says the version."""
DISTINCT = 4
"""Characters from which a version is not found in a text by chance."""
BLANKS = r"([ \t\r\n]+)"
SPACES = r"(?:\s|\\[nrt]?|\+|%20|%0[9AD])+"
"""What may stand for white space: YAML folds lines there, JSON escapes it, URLs encode it."""
ENTITIES = {
    "'": ("''", "&apos;"),  # YAML doubles it in single quotes
    '"': ("&quot;",),
    "&": ("&amp;",),
    "<": ("&lt;",),
    ">": ("&gt;",),
    "\x85": (r"\\+N",),  # these four in YAML
    "\xa0": (r"\\+_",),
    "\u2028": (r"\\+L",),
    "\u2029": (r"\\+P",),
}
"""Further spellings of single characters."""


class Folding:
    """Tells places that only name the version from real differences. count: how many it found."""

    def __init__(self, old: Side, new: Side) -> None:
        self._versions = (old.version, new.version)
        self._names = (old.full_name, new.full_name)
        self.count = 0

    def hides(self, one: Difference) -> bool:
        if VERSION_KEY in one.path and (plain(one.old), plain(one.new)) == self._versions:
            return True
        return bool(self._renamed(plain(one.old)) == plain(one.new))

    def reduced(self, one: Difference) -> Difference:
        """Of a long text only the lines that differ by more than the version."""
        if isinstance(one.old, str) and isinstance(one.new, str) and "\n" in one.old:
            return Difference(one.path, self._renamed(one.old), one.new)
        return one

    def _renamed(self, node: Any) -> Any:
        """The old value with the new names: of the stack, and of the version where that is no chance word."""
        if isinstance(node, dict):
            return {self._renamed(key): self._renamed(value) for key, value in node.items()}
        if isinstance(node, list):
            return [self._renamed(value) for value in node]
        if not isinstance(node, str):
            return node
        text = replaced(node, *self._names)
        text = replaced(text, self._names[0].lower(), self._names[1].lower())
        old, new = self._versions
        text = re.sub(rf"{SAID}{re.escape(old)}(?=['\"]?\s*$)", lambda found: found[1] + new, text, flags=re.MULTILINE)
        return replaced(text, *self._versions) if len(self._versions[0]) >= DISTINCT else text


def replaced(text: str, old: str, new: str) -> str:
    """The whole word ``old`` as ``new``."""
    return re.sub(rf"(?<![A-Za-z0-9]){re.escape(old)}(?![A-Za-z0-9])", lambda _: new, text) if old else text


class Mask:
    """Hides secrets in what is shown, however YAML, JSON or a URL spells them."""

    def __init__(self, secrets: Collection[str]) -> None:
        found = sorted({one.strip() for one in secrets if len(one.strip()) >= DISTINCT}, key=len, reverse=True)
        encoded = [re.escape(form) for one in found for form in in_base64(one)]
        self._pattern = re.compile("|".join([*map(spelling, found), *encoded])) if found else None
        self._exact = set(secrets) - {""}

    def of(self, one: Difference) -> Difference:
        """The same, to be shown. Where the new value holds a secret, the old one may hold a former one."""
        old, new = self._hidden(one.old), self._hidden(one.new)
        if new != one.new:
            old = former(old, new)
        return Difference(one.path, old, new)

    def _hidden(self, node: Any) -> Any:
        if isinstance(node, dict):
            return {key: self._hidden(value) for key, value in node.items()}
        if isinstance(node, list):
            return [self._hidden(value) for value in node]
        if not isinstance(node, str):
            return node
        text = self._pattern.sub(HIDDEN, node) if self._pattern else node
        return HIDDEN if text in self._exact else text


def spelling(secret: str) -> str:
    """A regular expression of how a secret may be written into a larger text: as it is, or quoted for YAML, JSON,
    URLs or HTML; with lines folded where YAML folds them."""
    return "".join(
        SPACES if re.match(BLANKS, part) else "".join(map(letter, part)) for part in re.split(BLANKS, secret)
    )


def letter(char: str) -> str:
    """One character; only special ones have several spellings, after which YAML may also break the line."""
    if char.isascii() and (char.isalnum() or char in "-_.~"):
        return re.escape(char)
    code, quoted = f"{ord(char):x}", "".join(f"%{byte:02X}" for byte in char.encode(errors="surrogatepass"))
    units = char.encode("utf-16-be", errors="surrogatepass").hex()  # JSON writes two for what is beyond 16 bits
    json_escape = "".join(rf"\\+u{units[start : start + 4]}" for start in range(0, len(units), 4))
    ways = [
        rf"\\{{0,8}}{re.escape(char)}",
        rf"(?i:{json_escape}|\\+[xU]0*{code}|{quoted}|&#(?:{ord(char)}|x0*{code});)",
        *ENTITIES.get(char, ()),
    ]
    return rf"(?:{'|'.join(ways)})(?:\\\n[ \t]*\\?)?"


def former(old: Any, new: Any) -> Any:
    """The old value without what stands where the new one has a secret: the lines in place of that, and what follows a
    line that begins like one with a secret, up to a line that is in both or sets what is in both."""
    if not isinstance(old, str) or not isinstance(new, str):
        return old if old is MISSING else HIDDEN
    if "\n" not in old:
        return HIDDEN
    before, after = old.splitlines(), new.splitlines()
    begun = tuple(line.partition(HIDDEN)[0] for line in after if HIDDEN in line)
    there = {line for line in after if line.strip()}
    in_clear = {key_of(line) for line in after if HIDDEN not in line} - {""}
    if not all(one.strip() for one in begun):
        return "\n".join(line if line in there else HIDDEN for line in before)
    replaced = in_place_of_secrets(before, after)
    shown: list[str] = []
    following = False
    for number, line in enumerate(before):
        beginning = next((one for one in begun if line.startswith(one)), None)
        goes_on = following and line not in there and key_of(line) not in in_clear
        following = beginning is not None or number in replaced or goes_on
        if beginning is not None:
            shown.append(beginning + HIDDEN)
        elif not following:
            shown.append(line)
        elif not shown or HIDDEN not in shown[-1]:
            shown.append(HIDDEN)
    return "\n".join(shown)


def in_place_of_secrets(before: Sequence[str], after: Sequence[str]) -> set[int]:
    """Numbers of the lines that others with a secret replaced, but for those whose key is still there without one."""
    found: set[int] = set()
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for what, first, last, start, end in matcher.get_opcodes():
        new = after[start:end]
        if what != "equal" and any(HIDDEN in line for line in new):
            open_keys = {key_of(line) for line in new if HIDDEN not in line} - {""}
            found |= {number for number in range(first, last) if key_of(before[number]) not in open_keys}
    return found


def key_of(line: str) -> str:
    """What a line of YAML, or of shell, sets; "" for nothing."""
    head, sign, _ = re.sub("[:=]", "\0", line, count=1).partition("\0")
    return head if sign else ""
