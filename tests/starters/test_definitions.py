"""What every starter writes is a definition that works."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml

from senza.starters.registry import BUILT_IN, find_starter
from senza.starters.text import fill, scalar
from tests.linting import linted
from tests.starters.conftest import ARGUMENTS, Init

STARTERS = sorted(BUILT_IN)


@pytest.mark.parametrize("name", STARTERS)
def test_it_compiles_and_would_be_created(name: str, init: Init) -> None:
    made = init(name, "--yes")
    assert made.exit_code == 0, made.output
    printed = init.senza("print", str(init.file), "1", *ARGUMENTS.get(name, []))
    assert printed.exit_code == 0, printed.output
    assert json.loads(printed.stdout)["Resources"]
    dry = init.senza("create", str(init.file), "1", *ARGUMENTS.get(name, []), "--dry-run")
    assert dry.exit_code == 0, dry.output
    assert dry.stdout == f"Would: Create stack {made_for(init)}-1\n"
    assert dry.stderr == ""


@pytest.mark.parametrize("name", STARTERS)
def test_it_can_be_created(name: str, init: Init) -> None:
    assert init(name, "--yes").exit_code == 0
    created = init.senza("create", str(init.file), "1", *ARGUMENTS.get(name, []), "--wait")
    assert created.exit_code == 0, created.output


@pytest.mark.parametrize("name", STARTERS)
def test_amazons_linter_finds_no_error_in_it(name: str, init: Init) -> None:
    assert init(name, "--yes").exit_code == 0
    template = init.senza("print", str(init.file), "1", *ARGUMENTS.get(name, [])).stdout
    assert [str(match) for match in linted(template) if match.rule.id.startswith("E")] == []


@pytest.mark.parametrize("name", STARTERS)
def test_nothing_is_open_to_everybody_and_no_permission_is_a_wildcard(name: str, init: Init) -> None:
    init(name, "--yes", aws=None, stdin=None, **({"mint_bucket": "acme-mint"} if name in ("webapp", "bgapp") else {}))
    for group in init.aws.pages("ec2", "describe_security_groups", "SecurityGroups"):
        if "shop" in group["GroupName"]:
            assert "0.0.0.0/0" not in json.dumps(group["IpPermissions"])
    for role in ("app-shop", "app-shop-db"):
        for policy in policies(init, role):
            for statement in policy["Statement"]:
                assert not any("*" in action for action in statement["Action"])
                assert statement["Resource"] != ["*"]


def policies(init: Init, role: str) -> list[dict[str, Any]]:
    if role not in {item["RoleName"] for item in init.aws.pages("iam", "list_roles", "Roles")}:
        return []
    names = init.aws.pages("iam", "list_role_policies", "PolicyNames", RoleName=role)
    return [init.aws.call("iam", "get_role_policy", RoleName=role, PolicyName=name)["PolicyDocument"] for name in names]


def made_for(init: Init) -> str:
    return str(yaml.safe_load(init.file.read_text())["SenzaInfo"]["StackName"])


def test_a_web_application_on_the_internet_with_everything_said(init: Init) -> None:
    made = init(
        "webapp",
        "--yes",
        http_port="9000",
        http_health_check_path="/is-it:-well?",
        instance_type="m7g.large",
        mint_bucket="acme-mint",
        loadbalancer_scheme="internet-facing",
        allowed_cidr="198.51.100.0/24,2001:db8::/32",
    )
    assert made.exit_code == 0, made.output
    definition = yaml.safe_load(init.file.read_text())
    assert definition["SenzaInfo"]["StackName"] == "shop"
    server, balancer = (next(iter(entry.values())) for entry in definition["SenzaComponents"][1:])
    assert server["InstanceType"] == "m7g.large"
    assert server["TaupageConfig"] == {
        "runtime": "Docker",
        "source": "acme/shop:{{Arguments.ImageVersion}}",
        "ports": {9000: 9000},
        "health_check_path": "/is-it:-well?",
        "mint_bucket": "acme-mint",
    }
    assert (balancer["Scheme"], balancer["HTTPPort"]) == ("internet-facing", 9000)
    assert init.rules("app-shop-lb") == [(443, 443, ["198.51.100.0/24", "2001:db8::/32"])]
    assert init.rules("app-shop") == [(9000, 9000, [init.group("app-shop-lb")["GroupId"]])]
    (policy,) = policies(init, "app-shop")
    assert policy["Statement"] == [
        {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::acme-mint/shop/*"]}
    ]


def test_the_network_and_the_zone_are_named_only_where_they_could_be_mistaken(init: Init) -> None:
    init("webapp", "--yes")
    assert "VpcId" not in init.file.read_text()
    assert "MainDomain" not in init.file.read_text()
    other = init.aws.call("ec2", "create_vpc", CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    init.aws.call("route53", "create_hosted_zone", Name="other.example.com", CallerReference="x")
    for missing, given in (("vpc_id", {}), ("hosted_zone", {"vpc_id": other})):
        asked = init("webapp", "--yes", "--force", **given)
        assert asked.exit_code == 2
        assert f"no answer for {missing}, and nobody is here" in asked.stderr
    made = init("webapp", "--yes", "--force", vpc_id=other, hosted_zone="other.example.com")
    assert made.exit_code == 0, made.output
    text = init.file.read_text()
    assert f"      VpcId: {other}\n" in text
    assert '      MainDomain: "{{SenzaInfo.StackName}}.other.example.com"\n' in text
    assert '      VersionDomain: "{{SenzaInfo.StackName}}-{{Arguments.version}}.other.example.com"\n' in text


def test_a_database_has_passwords_that_only_the_key_can_read(init: Init) -> None:
    made = init("postgresapp", "--yes")
    assert made.exit_code == 0, made.output
    text = init.file.read_text()
    database = yaml.safe_load(text)["SenzaComponents"][1]["Database"]
    environment = database["TaupageConfig"]["environment"]
    passwords = set()
    for variable in ("PGPASSWORD_SUPERUSER", "PGPASSWORD_ADMIN", "PGPASSWORD_STANDBY"):
        assert environment[variable].startswith("aws:kms:")
        passwords.add(decrypted(init, environment[variable].removeprefix("aws:kms:")))
    assert len(passwords) == 3
    assert all(len(password) >= 32 for password in passwords)
    assert not any(password in text + made.output for password in passwords)
    assert (database["AutoScaling"]["Minimum"], database["HealthCheckType"]) == (3, "EC2")
    assert environment["WAL_S3_BUCKET"] == "shop-db-wal-123456789012-eu-central-1"
    closed = init.aws.call("s3", "get_public_access_block", Bucket=environment["WAL_S3_BUCKET"])
    assert set(closed["PublicAccessBlockConfiguration"].values()) == {True}
    members, balancer = init.group("app-shop-db")["GroupId"], init.group("app-shop-db-lb")["GroupId"]
    assert init.rules("app-shop-db-lb") == [(5432, 5432, ["172.20.0.0/16"])]
    reached = {(port, source) for port, _, sources in init.rules("app-shop-db") for source in sources}
    assert reached == {(5432, members), (5432, balancer), (8008, members), (8008, balancer)}


def decrypted(init: Init, ciphertext: str) -> str:
    import base64

    plaintext: bytes = init.aws.call("kms", "decrypt", CiphertextBlob=base64.b64decode(ciphertext))["Plaintext"]
    return plaintext.decode()


def test_two_versions_of_a_redis_node_have_two_names(init: Init) -> None:
    init("redisnode", "--yes")
    names = [
        json.loads(init.senza("print", str(init.file), version).stdout)["Resources"]["RedisCacheCluster"]["Properties"][
            "ClusterName"
        ]
        for version in ("1", "2")
    ]
    assert names == ["shop-1", "shop-2"]


@pytest.mark.parametrize("name", STARTERS)
def test_every_starter_is_documented(name: str) -> None:
    starter = find_starter(name)
    assert starter.name == name
    assert starter.summary.endswith(".")
    assert len({question.key for question in starter.questions}) == len(starter.questions)
    placeholders = set(re.findall("<<([^>]*)>>", starter.template))
    assert {question.key for question in starter.questions} - placeholders <= {
        "vpc_id", "mint_bucket", "docker_image", "allowed_cidr", "hosted_zone", "kms_key", "client_security_group"
    }  # fmt: skip


@pytest.mark.parametrize("text", ["no", "1.10", "007", "a: b", "# x", "it's", '"', "", "null", "-", "ümlaut", "{a}"])
def test_a_text_stays_the_text_that_it_is(text: str) -> None:
    assert yaml.safe_load(fill("key: <<x>>", {"x": text}, {})) == {"key": text}


def test_words_with_lines_of_their_own_keep_the_indentation() -> None:
    assert fill("a:\n  <<x>>\n  <<y>>\n", {}, {"x": "b: 1\nc:\n  - 2", "y": ""}) == "a:\n  b: 1\n  c:\n    - 2\n"
    assert [scalar("8080"), scalar("/health"), scalar("yes")] == ["8080", "/health", '"yes"']
