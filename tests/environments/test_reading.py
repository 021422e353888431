"""senza.yaml: what it says as values, and a place in the file for everything that is wrong with it."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from senza.environments import Environments, Role, read
from senza.errors import DefinitionError, UsageError

DEPLOY = "arn:aws:iam::222222222222:role/deploy"
FULL = f"""\
environments:
  staging:
    account: 012345678901
    region: eu-central-1
    profile: acme staging
    parameters:
      ImageVersion: 1.10
      Debug: yes
      Zones: [a, b]
      Empty:
  live:
    account: "222222222222"
    region: eu-west-1
    role:
      - arn:aws:iam::333333333333:role/people/hop
      - arn: {DEPLOY}
        external_id: acme/42
  pipeline:
    account: "222222222222"
    role: {{arn: {DEPLOY}, mfa: "arn:aws:iam::333333333333:mfa/alice", duration: 4h}}
"""


@pytest.fixture
def reading(tmp_path: Path) -> Path:
    return tmp_path / "senza.yaml"


def parsed(path: Path, text: str) -> Environments:
    path.write_text(text)
    return read(path)


def test_everything_that_can_be_said(reading: Path) -> None:
    found = parsed(reading, FULL)
    staging, live, pipeline = found
    assert found.names == ("staging", "live", "pipeline")
    assert (staging.account, staging.region, staging.profile) == ("012345678901", "eu-central-1", "acme staging")
    assert staging.roles == ()
    assert staging.parameters == {"ImageVersion": "1.10", "Debug": "yes", "Zones": "a,b", "Empty": ""}
    assert live.roles == (Role("arn:aws:iam::333333333333:role/people/hop"), Role(DEPLOY, external_id="acme/42"))
    assert (live.profile, dict(live.parameters), live.where and live.where.line) == (None, {}, 11)
    assert pipeline.region is None
    assert pipeline.roles == (Role(DEPLOY, mfa="arn:aws:iam::333333333333:mfa/alice", seconds=14_400),)


def test_a_name_that_is_none_gets_a_suggestion(reading: Path) -> None:
    found = parsed(reading, FULL)
    assert found.get("live").account == "222222222222"
    with pytest.raises(UsageError) as raised:
        found.get("lives")
    assert raised.value.message == f"there is no environment 'lives' in {reading}"
    assert raised.value.hint == "Did you mean live? There is staging, live, pipeline."
    with pytest.raises(UsageError, match="all means each of them"):
        found.get("all")


LIVE = "environments:\n  live:\n    account: '222222222222'\n"


@pytest.mark.parametrize(
    ("text", "place", "message", "hint"),
    [
        ("", "", "this file is empty", "Write:\nenvironments:"),
        ("- live", ":1", "this file must be a mapping", "Write:"),
        ("environment: {}", ":1: environment", "there is no key environment", "Did you mean environments?"),
        ("environments:", ":1: environments", "there are no environments in it", "Write:"),
        ("environments: [live]", ":1: environments", "environments must be a mapping", "Write:"),
        ("environments:\n  live: x", ":2: environments.live", "live must be a mapping", "Write:"),
        ("environments:\n  All: {}", ":2: environments.All", "no environment can be called All", "each of them"),
        ("environments:\n  1a: {}", ":2: environments.1a", "'1a' cannot be the name of an environment", "a letter"),
        ("environments:\n  live:\n    region: eu-west-1", ":2: environments.live", "live has no account", "Write:"),
        (LIVE + "    regoin: eu-west-1", ":4: environments.live.regoin", "there is no key regoin",
         "Did you mean region?"),
        (LIVE + "    Account: 1", ":4: environments.live.Account", "there is no key Account", "Did you mean account?"),
        (LIVE + "    zzz: 1", ":4: environments.live.zzz", "there is no key zzz", "There is account, region, profile"),
        (LIVE + "    region: eu_west", ":4: environments.live.region", "'eu_west' is not a region such as", ""),
        (LIVE + "    region:", ":4: environments.live.region", "region has no value", ""),
        (LIVE + "    region: [eu-west-1]", ":4: environments.live.region", "region must be a text", ""),
        (LIVE + "    profile: '[a]'", ":4: environments.live.profile", "'[a]' is not the name of a profile", ""),
        (LIVE + "  live:\n    account: '333333333333'", ":4: environments.live", "the key live is there", "Remove"),
        (LIVE + "    role: deploy", ":4: environments.live.role", "'deploy' is not the ARN of a role", "Write e.g."),
        (LIVE + "    role: arn:aws:iam::222222222222:user/me", ":4: environments.live.role", "is not the ARN", ""),
        (LIVE + "    role: []", ":4: environments.live.role", "this list of roles is empty", "leave it out"),
        (LIVE + "    role: {external_id: abc}", ":4: environments.live.role", "this role has no arn", "Write e.g."),
        (LIVE + f"    role: {{arn: {DEPLOY}, external: a}}", ":4: environments.live.role.external",
         "there is no key external", "Did you mean external_id?"),
        (LIVE + f"    role: {{arn: {DEPLOY}, external_id: a}}", ":4: environments.live.role.external_id",
         "'a' is not an external id", ""),
        (LIVE + f"    role: {{arn: {DEPLOY}, duration: 13h}}", ":4: environments.live.role.duration",
         "'13h' is not how long a session can last", "30m to 12h"),
        (LIVE + f"    role: [{DEPLOY}, {{arn: {DEPLOY}, duration: 2h}}]", ":4: environments.live.role[1].duration",
         "sessions of at most 1h", "renewed by themselves"),
        (LIVE + "    role: arn:aws:iam::222222222223:role/x", ":4: environments.live.role",
         "the role is in account 222222222223, and the environment live is account 222222222222", "last role"),
        (LIVE + f"    region: cn-north-1\n    role: {DEPLOY}", ":4: environments.live.region",
         "cn-north-1 is not in the partition aws", "Correct the region"),
        (LIVE + "    region: us-east-1\n    role: arn:aws-us-gov:iam::222222222222:role/x",
         ":4: environments.live.region", "us-east-1 is not in the partition aws-us-gov", ""),
        (LIVE + "    parameters: x", ":4: environments.live.parameters", "parameters must be a mapping", "one line"),
        (LIVE + "    parameters: {a-b: 1}", ":4: environments.live.parameters.a-b", "'a-b' cannot be the name", ""),
        (LIVE + "    parameters: {A: {b: c}}", ":4: environments.live.parameters.A", "not a text, number or list", ""),
        (LIVE + "    parameters: {A: !Ref B}", ":4: environments.live.parameters.A", "not a text, number or list", ""),
        (LIVE + "   region: x", ":4", "", ""),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_place(reading: Path, text: str, place: str, message: str, hint: str) -> None:
    with pytest.raises(DefinitionError) as raised:
        parsed(reading, text)
    error = raised.value
    assert str(error.where).startswith(f"{reading}{place}"), error
    assert message in error.message
    assert hint in error.hint
    assert error.exit_code == 2


@pytest.mark.parametrize(
    ("account", "hint"),
    [
        ("22222222222", "It has 11 digits instead of 12. Did leading zeros get lost: 022222222222?"),
        ("1234-5678-9012", "Write it without dashes: 123456789012"),
        ("0o123456701234", 'Write its 12 digits, e.g. "123456789012".'),
        ("live", 'Write its 12 digits, e.g. "123456789012".'),
        ("1.2e+11", 'Write its 12 digits, e.g. "123456789012".'),
    ],
)
def test_accounts_have_twelve_digits(reading: Path, account: str, hint: str) -> None:
    with pytest.raises(DefinitionError, match="is not an account id") as raised:
        parsed(reading, f"environments:\n  live: {{account: {account}}}")
    assert raised.value.hint == hint


def test_a_number_with_a_zero_in_front_stays_what_was_written(reading: Path) -> None:
    assert parsed(reading, "environments: {live: {account: 000000000010}}").get("live").account == "000000000010"


@pytest.mark.parametrize(
    ("line", "partition"),
    [
        ("region: eu-west-1", "aws"),
        ("region: cn-north-1", "aws-cn"),
        ("region: us-gov-west-1", "aws-us-gov"),
        ("role: arn:aws-cn:iam::222222222222:role/deploy", "aws-cn"),
        ("profile: p", "aws"),
    ],
)
def test_partitions(reading: Path, line: str, partition: str) -> None:
    assert parsed(reading, f"{LIVE}    {line}").get("live").partition == partition


def test_what_is_there_twice_and_the_same_is_a_warning(reading: Path) -> None:
    found = parsed(reading, LIVE + "    account: '222222222222'\n")
    (warning,) = found.warnings
    assert warning.startswith(f"{reading}:4: environments.live.account: the key account is there twice")


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no file of environments"):
        read(tmp_path / "senza.yaml")


KEYS = st.sampled_from(
    ["environments", "live", "account", "region", "profile", "role", "arn", "external_id", "mfa", "duration",
     "parameters", "A", "all", "", "1", "~", "é"]
)  # fmt: skip
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.dates(), st.binary(max_size=4),
    st.sampled_from(["222222222222", "eu-west-1", DEPLOY, "4h", "arn:aws:iam::1:role/x"]),
)  # fmt: skip
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4))


@given(value=st.dictionaries(KEYS, VALUES, max_size=3), inside=st.booleans())
@settings(suppress_health_check=list(HealthCheck))
def test_whatever_is_in_it_there_is_a_message(reading: Path, value: dict[str, Any], inside: bool) -> None:
    text = yaml.safe_dump({"environments": {"live": {"account": "222222222222", **value}}} if inside else value)
    with suppress(DefinitionError):  # and nothing else
        assert all(len(one.account) == 12 for one in parsed(reading, text))
