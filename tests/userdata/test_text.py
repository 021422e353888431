"""Pieces of user data and their size."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from senza.userdata.text import is_encoded, joined, literal_bytes

REF = {"Ref": "X"}


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([], ""),
        (["a", "", "b"], "ab"),
        (["a", "b", REF, "", "c", "d"], {"Fn::Join": ["", ["ab", REF, "cd"]]}),
        ([REF], {"Fn::Join": ["", [REF]]}),
    ],
)
def test_joined(parts: list[Any], expected: Any) -> None:
    assert joined(parts) == expected


@given(st.lists(st.text()))
@example(["PA00"])  # base64 of what begins with "<"
def test_literal_text_counts_in_bytes(texts: list[str]) -> None:
    assert literal_bytes({"Fn::Base64": joined([*texts, REF])}) == len("".join(texts).encode())


@given(st.text())
def test_encoded_scripts_are_recognised_and_measured(text: str) -> None:
    script = f"#!/bin/sh\n{text}"
    encoded = base64.b64encode(script.encode()).decode()
    assert is_encoded(encoded)
    assert literal_bytes(encoded) == len(script.encode())
    assert not is_encoded(script)


@pytest.mark.parametrize("text", ["test", "abcd", "hello world", "#!/bin/sh", "", "QUJD"])
def test_other_text_is_not_encoded(text: str) -> None:
    assert not is_encoded(text)


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ({"Fn::Sub": "ab${X}c"}, 3),
        ({"Fn::Sub": ["ab${X}", {"X": "long"}]}, 2),
        ({"Fn::Join": ["--", ["a", "b", REF]]}, 6),
        (REF, 0),
        (None, 0),
        ({"Fn::GetAtt": ["a", "b"]}, 0),
    ],
)
def test_functions(value: Any, size: int) -> None:
    assert literal_bytes(value) == size
