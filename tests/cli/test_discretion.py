"""What may be shown: no secret in any form, nothing that a terminal would obey."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senza.discretion import Discretion, harmless, secrets_in_url, visible_json

PASSWORD = 'p&ss "wörd"/+'


@pytest.mark.parametrize(
    "written",
    [
        PASSWORD,
        json.dumps(PASSWORD),
        json.dumps(PASSWORD, ensure_ascii=False),
        repr(f"it's {PASSWORD}"),
        "https://example.org/?a=p%26ss%20%22w%C3%B6rd%22%2F%2B",
        "https://example.org/?a=p%26ss+%22w%C3%B6rd%22%2F%2B",
        *(base64.b64encode(f"{before}{PASSWORD}\n".encode()).decode() for before in ("", "x", "xx", "xxx")),
        base64.urlsafe_b64encode(f"{PASSWORD}?".encode()).decode(),
    ],
)
def test_a_secret_is_hidden_as_it_may_be_written(written: str) -> None:
    discretion = Discretion()
    discretion.keep([PASSWORD])
    shown = discretion(f"ValidationError: {written} is wrong")
    assert "***" in shown
    assert "ss" not in shown
    assert "cCZzcy" not in shown, "the beginning, in base64"


@given(secret=st.text(min_size=4, max_size=30), before=st.binary(max_size=5), after=st.binary(max_size=5))
def test_no_base64_of_a_secret_is_left(secret: str, before: bytes, after: bytes) -> None:
    raw = secret.encode()
    discretion = Discretion()
    discretion.keep([secret])
    shown = discretion(base64.b64encode(before + raw + after).decode())
    assert len(raw) < 6 or "***" in shown


def test_lines_of_a_secret_are_hidden_and_short_secrets_are_not() -> None:
    discretion = Discretion()
    discretion.keep(["first line\nsecond line", "", "1", "abc"])
    assert discretion("1: at second line, abc") == "1: at ***, abc"
    assert discretion.secrets == {"first line\nsecond line"}


def test_public_names_stay_readable_whenever_they_are_told() -> None:
    discretion = Discretion()
    discretion.keep(["hello-world", "s3cret", "hello-world\ns3cond line"])
    assert discretion("hello-world-1: s3cret s3cond line") == "***-1: *** ***"
    discretion.keep([], ["hello-world-1"])
    assert discretion("hello-world-1: s3cret s3cond line") == "hello-world-1: *** ***"
    assert discretion.secrets == {"s3cret", "hello-world\ns3cond line"}


def test_words_that_stand_for_nothing_are_no_secrets() -> None:
    discretion = Discretion()
    discretion.keep(["none", "True", "null", "False"])
    assert discretion("none of True, null, False") == "none of True, null, False"
    assert discretion.secrets == frozenset()


def test_a_long_text_is_looked_through_once() -> None:
    text = "a." * 500_000  # looked at anew from each word, it would take hours
    assert Discretion()(text) == text


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("no answer from http://me:pass@host:8080/x", "no answer from http://host:8080/x"),
        ('"https://p@ss@host"', '"https://host"'),
        ("git+ssh://git@host/x, and x1://u:p@h", "git+ssh://host/x, and x1://h"),
        ("write to a@example.org or see https://host/a@b", "write to a@example.org or see https://host/a@b"),
    ],
)
def test_passwords_in_urls_are_never_shown(said: str, shown: str) -> None:
    assert Discretion()(said) == shown


def test_what_of_a_url_is_secret() -> None:
    query = "token=t%2Bk3nt0k3n&ref=main"
    assert secrets_in_url(f"https://me:pass@host/d.yaml?{query}") == ["pass", query, "t+k3nt0k3n"]
    assert secrets_in_url("https://t0ken@host/d.yaml") == ["t0ken", ""]
    for location in ("definition.yaml", "a?b", "https://[::1"):
        assert secrets_in_url(location) == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain — grüße, 日本\n\tand so on", "plain — grüße, 日本\n\tand so on"),
        ("\x1b[2J\x1b[31mred\x1b[0m", "red"),
        ("\x1b]8;;https://evil.example.org\x1b\\click\x1b]8;;\x1b\\ here", "click here"),
        ("\x1b]52;c;ZXZpbA==\x07copied", "copied"),
        ("\x1b]0;never ended\nnext line", "\nnext line"),
        ("a\r\nb\rc", "a\nb�c"),
        ("👩\u200d💻 می\u200cخواهم", "👩\u200d💻 می\u200cخواهم"),
        ("pass\u200dword \u200d👩\u200d", "pass�word �👩�"),
        ("user\u202egnp.exe \u2066x\u2069 zero\u200bwidth", "user�gnp.exe �x� zero�width"),
        ("c1 \x9b31m del \x7f nul \x00 nbsp\u00a0. line\u2028sep", "c1 �31m del � nul � nbsp . line�sep"),
    ],
)
def test_nothing_that_a_terminal_would_obey(text: str, shown: str) -> None:
    assert harmless(text) == shown


@given(st.text())
def test_whatever_it_is(text: str) -> None:
    assert all(letter.isprintable() or letter in "\n\t\u200c\u200d" for letter in harmless(text))
    document = json.dumps({text: [text, "\x7f\x9b\u202e"]}, ensure_ascii=False, indent=1)
    seen = visible_json(document)
    assert json.loads(seen) == json.loads(document)
    assert all(letter.isprintable() or letter == "\n" for letter in seen)
