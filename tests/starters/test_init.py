"""``senza init``: what it asks, what it shows, what it keeps, and that it may be repeated."""

from __future__ import annotations

import os
import stat
from typing import Any

import pytest

from senza.aws import Aws, Call
from tests.starters.conftest import ANSWERS, READING, Init

PLAN = """\
In the account, this would be done:
  Create security group app-shop-lb in {vpc}
  Allow TCP 443 from 172.20.0.0/16 in security group app-shop-lb
  Create security group app-shop in {vpc}
  Allow TCP 8080 from app-shop-lb in security group app-shop
  Create IAM role app-shop for EC2 instances
Do it? [y/N]: """


def test_with_every_answer_nothing_is_asked_and_the_plan_is_shown_once(init: Init) -> None:
    made = init("webapp", stdin="8080\n/health\nt3.small\n\n\n\n\n\ny\n")
    assert made.exit_code == 0, made.output
    assert made.stderr.count("Do it?") == 1
    assert PLAN.format(vpc=init.sandbox.values["vpc_id"]) in made.stderr
    assert made.stdout == ""
    assert init.file.exists()


def test_no_to_the_plan_changes_nothing(init: Init) -> None:
    refused = init("redisnode", stdin="\n\n\nn\n")
    assert refused.exit_code == 1, refused.output
    assert "Error: nothing was done, as you wished" in refused.stderr
    assert init.changes() == []
    assert not init.file.exists()


def test_without_a_terminal_the_plan_needs_yes(init: Init) -> None:
    refused = init("redisnode")
    assert refused.exit_code == 1
    assert "Say --yes, or run the command in a terminal." in refused.stderr
    assert init.changes() == []


def test_a_person_is_asked_until_the_answer_is_one(init: Init) -> None:
    typed = ["webapp", "Shop", "shop", "acme/shop", "http", "8080", *[""] * 5, "internet-facing", "", "0.0.0.0/0", "y"]
    made = init.senza("init", str(init.file), stdin="\n".join([*typed, ""]))
    assert made.exit_code == 0, made.output
    assert "webapp        A web application" in made.stderr
    assert "Error: it has 2 to 40 characters" in made.stderr
    assert "Error: it is a whole number from 1 to 65535." in made.stderr
    assert init.rules("app-shop-lb") == [(443, 443, ["0.0.0.0/0"])]


def test_without_a_terminal_the_missing_answers_are_named(init: Init) -> None:
    failed = init.senza("init", str(init.file), "-t", "webapp", "-v", "loadbalancer_scheme=internet-facing")
    assert failed.exit_code == 2
    assert failed.stderr == (
        "Error: no answer for application_id, docker_image, and nobody is here to be asked\n"
        "Give:\n"
        "  -v application_id=...   Name of the application, which becomes the name of its stacks\n"
        "  -v docker_image=...   Container image, without its tag\n"
    )


def test_the_internet_is_let_in_only_by_name(init: Init) -> None:
    failed = init("webapp", "--yes", loadbalancer_scheme="internet-facing")
    assert failed.exit_code == 2
    assert "no answer for allowed_cidr" in failed.stderr
    assert init.changes() == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["-t", "webap"], "there is no starter webap\nDid you mean webapp or bgapp?"),
        ([], "which starter?\nGive one: -t webapp|bgapp|postgresapp|rediscluster|redisnode"),
        (["-t", "bgapp", "-v", "port=1"], "-v port: this starter does not ask for port"),
        (["-t", "bgapp", "-v", "aplication_id=x"], "Did you mean application_id?"),
        (["-t", "bgapp", "-v", "application_id=a", "-v", "application_id=b"], "-v application_id is given twice"),
        (["-t", "bgapp", "-v", "application_id={{x}}"], "it is one line of plain text without {{"),
        (["-t", "bgapp", "-v", "application_id"], "'application_id' is not of the form key=value"),
        (["-t", "webapp", "-v", "http_port=0"], "-v http_port=0: it is a whole number from 1 to 65535"),
        (["-t", "webapp", "-v", "allowed_cidr=10.0.0.1/8"], "10.0.0.1/8 has host bits set"),
        (["-t", "webapp", "-v", "loadbalancer_scheme=public"], "it is internal or internet-facing"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_done(words: list[str], said: str, init: Init) -> None:
    needed = ["-v", "docker_image=acme/shop"] if words and "bgapp" in words else []
    name = [] if "application_id" in " ".join(words) or not words else ["-v", "application_id=shop"]
    if "webapp" in words:
        needed = ["-v", "docker_image=acme/shop"]
    failed = init.senza("init", str(init.file), *words, *needed, *name, "--yes")
    assert failed.exit_code == 2, failed.output
    assert said in failed.stderr
    assert init.changes() == []


@pytest.mark.parametrize(
    ("starter", "answers", "said", "exit_code"),
    [
        ("webapp", {"hosted_zone": "nowhere.example"}, "this account has no hosted zone nowhere.example", 1),
        ("webapp", {"vpc_id": "vpc-0"}, "there is no VPC vpc-0", 1),
        ("redisnode", {"client_security_group": "app-none"}, 'there is no security group "app-none"', 1),
        ("postgresapp", {"kms_key": "12345678-1234-1234-1234-123456789012"}, "there is no KMS key 1234", 2),
        ("postgresapp", {"kms_key": "alias/aws/s3"}, "keys of AWS itself", 2),
    ],
)
def test_what_the_account_does_not_have_is_said(
    starter: str, answers: dict[str, str], said: str, exit_code: int, init: Init
) -> None:
    failed = init(starter, "--yes", stdin=None, aws=None, **answers)
    assert failed.exit_code == exit_code, failed.output
    assert said in failed.stderr
    assert init.changes() == []


def test_an_existing_file_is_kept_unless_forced(init: Init) -> None:
    init.file.write_text("mine")
    refused = init("redisnode", "--yes")
    assert (refused.exit_code, init.file.read_text()) == (1, "mine")
    assert f"Error: {init.file} exists\n" in refused.stderr
    assert init.changes() == []
    assert init("redisnode", "--yes", "--force").exit_code == 0
    assert "Senza::RedisNode" in init.file.read_text()


def test_the_directory_must_exist(init: Init) -> None:
    failed = init.senza("init", str(init.folder / "no" / "app.yaml"), "-t", "redisnode")
    assert failed.exit_code == 2
    assert f"there is no directory {init.folder / 'no'}" in failed.stderr


def test_the_file_is_an_ordinary_one(init: Init) -> None:
    umask = os.umask(0o022)
    try:
        init("redisnode", "--yes")
    finally:
        os.umask(umask)
    assert stat.S_IMODE(init.file.stat().st_mode) == 0o644
    assert [path.name for path in init.folder.iterdir()] == ["app.yaml"]


def test_a_dry_run_shows_the_plan_and_changes_nothing(init: Init) -> None:
    dry = init("redisnode", "--dry-run")
    vpc = init.sandbox.values["vpc_id"]
    assert dry.stdout == f"Would: Create security group redis-shop in {vpc}\nWould: Write {init.file}\n"
    assert init.changes() == []
    assert not init.file.exists()


@pytest.mark.parametrize("starter", sorted(ANSWERS))
def test_what_exists_is_checked_and_kept(starter: str, init: Init) -> None:
    init(starter, "--yes")
    init.sandbox.log.clear()
    again = init(starter, "--force", "--yes")
    assert again.exit_code == 0, again.output
    assert set(init.changes()) <= {"kms:Encrypt"}
    assert "Found security group" in again.stderr
    assert "Warning" not in again.stderr


def test_groups_that_are_there_get_only_what_is_missing_and_a_warning(init: Init) -> None:
    made = init("webapp", "--yes", application_id="hello-world")
    assert made.exit_code == 0, made.output
    assert "Allow TCP 8080 from app-hello-world-lb in security group app-hello-world: allowed" in made.stderr
    assert "lets everybody (0.0.0.0/0) reach port 8080; it stays so" in made.stderr
    assert "Allow TCP 443" not in made.stderr
    assert init.changes() == ["ec2:AuthorizeSecurityGroupIngress"]


def test_a_role_and_a_bucket_of_other_manners_are_kept_with_a_warning(init: Init) -> None:
    place = {"LocationConstraint": "eu-central-1"}
    init.aws.call("s3", "create_bucket", Bucket="acme-wal", CreateBucketConfiguration=place)
    # buckets made since April 2023 are closed until somebody opens them (S3 user guide, "Blocking public access")
    init.aws.call("s3", "delete_public_access_block", Bucket="acme-wal")
    init.aws.call("iam", "create_role", RoleName="app-shop-db", AssumeRolePolicyDocument="{}")
    init.aws.call(
        "iam",
        "put_role_policy",
        RoleName="app-shop-db",
        PolicyName="shop-db-postgres",
        PolicyDocument='{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}',
    )
    made = init("postgresapp", "--yes", wal_s3_bucket="acme-wal")
    assert made.exit_code == 0, made.output
    assert "the S3 bucket acme-wal is not closed to the public by its own settings" in made.stderr
    assert "IAM role app-shop-db does not trust EC2 instances; it stays so" in made.stderr
    assert "policy shop-db-postgres of IAM role app-shop-db is not what senza would write" in made.stderr
    assert "make sure that it lets the role use s3://acme-wal and decrypt with alias/shop-db" in made.stderr


class Stopped(KeyboardInterrupt):
    """Ctrl-C."""


class Fuse:
    """Stops before the n-th call that changes something; with 0 it never does."""

    def __init__(self) -> None:
        self.left = 0

    def __call__(self, call: Call) -> None:
        if self.left and not call.operation.startswith(READING):
            self.left -= 1
            if not self.left:
                raise Stopped


@pytest.mark.parametrize("starter", ["webapp", "postgresapp"])
def test_interrupted_at_any_change_and_repeated_it_ends_the_same(starter: str, init: Init) -> None:
    fuse = Fuse()
    init.aws = Aws(endpoint=init.sandbox.endpoint, observe=fuse)
    assert init(starter, "--yes").exit_code == 0
    calls, wanted = len(init.changes()), made_in(init)
    for number in range(1, calls + 1):  # whatever lies between two changes leaves the account as it is
        init.sandbox.reset()
        init.file.unlink(missing_ok=True)
        fuse.left = number
        stopped = init(starter, "--yes")
        assert stopped.exit_code == 130, stopped.output
        assert not init.file.exists()
        assert init(starter, "--yes").exit_code == 0
        assert made_in(init) == wanted


def made_in(init: Init) -> dict[str, Any]:
    """What is in the account, without random ids."""
    groups = init.aws.pages("ec2", "describe_security_groups", "SecurityGroups")
    return {
        "groups": sorted((group["GroupName"], len(group["IpPermissions"])) for group in groups),
        "roles": sorted(role["RoleName"] for role in init.aws.pages("iam", "list_roles", "Roles")),
        "buckets": sorted(bucket["Name"] for bucket in init.aws.call("s3", "list_buckets")["Buckets"]),
        "keys": len(list(init.aws.pages("kms", "list_keys", "Keys"))),
        "aliases": sorted(item["AliasName"] for item in init.aws.pages("kms", "list_aliases", "Aliases")),
    }


def test_a_bucket_of_somebody_else_is_refused_before_anything_is_made(init: Init) -> None:
    init.sandbox.faults.add("s3:H", status=403, code="AccessDenied", times=None)
    failed = init("postgresapp", "--yes", wal_s3_bucket="taken")
    assert failed.exit_code == 2, failed.output
    assert "the S3 bucket taken belongs to somebody else, or you have no access to it" in failed.stderr
    assert init.changes() == []


def test_the_help_lists_the_starters_and_their_questions(init: Init) -> None:
    shown = init.senza("init", "--help").stdout
    for name in ANSWERS:
        assert f"-t {name}:" in shown
    assert "-v application_id=" in shown
    assert "(default: from the account)" in " ".join(shown.split())
