"""What stands in front of moto: faults, control endpoints, guard against names that were made to resolve here."""

from __future__ import annotations

import http.client
import json
from typing import Any
from urllib.parse import urlsplit

import pytest

from senza.aws import Aws
from senza.errors import AwsError, UsageError
from senza.sandbox.embedded import EmbeddedSandbox
from tests.conftest import FakeClock


class Raw:
    """Plain HTTP to the sandbox."""

    def __init__(self, sandbox: EmbeddedSandbox) -> None:
        self.connection = http.client.HTTPConnection(urlsplit(sandbox.endpoint.url).netloc, timeout=300)
        self.secret = {"X-Senza-Secret": sandbox.endpoint.secret_access_key}

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        sent = None if body is None else json.dumps(body)
        self.connection.request(method, path, sent, headers or self.secret)
        answer = self.connection.getresponse()
        text = answer.read().decode()
        return answer.status, json.loads(text) if answer.headers["Content-Type"] == "application/json" else text


@pytest.fixture
def raw(sandbox: EmbeddedSandbox) -> Raw:
    return Raw(sandbox)


def test_faults_before_the_effect_are_retried_away(sandbox: EmbeddedSandbox, aws: Aws) -> None:
    sandbox.faults.add("sns:CreateTopic", times=1, status=503, code="ServiceUnavailable")
    aws.call("sns", "create_topic", Name="mine")
    assert [(one.operation, one.status) for one in sandbox.log] == [("CreateTopic", 503), ("CreateTopic", 200)]


def test_faults_after_the_effect_lose_the_answer_only(sandbox: EmbeddedSandbox, aws: Aws) -> None:
    sandbox.faults.add("sns:CreateTopic", when="after", status=400, code="AccessDenied", message="lost")
    with pytest.raises(AwsError, match=r"lost \(AccessDenied\)"):
        aws.call("sns", "create_topic", Name="mine")
    assert any(one["TopicArn"].endswith(":mine") for one in aws.pages("sns", "list_topics", "Topics"))


def test_faults_may_wait_their_turn_drop_the_connection_and_speak_every_protocol(
    sandbox: EmbeddedSandbox, aws: Aws
) -> None:
    sandbox.faults.add("route53:ListHostedZones", skip=1, code="PriorRequestNotComplete", times=None)
    aws.call("route53", "list_hosted_zones")
    sandbox.faults.clear()
    sandbox.faults.add("kms:ListKeys", code="AccessDeniedException")
    with pytest.raises(AwsError, match="AccessDeniedException"):
        aws.call("kms", "list_keys")
    sandbox.faults.add("s3:ListBuckets", code="AccessDenied", status=403)
    with pytest.raises(AwsError, match="AccessDenied"):
        aws.call("s3", "list_buckets")
    sandbox.faults.add("ec2:DescribeVpcs", drop=True)
    aws.call("ec2", "describe_vpcs")  # botocore tries again
    assert [str(one) for one in sandbox.log][-2:] == ["ec2:DescribeVpcs"] * 2


@pytest.mark.parametrize("wrong", [{"when": "later"}, {"match": "("}, {"colour": "red"}])
def test_faults_that_make_no_sense_are_refused(sandbox: EmbeddedSandbox, wrong: dict[str, str]) -> None:
    with pytest.raises(UsageError):
        sandbox.faults.add(**{"match": "x", **wrong})


def test_control_over_http(sandbox: EmbeddedSandbox, raw: Raw, aws: Aws) -> None:
    assert raw.ask("GET", "/_senza/health")[1]["account"]["values"]["vpc_id"] == sandbox.values["vpc_id"]
    assert (
        raw.ask("PUT", "/_senza/settings", {"insync_polls": 3, "failures": [{"stack": "a", "logical_id": "b"}]})[0]
        == 200
    )
    assert sandbox.settings.insync_polls == 3
    assert sandbox.settings.failures[0].logical_id == "b"
    status, answer = raw.ask("PUT", "/_senza/settings", {"nonsense": 1})
    assert (status, answer["error"]) == (400, "the sandbox has no setting 'nonsense'")
    before = raw.ask("GET", "/_senza/clock")[1]["now"]
    assert raw.ask("POST", "/_senza/clock", {"advance": 60})[1]["now"] == before + 60
    assert raw.ask("POST", "/_senza/faults", {"match": "sns:ListTopics", "code": "AccessDenied"})[0] == 200
    with pytest.raises(AwsError, match="AccessDenied"):
        aws.call("sns", "list_topics")
    assert [one["operation"] for one in raw.ask("GET", "/_senza/log")[1]] == ["ListTopics"]
    assert raw.ask("POST", "/_senza/reset")[0] == 200
    assert raw.ask("GET", "/_senza/log")[1] == []
    assert raw.ask("GET", "/_senza/settings")[1]["insync_polls"] == 0
    assert raw.ask("GET", "/_senza/nothing")[0] == 404


def test_control_needs_the_secret(sandbox: EmbeddedSandbox, raw: Raw) -> None:
    status, answer = raw.ask("POST", "/_senza/reset", **{"X-Senza-Secret": "guessed"})
    assert status == 403
    assert "is not this sandbox's" in json.dumps(answer)


def test_a_foreign_host_name_gets_no_answer(sandbox: EmbeddedSandbox, raw: Raw) -> None:
    status, answer = raw.ask("GET", "/_senza/health", Host="evil.example.org", **raw.secret)
    assert status == 403
    assert "does not answer for host" in json.dumps(answer)


def test_requests_without_signature_and_motos_own_pages_are_closed(raw: Raw) -> None:
    for method, path in (("GET", "/"), ("POST", "/moto-api/reset"), ("GET", "/moto-api/data.json")):
        status, answer = raw.ask(method, path, **{"Accept": "*/*"})
        assert status == 403, path
        assert "This is the senza sandbox" in json.dumps(answer)


def test_what_is_not_simulated_says_so(aws: Aws) -> None:
    with pytest.raises(AwsError, match="the senza sandbox has no cloudformation:SetStackPolicy"):
        aws.call("cloudformation", "set_stack_policy", StackName="a", StackPolicyBody="{}")


def test_sleeping_on_the_fake_clock_lets_the_sandbox_go_on(sandbox: EmbeddedSandbox, clock: FakeClock) -> None:
    before = clock.now()
    clock.sleep(30)
    assert clock.now() == sandbox.clock.now() == before + 30
    assert clock.slept == [30]


def test_load_over_http(sandbox: EmbeddedSandbox, raw: Raw) -> None:
    status, answer = raw.ask("POST", "/_senza/load", {"app": "app", "requests": 100, "errors": {"2": 0.05}})
    assert (status, answer["shares"], answer["load"]["errors"]) == (200, {}, {"2": 0.05})
    assert list(raw.ask("GET", "/_senza/load")[1]) == ["app"]
    assert raw.ask("POST", "/_senza/load", {"app": "app", "requests": -1})[0] == 400
    assert raw.ask("POST", "/_senza/load", {"app": "app", "colour": "red"})[0] == 400
    assert raw.ask("DELETE", "/_senza/load", {"app": "app"})[1] == {"ended": True}
    assert raw.ask("DELETE", "/_senza/load", {"app": "app"})[1] == {"ended": False}
