"""Facts are looked up once, together, and only when they are used."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from senza.account import Account, Needs
from senza.account.memo import Memo
from senza.aws import Aws, Call
from senza.errors import DefinitionError, NotFound
from senza.sandbox.embedded import EmbeddedSandbox

EVERYTHING = Needs(
    network=True,
    images=True,
    zones=True,
    certificates=True,
    topics=True,
    security_groups=frozenset(["app-hello-world", "app-hello-world-lb"]),
)


def test_warming_makes_one_call_for_each_kind_of_fact(aws: Aws) -> None:
    account = Account(aws)
    account.warm(EVERYTHING)
    operations = sorted(call.operation for call in aws.calls)
    assert operations == [
        "DescribeImages",
        "DescribeSecurityGroups",
        "DescribeSubnets",
        "DescribeVpcs",
        "ListCertificates",
        "ListHostedZones",
        "ListTopics",
    ]
    account.warm(EVERYTHING)
    assert account.zone().name == "hello.example.org."
    assert account.subnets(account.vpc())
    assert account.security_group("app-hello-world", None).name == "app-hello-world"
    assert len(aws.calls) == 7


def test_warming_nothing_asks_nothing(aws: Aws) -> None:
    Account(aws).warm(Needs())
    assert aws.calls == []


def test_what_fails_while_warming_fails_again_for_who_uses_it(aws: Aws, sandbox: EmbeddedSandbox) -> None:
    broken = Aws(endpoint=sandbox.endpoint, observe=refuse("ListHostedZones"))
    account = Account(broken)
    account.warm(Needs(zones=True, network=True))
    assert account.vpc().name == "team-vpc"
    with pytest.raises(NotFound, match="not now"):
        account.zones()
    assert [call.operation for call in broken.calls].count("ListHostedZones") == 1


def refuse(operation: str) -> Callable[[Call], None]:
    def observe(call: Call) -> None:
        if call.operation == operation:
            raise NotFound("not now")

    return observe


@pytest.mark.parametrize(
    ("name", "value", "operations"),
    [
        ("Region", "eu-central-1", []),
        ("AccountID", "123456789012", ["GetCallerIdentity"]),
        ("AccountAlias", "acme-hello", ["ListAccountAliases"]),
        ("TeamID", "hello", ["ListAccountAliases"]),
        ("Domain", "hello.example.org", ["ListHostedZones"]),
        ("MintBucket", "acme-stups-mint-123456789012-eu-central-1", ["ListAccountAliases", "GetCallerIdentity"]),
    ],
)
def test_account_info(name: str, value: str, operations: list[str], aws: Aws) -> None:
    info = Account(aws).info
    assert aws.calls == []
    assert getattr(info, name) == value
    assert getattr(info, name) == value
    assert [call.operation for call in aws.calls] == operations


def test_an_account_without_alias(aws: Aws) -> None:
    aws.call("iam", "delete_account_alias", AccountAlias="acme-hello")
    with pytest.raises(NotFound, match="no alias"):
        _ = Account(aws).info.TeamID


def test_security_groups_by_tag_then_by_name(aws: Aws) -> None:
    account = Account(aws)
    found = account.security_groups(["app-hello-world", "app-kio", "app-nothing", "app-*"])
    assert {name: len(groups) for name, groups in found.items()} == {
        "app-hello-world": 1,
        "app-kio": 1,
        "app-nothing": 0,
        "app-*": 0,
    }
    assert [call.operation for call in aws.calls] == ["DescribeSecurityGroups"] * 2
    account.security_groups(["app-nothing", "app-kio"])
    assert len(aws.calls) == 2


def test_decrypting(aws: Aws, sandbox: EmbeddedSandbox) -> None:
    account = Account(aws)
    assert account.decrypt(sandbox.values["kms_ciphertext"]) == "top secret"
    account.decrypt(sandbox.values["kms_ciphertext"])
    assert [call.operation for call in aws.calls] == ["Decrypt"]
    with pytest.raises(DefinitionError, match="not base64"):
        account.decrypt("not base64!")


def test_ssm_parameters(aws: Aws) -> None:
    aws.call("ssm", "put_parameter", Name="/app/image", Value="ami-1", Type="String")
    account = Account(aws)
    assert account.ssm_parameter("/app/image") == "ami-1"
    with pytest.raises(NotFound, match="no SSM parameter /app/nothing"):
        account.ssm_parameter("/app/nothing")


def test_a_memo_asks_once_however_many_ask() -> None:
    memo, asked, together = Memo(), [], threading.Barrier(8)

    def look_up() -> int:
        asked.append(1)
        return 7

    def ask() -> int:
        together.wait()
        return memo.get("fact", look_up)

    with ThreadPoolExecutor(8) as pool:
        assert [future.result() for future in [pool.submit(ask) for _ in range(8)]] == [7] * 8
    assert len(asked) == 1


def test_a_memo_remembers_failures() -> None:
    memo, asked = Memo(), []

    def look_up() -> int:
        asked.append(1)
        raise NotFound("gone")

    for _ in range(2):
        with pytest.raises(NotFound, match="gone"):
            memo.get("fact", look_up)
    assert len(asked) == 1
