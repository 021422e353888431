"""What may be shown: texts without secrets, and without what a terminal would obey. Pure.

A leaf module. Whoever learns a secret gives it to the :class:`Discretion` of the run, through which goes whatever is
said: AWS's messages, reasons of events and other people's programs may repeat what they were given. ``senza --help``
imports it, and so it imports the slower modules where they are used.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

HIDDEN = "***"
SHORTEST = 4
"""Characters from which a secret is hidden wherever it stands: shorter ones hide nothing and would spoil names."""
SHORTEST_IN_BASE64 = 6
"""The same within base64, of which some characters at both ends depend on what stands beside it."""
SHORTEST_IN_QUERY = 8
"""The same of one value in the query of a URL, where ``ref=main`` is no secret; the whole query is hidden anyway."""
NO_SECRETS = frozenset({"true", "false", "none", "null"})
"""What a NoEcho parameter is set to that is not used. Hidden, these words would make messages hard to read."""
USER_IN_URL = re.compile(r"(?<=[a-z0-9+.-]://)[^\s/?#\"'<>\\]*@", re.IGNORECASE)
ESCAPE_SEQUENCE = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # control sequences: colours, the cursor (ECMA-48, 5.4)
    r"|\x1b[\]PX^_].*?(?:\x07|\x1b\\|$)"  # strings: window titles, the clipboard (ECMA-48, 5.6)
    r"|\x1b[ -/]*[0-~]",  # the shorter ones
    re.MULTILINE,
)
NO_TEXT = "�"
JOINERS = "\u200c\u200d"


class Discretion:
    """The secrets of one run, and texts without them."""

    def __init__(self) -> None:
        self._given: frozenset[str] = frozenset()
        self._public: frozenset[str] = frozenset()
        self._pattern: re.Pattern[str] | None = None

    @property
    def secrets(self) -> frozenset[str]:
        """As they were given, those that are hidden."""
        return frozenset(filter(self._hides, self._given))

    def keep(self, secrets: Iterable[str], public: Iterable[str] = ()) -> None:
        """From now on, these are hidden; not what is part of a public name, which would only become unreadable.

        A public name counts for what was kept before it was known, too.
        """
        given, names = self._given | set(secrets), self._public | set(public)
        if (given, names) == (self._given, self._public):
            return
        self._given, self._public = given, names
        written = {form for one in self.secrets for form in forms(one) if self._hides(form)}
        longest_first = sorted(written, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first))) if written else None

    def _hides(self, text: str) -> bool:
        too_common = len(text) < SHORTEST or text.lower() in NO_SECRETS
        return not too_common and not any(text in name for name in self._public)

    def __call__(self, text: str) -> str:
        """The text without secrets in any usual form, and without user and password in URLs."""
        text = USER_IN_URL.sub("", text)
        return self._pattern.sub(HIDDEN, text) if self._pattern else text


def forms(secret: str) -> Iterator[str]:
    """A secret as programs write it: as it is, line by line, escaped for JSON, Python, URLs, in base64."""
    import json
    from urllib.parse import quote, quote_plus

    plain = [secret, *(line for line in secret.splitlines() if len(line.strip()) >= SHORTEST)]
    for text in dict.fromkeys(plain):
        yield text
        yield json.dumps(text)[1:-1]
        yield json.dumps(text, ensure_ascii=False)[1:-1]
        yield repr(text)[1:-1]
        yield quote(text, safe="", errors="surrogatepass")
        yield quote(text, errors="surrogatepass")
        yield quote_plus(text, errors="surrogatepass")
    yield from in_base64(secret)


def in_base64(secret: str) -> Iterator[str]:
    """What is sure to stand in the base64 of any text that holds the secret: it may begin at three places."""
    import base64

    raw = secret.encode(errors="surrogatepass")
    if len(raw) < SHORTEST_IN_BASE64:
        return
    for before in range(3):
        whole = base64.b64encode(b"\0" * before + raw)[(0, 2, 3)[before] :]
        sure = whole.rstrip(b"=")
        sure = sure[:-1] if len(whole) > len(sure) else sure
        yield sure.decode()
        yield sure.decode().translate(str.maketrans("+/", "-_"))


def secrets_in_url(location: str) -> list[str]:
    """What of a URL is nobody's business: password, and the query, which may hold a token; nothing of a path."""
    from urllib.parse import parse_qsl, urlsplit

    try:
        parts = urlsplit(location) if "://" in location else None
    except ValueError:
        return []
    if parts is None:
        return []
    user = parts.netloc.rpartition("@")[0]
    values = (value for _, value in parse_qsl(parts.query) if len(value) >= SHORTEST_IN_QUERY)
    return [user.partition(":")[2] or user, parts.query, *values]


def harmless(text: str) -> str:
    """The text as a terminal can show it without doing anything: no escape sequence, no control character but line
    breaks and tabs, nothing that turns the direction of writing."""
    if text.isprintable():
        return text
    text = ESCAPE_SEQUENCE.sub("", text.replace("\r\n", "\n"))
    beside = zip(" " + text[:-1], text, text[1:] + " ", strict=True) if text else ()
    return "".join(
        one if one.isprintable() or one in "\n\t" or joins(before, one, after) else plain(one)
        for before, one, after in beside
    )


def joins(before: str, letter: str, after: str) -> bool:
    """Whether it makes one sign of two, or keeps them apart, as in emoji or Persian; beside ASCII it only hides."""
    return letter in JOINERS and all(one.isprintable() and not one.isascii() for one in (before, after))


def plain(letter: str) -> str:
    """Instead of a character that cannot be seen: a blank for one, else the mark for what is no text."""
    return " " if letter.isspace() and letter not in "\x0b\x0c\r\x1c\x1d\x1e\x1f\x85\u2028\u2029" else NO_TEXT


def visible_json(document: str) -> str:
    """The same JSON, in which characters that a terminal might obey are written as escapes."""
    if document.isprintable():
        return document
    return "".join(one if one.isprintable() or one == "\n" else escape(one) for one in document)


def escape(letter: str) -> str:
    import json

    written = json.dumps(letter)[1:-1]
    return written if written != letter else f"\\u{ord(letter):04x}"  # DEL, which JSON leaves as it is
