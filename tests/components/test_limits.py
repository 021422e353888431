"""Sizes that AWS refuses are refused before anything is sent."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from senza.components import Compiled, check_limits
from senza.errors import DefinitionError


def compiled(template: dict[str, Any]) -> Compiled:
    return Compiled(template, "app", "1", {}, {}, (), (), (), ())


def of_size(size: int, letter: str = "x") -> dict[str, Any]:
    """A template of exactly that many bytes."""
    template = {"Description": "", "Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}}
    room = size - len(compiled(template).template_body())
    width = len(letter.encode())
    template["Description"] = letter * (room // width) + "x" * (room % width)
    return template


@given(st.integers(999_800, 1_000_200), st.sampled_from(["x", "ü", "€"]))
@settings(max_examples=10)
def test_the_template_counts_in_bytes(size: int, letter: str) -> None:
    subject = compiled(of_size(size, letter))
    assert len(subject.template_body().encode()) == size
    if size <= 1_000_000:
        check_limits(subject)
    else:
        with pytest.raises(DefinitionError, match=f"has {size:,} bytes; CloudFormation takes 1,000,000"):
            check_limits(subject)


def launch_template(user_data: Any) -> dict[str, Any]:
    data = {"LaunchTemplateData": {"UserData": user_data}}
    return {"Resources": {"AppConfig": {"Type": "AWS::EC2::LaunchTemplate", "Properties": data}}}


@pytest.mark.parametrize("wrap", ["base64", "join", "sub", "old"])
def test_user_data_counts_before_it_is_encoded(wrap: str) -> None:
    for size, fits in ((16_384, True), (16_385, False)):
        text = "#" * size
        template = launch_template({"Fn::Base64": text})
        if wrap == "join":
            template = launch_template({"Fn::Base64": {"Fn::Join": ["-", [text[:100], {"Ref": "A"}, text[102:]]]}})
        elif wrap == "sub":
            template = launch_template({"Fn::Base64": {"Fn::Sub": text + "${AWS::Region}"}})
        elif wrap == "old":
            properties = {"UserData": {"Fn::Base64": text}}
            template = {"Resources": {"AppConfig": {"Type": "AWS::EC2::Instance", "Properties": properties}}}
        if fits:
            check_limits(compiled(template))
        else:
            with pytest.raises(DefinitionError, match="user data of AppConfig has 16,385 bytes; AWS allows 16,384"):
                check_limits(compiled(template))


@pytest.mark.parametrize(("section", "limit"), [("Resources", 500), ("Parameters", 200)])
def test_counts(section: str, limit: int) -> None:
    check_limits(compiled({section: {f"A{number}": {} for number in range(limit)}}))
    with pytest.raises(DefinitionError, match=f"has {limit + 1} {section}; CloudFormation allows {limit}"):
        check_limits(compiled({section: {f"A{number}": {} for number in range(limit + 1)}}))


def test_keys_are_written_as_text_in_order() -> None:
    """YAML has numbers and truth values as keys, which cannot be put in order with texts."""
    template: dict[Any, Any] = {"b": 1, 10: 2, True: {None: [{9: 3, "10": 4}]}}
    assert compiled(template).template_body() == '{"10":2,"b":1,"true":{"null":[{"10":4,"9":3}]}}'


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ({"Mappings": {"a": {80: 1, "80": 2}}}, "Mappings.a has a key twice, once as text and once as a number"),
        ({"Outputs": [float("inf")]}, "Outputs[0]: inf is no number that a template can hold"),
    ],
)
def test_what_json_cannot_say_is_refused(template: dict[str, Any], message: str) -> None:
    with pytest.raises(DefinitionError) as raised:
        compiled(template).template_body()
    assert raised.value.message == message
