"""Which value a parameter gets in the other environment, and what nobody can know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senza.definition import Parameter
from senza.errors import UsageError
from senza.promotion.parameters import (
    Carried,
    Place,
    arguments,
    arguments_there,
    carry,
    foreign,
    undecryptable,
    unsaid,
)

STAGING = Place("staging", "111111111111", "eu-central-1")
LIVE = Place("live", "222222222222", "eu-west-1")


def declared(**settings: Mapping[str, Any]) -> list[Parameter]:
    return [Parameter(name, values) for name, values in settings.items()]


def one(name: str = "P", **settings: Any) -> Parameter:
    return Parameter(name, settings)


def carried(value: str, **more: Any) -> Carried:
    return Carried(**{"name": "P", "there": value, "here": value, "origin": "source", **more})


NAMES = st.sampled_from(["A", "B", "C", "D"])
VALUES = st.dictionaries(NAMES, st.sampled_from(["1", "2", "3"]))


@given(VALUES, VALUES, VALUES)
def test_the_command_line_comes_before_senza_yaml_and_that_before_the_stack(
    deployed: dict[str, str], own: dict[str, str], said: dict[str, str]
) -> None:
    parameters = declared(A={}, B={}, C={}, D={})
    everything = {**deployed, **own, **said}
    wanted = {parameter.name for parameter in parameters}
    if everything.keys() != wanted:
        with pytest.raises(UsageError) as caught:
            carry(parameters, deployed, STAGING, replace(LIVE, parameters=own), said, {})
        assert all(name in caught.value.message for name in wanted - everything.keys())
        return
    found = carry(parameters, deployed, STAGING, replace(LIVE, parameters=own), said, {})
    assert {one.name: one.here for one in found} == everything
    assert {one.name: one.there for one in found if one.name in deployed} == deployed
    for each in found:
        expected = "given" if each.name in said else "target" if each.name in own else "source"
        assert each.origin == expected


def test_what_the_definition_does_not_have_is_of_no_use_in_senza_yaml_and_wrong_on_the_command_line() -> None:
    live = replace(LIVE, parameters={"InstanceType": "m7g.large"})
    assert [each.name for each in carry([one()], {"P": "1"}, STAGING, live, {}, {})] == ["P"]
    with pytest.raises(UsageError, match="no parameter Pp") as caught:
        carry([one()], {"P": "1"}, STAGING, live, {"Pp": "2"}, {})
    assert caught.value.hint == "Did you mean P?"


@pytest.mark.parametrize("settings", [{"NoEcho": True}, {"NoEcho": "true", "Default": "x"}])
def test_secrets_cannot_be_read_back(settings: dict[str, Any]) -> None:
    parameters = [one("Password", **settings), one("Token", NoEcho=True), one("Size")]
    deployed = {"Password": "****", "Token": "****", "Size": "3"}
    with pytest.raises(UsageError, match="the values of Password, Token cannot be read back from staging") as caught:
        carry(parameters, deployed, STAGING, LIVE, {}, {})
    assert "environments.live.parameters" in caught.value.hint
    assert caught.value.exit_code == 2
    live = replace(LIVE, parameters={"Password": "hunter2"})
    found = carry(parameters, deployed, STAGING, live, {"Token": "t0ken"}, {})
    assert arguments(found) == ("Password=hunter2", "Token=t0ken", "Size=3")
    assert "hunter2" not in repr(found)
    assert "****" not in repr([each.there for each in found])


def test_what_the_stack_does_not_tell_is_left_to_the_default_or_asked_for() -> None:
    (found,) = carry([one(Default="2")], {}, STAGING, LIVE, {}, {})
    assert (found.there, found.here, found.origin) == (None, None, "default")
    assert arguments((found,)) == arguments_there((found,)) == ()
    with pytest.raises(UsageError, match="the value of P cannot be read back"):
        carry([one()], {}, STAGING, LIVE, {}, {})
    (found,) = carry([one()], {}, STAGING, LIVE, {"P": "7"}, {})
    assert arguments((found,)) == arguments_there((found,)) == ("P=7",)


def test_a_default_that_names_the_account_is_each_accounts_own() -> None:
    parameter = one(Default="{{AccountInfo.Domain}}")
    defaults = {"P": "staging.example.org"}
    (found,) = carry([parameter], {"P": "staging.example.org"}, STAGING, LIVE, {}, defaults)
    assert (found.here, found.origin) == (None, "default")
    assert (arguments((found,)), arguments_there((found,))) == ((), ("P=staging.example.org",))
    (found,) = carry([parameter], {"P": "other.example.org"}, STAGING, LIVE, {}, defaults)
    assert (found.here, found.origin) == ("other.example.org", "source")


@pytest.mark.parametrize("value", ["aws:kms:AQICAHh", "senza:kms:AQICAHh"])
def test_a_ciphertext_is_of_no_use_to_another_key(value: str) -> None:
    error = undecryptable((carried(value),), STAGING, LIVE)
    assert error is not None
    assert "P: encrypted with a KMS key of staging (111111111111, eu-central-1)" in error.message
    assert value not in str(error)
    assert undecryptable((carried(value, origin="target"),), STAGING, LIVE) is None
    assert undecryptable((carried(value),), STAGING, replace(STAGING, name="live")) is None
    assert undecryptable((carried("plain"),), STAGING, LIVE) is None
    assert undecryptable((carried(value),), STAGING, replace(STAGING, region="eu-west-1")) is not None


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("arn:aws:sns:eu-central-1:111111111111:alarms", True),
        ("https://sqs.eu-central-1.amazonaws.com/999999999999/jobs", True),
        ("subnet-0123456789abcdef0", True),
        ("sg-12345678", True),
        ("arn:aws:s3:::shared", False),
        ("m7g.large", False),
        ("1111111111112", False),
        ("i-am-a-name", False),
        ("", False),
    ],
)
def test_what_belongs_to_the_other_account_is_told(value: str, told: bool) -> None:
    assert bool(foreign((carried(value),), STAGING, LIVE)) == told
    assert not foreign((carried(value, origin="target"),), STAGING, LIVE)
    assert not foreign((carried(value, secret=True),), STAGING, LIVE)


def test_what_senza_yaml_says_for_the_one_and_not_for_the_other_is_told() -> None:
    staging = replace(STAGING, parameters={"P": "t3.nano"})
    (said,) = unsaid((carried("t3.nano"),), staging, LIVE)
    assert said.startswith("live gets t3.nano for P, too")
    assert unsaid((carried("m7g.large"),), staging, LIVE) == [], "somebody gave another value on the command line"
