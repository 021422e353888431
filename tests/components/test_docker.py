"""Groups of stock images: which AMI, which container, what the instances may do and are told."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from senza.account import Account
from senza.account.oci import Origin
from senza.aws import Aws
from senza.components import Compiled, compile
from senza.components.docker_permissions import parameter_arn, secret_arn
from senza.errors import DefinitionError, NotFound, Refused, SenzaError
from senza.provenance import CheckedImage, Finding
from senza.sandbox.embedded import EmbeddedSandbox
from senza.userdata import bootstrap
from tests.components.conftest import Compiles, definition

DIGEST = "sha256:" + "0a" * 32
ECR = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"


class Known:
    """Images that are all there, as a gate would tell of them."""

    def __init__(self, digest: str = DIGEST, findings: tuple[Finding, ...] = ()) -> None:
        self.digest = digest
        self.findings = findings
        self.asked: list[tuple[str, str, bool]] = []

    def check(self, image: str, architecture: str = "", *, pin: bool) -> CheckedImage:
        self.asked.append((image, architecture, pin))
        if image.endswith(":refused"):
            raise Refused("not this one")
        pinned = f"{image.rpartition(':')[0]}@{self.digest}" if pin and self.digest else ""
        origin = Origin("https://github.com/acme/app", "3f2a (dirty)", said_by="labels")
        verdict = "warned" if self.findings else "passed"
        return CheckedImage(image, pinned, self.digest, origin, verdict, "acme 3f2a", self.findings, ("look out",))


def group(config: str = "source: 'ghcr.io/a/app:1'", more: str = "InstanceType: t3.micro", kind: str = "Docker") -> str:
    return f"- App: {{Type: Senza::{kind}AutoScalingGroup, {more}, TaupageConfig: {{{config}}}}}"


def made(compiles: Compiles, *args: str, images: Any = None, force: bool = False) -> Compiled:
    bound = compiles.bind(definition(group(*args)))
    return compile(bound, compiles.account, images=images or Known(), force=force)


def launch(compiled: Compiled) -> dict[str, Any]:
    found: dict[str, Any] = compiled.template["Resources"]["AppConfig"]["Properties"]["LaunchTemplateData"]
    return found


def statements(compiled: Compiled) -> dict[str, dict[str, Any]]:
    role = compiled.template["Resources"]["AppRole"]["Properties"]
    return {item["Sid"]: item for item in role["Policies"][0]["PolicyDocument"]["Statement"]}


@pytest.mark.parametrize(
    ("more", "kind", "ami", "tag"),
    [
        ("InstanceType: t3.micro", "Docker", "51", "AmazonLinux2023 x86_64"),
        ("InstanceType: m7g.large", "Docker", "52", "AmazonLinux2023 arm64"),
        ("InstanceType: t4g.micro, Image: Ubuntu", "Taupage", "62", "Ubuntu arm64"),
        ("InstanceType: t3.micro, Image: Flatcar", "Docker", "42", "Flatcar x86_64"),
        ("InstanceType: {Ref: Type}, Architecture: arm64", "Docker", "52", "AmazonLinux2023 arm64"),
    ],
)
def test_the_image_for_the_processor_by_its_id(more: str, kind: str, ami: str, tag: str, compiles: Compiles) -> None:
    compiled = made(compiles, "runtime: Docker, source: 'a/b:1'", more, kind)
    ident = f"ami-0a00000000000{ami:>04}"
    assert launch(compiled)["ImageId"] == ident
    assert compiled.tags["senza:App:ami"] == f"{tag} {ident}"


def test_an_image_made_from_a_stock_image(compiles: Compiles) -> None:
    compiled = made(compiles, "source: 'a/b:1'", "InstanceType: t3.micro, Image: Ubuntu, ImageId: ami-1234")
    assert launch(compiled)["ImageId"] == "ami-1234"
    assert "senza:App:ami" not in compiled.tags
    assert "/opt/senza/boot" in json.dumps(launch(compiled)["UserData"])


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("InstanceType: t9.huge", "no such instance type"),
        ("InstanceType: t3.micro, Architecture: amd64", "Architecture cannot be amd64"),
        (
            "InstanceType: t3.micro, MixedInstancesPolicy: {LaunchTemplate: {Overrides: [{InstanceType: t4g.micro}]}}",
            r"different processors.* t3\.micro \(x86_64\), t4g\.micro \(arm64\)",
        ),
    ],
)
def test_instance_types_that_no_image_serves(more: str, said: str, compiles: Compiles) -> None:
    with pytest.raises(SenzaError, match=said) as caught:
        made(compiles, "source: 'a/b:1'", more)
    assert caught.value.where is not None
    assert "App" in caught.value.where.path


def test_a_type_that_is_not_known_here(compiles: Compiles) -> None:
    compiled = made(compiles, "source: 'a/b:1'", "InstanceType: {Ref: Type}")
    assert any("one for x86_64" in warning for warning in compiled.warnings)


def test_the_digest_is_in_the_user_data_so_that_a_moved_tag_changes_nothing(compiles: Compiles) -> None:
    known = Known()
    compiled = made(compiles, "source: 'ghcr.io/a/app:1'", "InstanceType: t4g.micro", images=known)
    text = json.dumps(launch(compiled)["UserData"])
    assert f"ghcr.io/a/app@{DIGEST}" in text
    assert "ghcr.io/a/app:1" not in text
    assert known.asked == [("ghcr.io/a/app:1", "arm64", True)]
    assert compiled.tags["senza:App:image"] == f"ghcr.io/a/app@{DIGEST}"
    assert compiled.tags["senza:App:source"] == "https://github.com/acme/app 3f2a _dirty_"
    assert compiled.tags["senza:App:policy"] == "acme 3f2a passed"
    assert "look out" in compiled.warnings
    assert [image.written for image in compiled.images] == ["ghcr.io/a/app:1"]


def test_without_a_digest_the_tag_stays(compiles: Compiles) -> None:
    compiled = made(compiles, images=Known("", (Finding("digest", "x"), Finding("tags.refuse", "y"))))
    assert "ghcr.io/a/app:1" in json.dumps(launch(compiled)["UserData"])
    assert compiled.tags["senza:App:policy"] == "acme 3f2a warned: digest tags.refuse"


def test_a_refusal_has_its_place(compiles: Compiles) -> None:
    with pytest.raises(Refused) as caught:
        made(compiles, "source: 'a:refused'")
    assert caught.value.where is not None
    assert caught.value.where.path[-1] == "source"


def test_an_image_that_is_a_function(compiles: Compiles) -> None:
    known = Known()
    compiled = made(compiles, "source: {Ref: Image}", images=known)
    assert known.asked == []
    assert any("not pinned to a digest" in warning for warning in compiled.warnings)


def test_taupage_is_told_what_it_was_always_told(compiles: Compiles) -> None:
    known = Known()
    compiled = made(
        compiles, "runtime: Docker, source: 'r.io/a/b:1'", "InstanceType: t3.micro", "Taupage", images=known
    )
    assert launch(compiled)["UserData"]["Fn::Base64"].startswith("#taupage-ami-config\n")
    assert known.asked == [("r.io/a/b:1", "", False)]
    assert {key for key in compiled.tags if key.startswith("senza:")} == {"senza:App:policy", "senza:App:source"}
    assert "AppRole" not in compiled.template["Resources"]


def test_an_image_of_the_definition_with_that_name(compiles: Compiles) -> None:
    own = "- C: {Type: Senza::Configuration, Images: {Ubuntu: {eu-central-1: ami-1}}}\n"
    taupage = own + group("runtime: Docker, source: 'a/b:1'", "InstanceType: t3.micro, Image: Ubuntu", "Taupage")
    resources = compiles.component(taupage)
    assert resources["AppConfig"]["Properties"]["LaunchTemplateData"]["ImageId"] == {
        "Fn::FindInMap": ["Images", {"Ref": "AWS::Region"}, "Ubuntu"]
    }


def test_metadata_service_version_2_one_hop_further(compiles: Compiles) -> None:
    assert launch(made(compiles))["MetadataOptions"] == {
        "HttpEndpoint": "enabled",
        "HttpTokens": "required",
        "HttpPutResponseHopLimit": 2,
    }
    given = made(compiles, "source: 'a/b:1'", "InstanceType: t3.micro, MetadataOptions: {HttpPutResponseHopLimit: 1}")
    assert launch(given)["MetadataOptions"]["HttpPutResponseHopLimit"] == 1
    assert launch(given)["MetadataOptions"]["HttpTokens"] == "required"


def test_a_log_group_that_outlives_the_stack(compiles: Compiles) -> None:
    group = made(compiles, "source: 'a/b:1'", "InstanceType: t3.micro, LogRetention: 7").template["Resources"][
        "AppLogGroup"
    ]
    assert group["Properties"]["RetentionInDays"] == 7
    assert (group["DeletionPolicy"], group["UpdateReplacePolicy"]) == ("Retain", "Retain")
    own = made(compiles, "source: 'a/b:1', cloudwatch_logs: {/var/log/application.log: ours}")
    assert "AppLogGroup" not in own.template["Resources"]
    with pytest.raises(DefinitionError, match="LogRetention cannot be 31 days") as caught:
        made(compiles, "source: 'a/b:1'", "InstanceType: t3.micro, LogRetention: 31")
    assert caught.value.hint == "Write 30."


EVERYTHING = f"""source: '{ECR}/team/app:1',
  environment: {{A: 'aws:ssm:/app/a', B: 'aws:secretsmanager:db#password', C: 'aws:kms:AAAA', D: 'aws:ssm:/app/a:3',
    E: 'aws:secretsmanager:arn:aws:secretsmanager:eu-west-1:1:secret:x-AbCdEf#k'}},
  credentials: {{key: 'aws:ssm:plain'}},
  cloudwatch_logs: {{/var/log/messages: host, /var/log/secure: host}}, enhanced_cloudwatch_metrics: true,
  volumes: {{ebs: {{/dev/xvdf: data}}}}, mounts: {{/data: {{partition: /dev/xvdf}}}},
  healthcheck: {{type: elb, loadbalancer_name: lb}}"""


KEYS = "InstanceType: t3.micro, KmsKeys: alias/app"


def test_the_profile_allows_exactly_what_the_bootstrap_does(compiles: Compiles) -> None:
    found = statements(made(compiles, EVERYTHING, "InstanceType: t3.micro, KmsKeys: [alias/app, 12ab]"))
    here = "${AWS::Region}:${AWS::AccountId}"
    assert found["Parameters"]["Resource"] == [
        {"Fn::Sub": f"arn:${{AWS::Partition}}:ssm:{here}:parameter/app/a"},
        {"Fn::Sub": f"arn:${{AWS::Partition}}:ssm:{here}:parameter/plain"},
    ]
    assert found["Secrets"]["Resource"] == [
        {"Fn::Sub": f"arn:${{AWS::Partition}}:secretsmanager:{here}:secret:db-??????"},
        "arn:aws:secretsmanager:eu-west-1:1:secret:x-AbCdEf",
    ]
    assert found["Keys"]["Resource"] == {"Fn::Sub": f"arn:${{AWS::Partition}}:kms:{here}:key/12ab"}
    assert found["KeysByAlias"]["Condition"] == {"ForAnyValue:StringEquals": {"kms:ResourceAliases": ["alias/app"]}}
    assert found["Image"]["Resource"] == {
        "Fn::Sub": "arn:${AWS::Partition}:ecr:eu-west-1:123456789012:repository/team/app"
    }
    assert found["Log"]["Resource"] == {"Fn::GetAtt": ["AppLogGroup", "Arn"]}
    assert found["Signal"]["Resource"] == {"Fn::Sub": "${AWS::StackId}"}
    assert found["AttachVolumes"]["Condition"] == {"StringEquals": {"aws:ResourceTag/Name": ["data"]}}
    assert found["Metrics"]["Condition"] == {"StringEquals": {"cloudwatch:namespace": "CWAgent"}}


def actions_and_resources(node: Any) -> Iterator[tuple[str, Any]]:
    """Of every statement anywhere in a template."""
    if isinstance(node, dict):
        if "Effect" in node and "Action" in node:
            actions = node["Action"] if isinstance(node["Action"], list) else [node["Action"]]
            for action in actions:
                yield action, node.get("Resource")
        for value in node.values():
            yield from actions_and_resources(value)
    elif isinstance(node, list):
        for value in node:
            yield from actions_and_resources(value)


UNAVOIDABLE = {
    *("ssm:UpdateInstanceInformation", "ssmmessages:CreateControlChannel", "ssmmessages:CreateDataChannel"),
    *("ssmmessages:OpenControlChannel", "ssmmessages:OpenDataChannel", "ecr:GetAuthorizationToken"),
    *("cloudwatch:PutMetricData", "ec2:DescribeTags", "ec2:DescribeVolumes"),
    "elasticloadbalancing:DescribeInstanceHealth",
}
"""Actions that AWS takes no narrower resource for (Service Authorization Reference)."""


def test_no_action_by_wildcard_and_no_resource_wider_than_aws_makes_it(compiles: Compiles) -> None:
    compiled = made(compiles, EVERYTHING, KEYS)
    found = list(actions_and_resources(compiled.template))
    assert len(found) > 20
    assert [action for action, _ in found if "*" in action] == []
    assert {action for action, resource in found if resource == "*"} <= UNAVOIDABLE


def test_nothing_that_the_bootstrap_calls_is_missing(compiles: Compiles) -> None:
    scripts = Path(bootstrap.__file__).parent / "machine"
    text = "".join(path.read_text() for path in sorted(scripts.glob("*.sh")))
    query = re.findall(r"aws_query ([a-z0-9]+) [0-9-]+ ([A-Z][A-Za-z]+)", text)
    target = re.findall(r"aws_json \S+(?: \S+\)\")? ([a-z]+) [A-Za-z0-9_]+\.([A-Z][A-Za-z]+)", text)
    called = {f"{service}:{action}" for service, action in [*query, *target]}
    assert {"kms:Decrypt", "ssm:GetParameter", "secretsmanager:GetSecretValue", "ec2:AttachVolume"} <= called
    allowed = {action for action, _ in actions_and_resources(made(compiles, EVERYTHING, KEYS).template)}
    assert called - allowed == set()


def test_little_is_allowed_where_little_is_needed(compiles: Compiles) -> None:
    assert set(statements(made(compiles))) == {"Signal", "Session", "Log"}


@pytest.mark.parametrize(
    ("name", "arn"),
    [
        ("/a/b", "parameter/a/b"),
        ("a", "parameter/a"),
        ("a:7", "parameter/a"),
    ],
)
def test_arns_of_parameters(name: str, arn: str) -> None:
    assert parameter_arn(name) == f"arn:${{AWS::Partition}}:ssm:${{AWS::Region}}:${{AWS::AccountId}}:{arn}"


def test_arns_that_are_given_stay() -> None:
    assert parameter_arn("arn:aws:ssm:eu-west-1:1:parameter/a:7") == "arn:aws:ssm:eu-west-1:1:parameter/a"
    assert secret_arn("arn:aws:secretsmanager:eu-west-1:1:secret:a-AbCdEf") == (
        "arn:aws:secretsmanager:eu-west-1:1:secret:a-AbCdEf"
    )


def test_a_key_that_nobody_names(compiles: Compiles) -> None:
    with pytest.raises(DefinitionError, match=r"environment\.A is encrypted with a key") as caught:
        made(compiles, "source: 'a/b:1', environment: {A: 'aws:kms:AAAA'}")
    assert "KmsKeys" in caught.value.hint


def test_a_secret_that_is_a_function(compiles: Compiles) -> None:
    join = "{'Fn::Join': ['', ['aws:ssm:/', {Ref: X}]]}"
    compiled = made(compiles, f"source: 'a/b:1', environment: {{A: {join}, B: {{Ref: X}}}}")
    assert [warning for warning in compiled.warnings if "Give IamRoles" in warning] != []
    assert not any("environment.B" in warning for warning in compiled.warnings)


@pytest.mark.parametrize(
    ("config", "more", "said"),
    [
        ("source: 'a/b:1', scalyr_account_key: x", "", "scalyr_account_key does not exist on stock images"),
        ("source: 'a/b:1', prots: {80: 80}", "", "prots is not known"),
        ("source: 'a/b:1', ports: {web: 80}", "", "'web' is no port"),
        ("source: 'a/b:1'", ", Image: Bottlerocket", "there is no bootstrap for Bottlerocket"),
        ("ports: {80: 80}", "", "needs source"),
        ("source: 'a/b:1', mint_bucket: x, prots: {}", "", r"mint_bucket does not exist.*\nAnd: prots is not known"),
    ],
)
def test_what_a_stock_image_cannot_do_is_refused_by_name(config: str, more: str, said: str, compiles: Compiles) -> None:
    with pytest.raises(DefinitionError, match=said) as caught:
        made(compiles, config, f"InstanceType: t3.micro{more}")
    assert caught.value.where is not None
    assert ("Image" if more else "TaupageConfig") in caught.value.where.path


def test_what_has_no_effect_is_told(compiles: Compiles) -> None:
    compiled = made(compiles, "source: 'a/b:1', application_logrotate_interval: daily")
    assert any("application_logrotate_interval has no effect" in warning for warning in compiled.warnings)


def test_a_role_of_the_definition_is_not_changed_but_looked_at(sandbox: EmbeddedSandbox, compiles: Compiles) -> None:
    aws = Aws(endpoint=sandbox.endpoint)
    account = Account(aws)
    bound = compiles.bind(definition(group(more="InstanceType: t3.micro, IamRoles: [app-hello-world]")))
    compiled = compile(bound, account, images=Known())
    (warning,) = [warning for warning in compiled.warnings if "does not seem to allow" in warning]
    assert "logs:CreateLogStream" in warning
    assert "AppRole" not in compiled.template["Resources"]
    assert launch(compiled)["IamInstanceProfile"] == {"Name": {"Ref": "AppInstanceProfile"}}
    needed = ["logs:CreateLogStream", "logs:PutLogEvents", "cloudformation:SignalResource", *UNAVOIDABLE]
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": needed, "Resource": "*"}]}
    aws.call(
        "iam", "put_role_policy", RoleName="app-hello-world", PolicyName="all", PolicyDocument=json.dumps(document)
    )
    again = compile(bound, Account(aws), images=Known())
    assert not any("does not seem to allow" in warning for warning in again.warnings)
    sandbox.reset()


def test_no_image_in_this_region(sandbox: EmbeddedSandbox, compiles: Compiles) -> None:
    with pytest.raises(NotFound, match="no image of Ubuntu for x86_64 in us-west-2"):
        compile(
            compiles.bind(definition(group(more="InstanceType: t3.micro, Image: Ubuntu"))),
            Account(Aws("us-west-2", endpoint=sandbox.endpoint)),
        )
