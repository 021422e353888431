"""The way into an account: a chain of roles on the sandbox's STS, renewed in time, and the guard at its end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from senza.aws import Aws, Endpoint, Way
from senza.environments import Role
from senza.errors import AwsError, Refused, UsageError
from senza.sandbox.embedded import EmbeddedSandbox
from tests.conftest import FakeClock

HOP = Role("arn:aws:iam::111111111111:role/hop")
DEPLOY = Role("arn:aws:iam::222222222222:role/deploy", external_id="acme-42")


@pytest.fixture
def way(clock: FakeClock) -> Way:
    return Way("live", "222222222222", (HOP, DEPLOY), "senza-alice", clock.now)


def sent(aws: Aws) -> list[str]:
    return [str(call) for call in aws.calls]


def test_a_chain_of_roles_ends_in_the_account(aws: Aws, way: Way, sandbox: EmbeddedSandbox) -> None:
    live = aws.entering(way, "eu-west-1")
    assert (live.region, sent(live)) == ("eu-west-1", [])
    vpc = live.call("ec2", "describe_vpcs")["Vpcs"][0]
    assert vpc["OwnerId"] == "222222222222"
    assert vpc["VpcId"] != sandbox.values["vpc_id"]
    assert sent(live) == ["sts:AssumeRole", "sts:AssumeRole", "sts:GetCallerIdentity", "ec2:DescribeVpcs"]
    live.call("ec2", "describe_vpcs")
    assert sent(live)[4:] == ["ec2:DescribeVpcs"]
    assert live.arrive() == (
        "arn:aws:sts::222222222222:assumed-role/deploy/senza-alice",
        f"the credentials of the sandbox, then role {HOP.arn}, then role {DEPLOY.arn}",
    )


def test_other_regions_and_threads_share_the_way(aws: Aws, way: Way, sandbox: EmbeddedSandbox) -> None:
    live = aws.entering(way, "eu-west-1")
    sandbox.log.clear()
    calls = {"ec2": "describe_vpcs", "iam": "list_roles", "elb": "describe_load_balancers"}
    live.parallel({service: partial(live.call, service, operation) for service, operation in calls.items()})
    other = live.in_region("eu-north-1")
    zones = other.call("ec2", "describe_subnets")["Subnets"]
    assert {zone["AvailabilityZone"][:-1] for zone in zones} == {"eu-north-1"}
    said = [str(one) for one in sandbox.log]
    assert (said.count("sts:AssumeRole"), said.count("sts:GetCallerIdentity")) == (2, 1)


def test_sessions_are_renewed_before_they_end(aws: Aws, way: Way, clock: FakeClock) -> None:
    live = aws.entering(way, "eu-west-1")
    for _ in range(5):
        live.call("cloudformation", "list_stacks")
        clock.sleep(2000)
    assert sent(live).count("sts:AssumeRole") == 2 * 3  # an hour each, and renewed in its last quarter
    assert sent(live).count("sts:GetCallerIdentity") == 1


def test_a_clock_that_is_wrong_does_not_end_sessions(aws: Aws, way: Way, clock: FakeClock) -> None:
    live = aws.entering(replace(way, now=lambda: clock.now() + 7200), "eu-west-1")
    live.call("cloudformation", "list_stacks")
    live.call("cloudformation", "list_stacks")
    assert sent(live).count("sts:AssumeRole") == 2


def test_what_is_asked_for(aws: Aws, way: Way, sandbox: EmbeddedSandbox) -> None:
    from moto.sts.models import sts_backends

    long = replace(HOP, seconds=7200)
    aws.entering(replace(way, roles=(long, DEPLOY)), "eu-west-1").arrive()
    (first,) = sts_backends["111111111111"]["aws"].assumed_roles
    (last,) = sts_backends["222222222222"]["aws"].assumed_roles
    assert (first.session_name, first.external_id) == ("senza-alice", None)
    assert (first.expiration.timestamp() - last.expiration.timestamp(), last.external_id) == (3600, "acme-42")


def test_a_chained_role_cannot_have_more_than_an_hour(aws: Aws, way: Way) -> None:
    with pytest.raises(AwsError, match=r"exceeds the 1 hour session limit .*ValidationError"):
        aws.entering(replace(way, roles=(HOP, replace(DEPLOY, seconds=7200))), "eu-west-1").arrive()


def test_the_guard_lets_nothing_through_in_another_account(aws: Aws, way: Way, sandbox: EmbeddedSandbox) -> None:
    lost = aws.entering(replace(way, account="999999999999"), "eu-west-1")
    sandbox.log.clear()
    for _ in range(2):
        with pytest.raises(Refused) as raised:
            lost.call("cloudformation", "delete_stack", StackName="app-1")
    with pytest.raises(Refused):
        lost.in_region("us-east-1").call("cloudformation", "list_stacks")
    with pytest.raises(Refused):
        lost.keys()
    assert raised.value.message == (
        "environment live is account 999999999999, but these credentials are of account 222222222222"
    )
    assert raised.value.hint.startswith(
        "They are arn:aws:sts::222222222222:assumed-role/deploy/senza-alice, from the credentials of the sandbox, "
        f"then role {HOP.arn}, then role {DEPLOY.arn}. Nothing else was called.\n"
    )
    assert raised.value.exit_code == 1
    assert [str(one) for one in sandbox.log] == ["sts:AssumeRole", "sts:AssumeRole", "sts:GetCallerIdentity"]


def test_without_roles_the_guard_alone_is_asked(aws: Aws, way: Way, sandbox: EmbeddedSandbox) -> None:
    account = sandbox.values["account_id"]
    here = aws.entering(replace(way, roles=(), account=account), None)
    assert here.region == aws.region
    here.call("cloudformation", "list_stacks")
    assert sent(here) == ["sts:GetCallerIdentity", "cloudformation:ListStacks"]
    with pytest.raises(Refused, match=f"credentials are of account {account}"):
        aws.entering(replace(way, roles=()), None).call("cloudformation", "list_stacks")


def test_a_role_that_may_not_be_assumed_is_named(aws: Aws, way: Way, sandbox: EmbeddedSandbox) -> None:
    sandbox.settings.denied = ["sts:AssumeRole"]
    with pytest.raises(AwsError) as raised:
        aws.entering(way, "eu-west-1").call("cloudformation", "list_stacks")
    error = raised.value
    assert error.message.startswith(f"the role {HOP.arn} of environment live cannot be assumed: sts AssumeRole failed")
    assert error.hint == (
        "Its trust policy and the policies of the credentials of the sandbox must both allow sts:AssumeRole."
    )
    assert (error.code, error.operation) == ("AccessDenied", "AssumeRole")


def test_the_second_role_is_named_with_the_first(
    aws: Aws, way: Way, sandbox: EmbeddedSandbox, clock: FakeClock
) -> None:
    live = aws.entering(way, "eu-west-1")
    live.call("cloudformation", "list_stacks")
    clock.sleep(3500)
    sandbox.settings.denied = ["sts:AssumeRole"]
    with pytest.raises(AwsError, match=f"the role {HOP.arn} of environment live cannot be assumed"):
        live.call("cloudformation", "list_stacks")
    once = aws.entering(replace(way, roles=(DEPLOY,)), "eu-west-1")
    with pytest.raises(AwsError) as raised:
        once.arrive()
    assert raised.value.hint.endswith("must both allow sts:AssumeRole, with this external id.")


@pytest.mark.parametrize("roles", [(DEPLOY,), (HOP, DEPLOY)])
def test_who_is_the_last_role_already_is_there(
    aws: Aws, way: Way, sandbox: EmbeddedSandbox, roles: tuple[Role, ...]
) -> None:
    """CI that begins with the role of the environment, which need not be allowed to assume itself."""
    keys = aws.entering(way, "eu-west-1").keys()
    own = Endpoint(sandbox.endpoint.url, "eu-west-1", keys["AWS_ACCESS_KEY_ID"], keys["AWS_SECRET_ACCESS_KEY"])
    sandbox.settings.denied = ["sts:AssumeRole"]
    live = Aws(endpoint=own).entering(replace(way, roles=roles), "eu-west-1")
    live.call("cloudformation", "list_stacks")
    live.in_region("eu-north-1").call("cloudformation", "list_stacks")
    assert sent(live) == ["sts:AssumeRole", "sts:GetCallerIdentity", "cloudformation:ListStacks"]
    assert live.arrive()[1] == f"the credentials of the sandbox, which are those of role {DEPLOY.arn}"
    assert live.keys()["AWS_ACCESS_KEY_ID"] == keys["AWS_ACCESS_KEY_ID"]


MFA = replace(HOP, mfa="arn:aws:iam::111111111111:mfa/alice")


def test_a_code_is_asked_for_once_a_session(aws: Aws, way: Way) -> None:
    questions: list[str] = []
    ask: Callable[[str], str] = lambda question: questions.append(question) or "123456"  # type: ignore[func-returns-value]  # noqa: E731
    live = aws.entering(replace(way, roles=(MFA, DEPLOY), ask=ask), "eu-west-1")
    live.call("cloudformation", "list_stacks")
    live.in_region("us-east-1").call("cloudformation", "list_stacks")
    assert questions == ["Code of the MFA device arn:aws:iam::111111111111:mfa/alice"]


def test_nobody_to_ask_for_a_code(aws: Aws, way: Way, sandbox: EmbeddedSandbox) -> None:
    sandbox.log.clear()
    with pytest.raises(UsageError) as raised:
        aws.entering(replace(way, roles=(MFA, DEPLOY)), "eu-west-1").arrive()
    assert raised.value.message == (
        f"no way into environment live: the role {HOP.arn} asks for a code of the MFA device "
        "arn:aws:iam::111111111111:mfa/alice, and nobody is there to type one"
    )
    assert sandbox.log == []


def test_keys_for_a_program_in_its_place(aws: Aws, way: Way, sandbox: EmbeddedSandbox) -> None:
    keys = aws.entering(way, "eu-west-1").keys()
    assert set(keys) == {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"}
    own = Endpoint(sandbox.endpoint.url, "eu-west-1", keys["AWS_ACCESS_KEY_ID"], keys["AWS_SECRET_ACCESS_KEY"])
    assert Aws(endpoint=own).call("sts", "get_caller_identity")["Account"] == "222222222222"


# -- AWS itself, and a sandbox in its place ---------------------------------------------------------------------------
@pytest.fixture
def outside(monkeypatch: pytest.MonkeyPatch, sandbox: EmbeddedSandbox) -> None:
    """The user's surroundings lead to the sandbox, and nothing tells that it is one."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", sandbox.endpoint.url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", sandbox.endpoint.access_key_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", sandbox.endpoint.secret_access_key)


@pytest.mark.usefixtures("outside")
@pytest.mark.parametrize("roles", [(), (HOP, DEPLOY)])
def test_a_sandbox_is_no_environment(way: Way, sandbox: EmbeddedSandbox, roles: tuple[Role, ...]) -> None:
    account = "222222222222" if roles else sandbox.values["account_id"]
    sandbox.log.clear()
    with pytest.raises(Refused, match="what answers is a sandbox") as raised:
        Aws("eu-west-1").entering(replace(way, account=account, roles=roles), None).call("ec2", "describe_vpcs")
    assert "Unset AWS_ENDPOINT_URL" in raised.value.hint
    assert {str(one) for one in sandbox.log} <= {"sts:AssumeRole", "sts:GetCallerIdentity"}


@pytest.fixture
def stranger() -> Iterator[Endpoint]:
    """Something that answers as STS does, and does not say that it is a sandbox."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            told = "<Account>222222222222</Account><Arn>arn:aws:iam::222222222222:user/me</Arn><UserId>me</UserId>"
            kind = "GetCallerIdentity"
            body = f"<{kind}Response><{kind}Result>{told}</{kind}Result></{kind}Response>".encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield Endpoint(f"http://127.0.0.1:{server.server_port}", "eu-west-1", "AKIASANDBOX123456789", "secret")
    server.shutdown()
    thread.join()
    server.server_close()


def test_nothing_else_is_the_sandbox(way: Way, stranger: Endpoint) -> None:
    live = Aws(endpoint=stranger).entering(replace(way, roles=()), None)
    with pytest.raises(Refused, match="the sandbox is meant, and what answers is none"):
        live.call("ec2", "describe_vpcs")
    assert sent(live) == ["sts:GetCallerIdentity"]


def test_the_profile_of_an_environment_or_what_ci_has(
    way: Way, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sandbox: EmbeddedSandbox
) -> None:
    keys = sandbox.endpoint
    config = tmp_path / "config"
    config.write_text(
        f"[profile acme]\nendpoint_url = {keys.url}\naws_access_key_id = {keys.access_key_id}\n"
        f"aws_secret_access_key = {keys.secret_access_key}\nregion = eu-north-1\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    by_profile = Aws().entering(replace(way, roles=(), profile="acme"), None)
    assert by_profile.region == "eu-north-1"
    with pytest.raises(Refused):  # it got to the sandbox with the profile's keys
        by_profile.call("ec2", "describe_vpcs")
    missing = Aws("eu-west-1").entering(replace(way, roles=(), profile="acne"), None)
    with pytest.raises(UsageError) as raised:
        missing.call("ec2", "describe_vpcs")
    assert raised.value.message == "no way into environment live: no AWS credentials were found"
    assert raised.value.hint.startswith(
        "It begins with the default credentials (there is no profile acne in the AWS config file). Log in"
    )
    given = Aws("eu-west-1", profile="acne").entering(replace(way, roles=(), profile="acme"), None)
    with pytest.raises(UsageError, match="acne"):
        given.call("ec2", "describe_vpcs")


def test_a_login_that_is_over(way: Way, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "config"
    config.write_text(
        "[profile acme]\nsso_session = acme\nsso_account_id = 222222222222\nsso_role_name = Deploy\n"
        "region = eu-west-1\n"
        "[sso-session acme]\nsso_start_url = https://acme.awsapps.com/start\nsso_region = eu-west-1\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    for roles in [(), (HOP, DEPLOY)]:
        with pytest.raises(AwsError) as raised:
            Aws().entering(replace(way, roles=roles, profile="acme"), None).call("ec2", "describe_vpcs")
        assert raised.value.hint == "Log in: aws sso login --profile acme"
        assert "environment live" in raised.value.message
    with pytest.raises(AwsError) as raised:
        Aws(profile="acme").call("ec2", "describe_vpcs")
    assert raised.value.hint.startswith("Log in: aws sso login")
