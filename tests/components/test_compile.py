"""From a bound definition to a template: what is merged, told, hidden, and the same every time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from senza.account import Account
from senza.aws import Aws, Call
from senza.components import compile
from senza.definition import bind, load
from senza.errors import DefinitionError, NotFound
from senza.sandbox.embedded import EmbeddedSandbox
from tests.components.conftest import Compiles, definition

HELLO_WORLD = Path(__file__).parents[2] / "definitions" / "hello-world.yaml"


def hello_world(aws: Aws) -> Any:
    account = Account(aws)
    bound = bind(load(str(HELLO_WORLD)), "1", ["0.2"], region=lambda: account.region, account_info=account.info)
    return compile(bound, account)


def test_hello_world_needs_six_calls(seeded: EmbeddedSandbox) -> None:
    aws = Aws(endpoint=seeded.endpoint)
    compiled = hello_world(aws)
    assert sorted(aws.calls, key=str) == [
        Call("acm", "ListCertificates"),
        Call("ec2", "DescribeImages"),
        Call("ec2", "DescribeSecurityGroups"),
        Call("ec2", "DescribeSubnets"),
        Call("ec2", "DescribeVpcs"),
        Call("route53", "ListHostedZones"),
    ]
    assert compiled.parameters == {"ImageVersion": "0.2"}
    assert compiled.full_name == "hello-world-1"
    assert [record.name for record in compiled.weighted_records] == ["hello-world.hello.example.org."]


def test_plain_cloudformation_needs_no_calls(seeded: EmbeddedSandbox, compiles: Compiles) -> None:
    aws = Aws(endpoint=seeded.endpoint)
    compiles.account = Account(aws)
    compiled = compiles("SenzaInfo: {StackName: jobs}\nResources:\n  Jobs: {Type: 'AWS::SQS::Queue'}\n")
    assert compiled.template["Resources"] == {"Jobs": {"Type": "AWS::SQS::Queue"}}
    assert aws.calls == []


SCRIPT = """
import sys
from senza.account import Account
from senza.aws import Aws, Endpoint
from senza.components import compile
from senza.definition import bind, load
account = Account(Aws(endpoint=Endpoint(*sys.argv[2:6])))
bound = bind(load(sys.argv[1]), "1", ["0.2"], region=lambda: account.region, account_info=account.info)
sys.stdout.write(compile(bound, account).template_body())
"""


def test_the_same_bytes_whatever_the_hash_seed(seeded: EmbeddedSandbox) -> None:
    endpoint = seeded.endpoint
    arguments = [endpoint.url, endpoint.region, endpoint.access_key_id, endpoint.secret_access_key]
    bodies = set()
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT, str(HELLO_WORLD), *arguments],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        )
        bodies.add(done.stdout)
    assert bodies == {hello_world(Aws(endpoint=endpoint)).template_body().encode()}


def test_template_json_is_for_people(compiles: Compiles) -> None:
    compiled = compiles(definition(""))
    assert json.loads(compiled.template_json()) == json.loads(compiled.template_body())
    assert compiled.template_json().startswith('{\n    "AWSTemplateFormatVersion"')


def test_info_holds_what_a_mapping_may_hold(compiles: Compiles) -> None:
    compiled = compiles(
        "SenzaInfo:\n  StackName: my-app\n  Port: 80\n  Live: true\n  Zones: [a, b]\n  Nested: {a: [1]}\n  Empty: []\n"
    )
    info = compiled.template["Mappings"]["Senza"]["Info"]
    assert info == {"StackName": "my-app", "StackVersion": "1", "Port": "80", "Live": "true", "Zones": ["a", "b"]}
    assert compiled.template["Metadata"]["Senza"]["Info"]["Nested"] == {"a": [1]}


def test_metadata_and_maps_of_the_users_own_are_kept(compiles: Compiles) -> None:
    compiled = compiles(
        definition(
            "- C: {Type: Senza::Configuration, Images: {Base: {eu-central-1: ami-1}}}",
            rest="Metadata: {Owner: team}\n"
            "Mappings: {Images: {eu-central-1: {Other: ami-2}, eu-west-1: {Other: ami-3}}}\n",
        )
    )
    assert compiled.template["Metadata"]["Owner"] == "team"
    images = compiled.template["Mappings"]["Images"]
    assert images == {"eu-central-1": {"Base": "ami-1", "Other": "ami-2"}, "eu-west-1": {"Other": "ami-3"}}


@pytest.mark.parametrize("tags", ["{Team: cheese, Size: 3}", "[{Team: cheese}, {Size: 3}]"])
def test_tags(tags: str, compiles: Compiles) -> None:
    compiled = compiles(
        definition("", info=f"{{StackName: my-app, Tags: {tags}}}").replace("  {", " {"), extra_tags={"Size": "4"}
    )
    assert compiled.tags == {
        "Name": "my-app-1",
        "StackName": "my-app",
        "StackVersion": "1",
        "Team": "cheese",
        "Size": "4",
    }
    assert "Tags" not in compiled.template["Mappings"]["Senza"]["Info"]


@pytest.mark.parametrize("tags", ["[Team]", "{Team: [a]}", "{Team: }"])
def test_tags_that_are_none(tags: str, compiles: Compiles) -> None:
    with pytest.raises(DefinitionError, match="tag"):
        compiles(f"SenzaInfo: {{StackName: my-app, Tags: {tags}}}\n")


PARAMETERS = """\
SenzaInfo:
  StackName: my-app
  Parameters:
    - Size: {Description: how many, Type: Number, Default: 3}
    - Password: {Description: secret, NoEcho: true, Default: hunter-22}
"""


def test_parameters_are_passed_and_secrets_are_not_shown(compiles: Compiles) -> None:
    compiled = compiles(
        f"{PARAMETERS}SenzaComponents:\n  - C: {{Type: Senza::Configuration}}\n", "Password=correct-horse"
    )
    assert compiled.parameters == {"Size": "3", "Password": "correct-horse"}
    assert compiled.template["Description"] == "My App (Password: ****, Size: 3)"
    assert compiled.template["Parameters"]["Password"]["NoEcho"] is True
    metadata = json.dumps(compiled.template["Metadata"])
    assert "correct-horse" not in repr(compiled) + compiled.template_body()
    assert "hunter-22" not in metadata  # CloudFormation hides NoEcho defaults, but not metadata


def test_undeclared_parameters_are_not_passed(compiles: Compiles) -> None:
    compiled = compiles(
        f"{PARAMETERS}SenzaComponents:\n  - C: {{Type: Senza::Configuration, DefineParameters: false}}\n"
    )
    assert compiled.parameters == {}
    assert "Parameters" not in compiled.template


ELASTIGROUP = """\
SenzaComponents:
  - G: {Type: Senza::Elastigroup, InstanceType: t3.nano, SpotinstAccountId: act-1}
"""


def test_kms_values_become_parameters_nobody_sees(seeded: EmbeddedSandbox, compiles: Compiles) -> None:
    ciphertext = seeded.values["kms_ciphertext"]
    text = f"SenzaInfo:\n  StackName: my-app\n  SpotinstAccessToken: 'senza:kms:{ciphertext}'\n{ELASTIGROUP}"
    compiled = compiles(text)
    assert compiled.parameters == {"SpotinstAccessToken": "top secret"}
    assert compiled.template["Parameters"] == {"SpotinstAccessToken": {"Type": "String", "NoEcho": True}}
    assert compiled.template["Resources"]["G"]["Properties"]["accessToken"] == {"Ref": "SpotinstAccessToken"}
    assert "top secret" not in compiled.template_body() + repr(compiled)
    assert ciphertext not in compiled.template_body()


def test_a_secret_that_mustache_writes_into_a_text_is_a_reference(compiles: Compiles, sandbox: EmbeddedSandbox) -> None:
    ciphertext = sandbox.values["kms_ciphertext"]
    text = (
        f"SenzaInfo: {{StackName: my-app, Token: 'senza:kms:{ciphertext}'}}\n"
        "Resources:\n"
        "  Topic:\n"
        "    Type: AWS::SNS::Topic\n"
        "    Properties: {DisplayName: '{{SenzaInfo.Token}}', TopicName: 'a-{{SenzaInfo.Token}}-b'}\n"
    )
    result = compiles(text)
    assert result.template["Resources"]["Topic"]["Properties"] == {
        "DisplayName": {"Ref": "Token"},
        "TopicName": {"Fn::Join": ["", ["a-", {"Ref": "Token"}, "-b"]]},
    }
    assert result.parameters["Token"] == "top secret"
    assert "top secret" not in result.template_body()
    assert ciphertext not in result.template_body()


def test_kms_values_that_are_none(compiles: Compiles) -> None:
    with pytest.raises(DefinitionError, match="not base64") as caught:
        compiles(f"SenzaInfo:\n  StackName: my-app\n  SpotinstAccessToken: 'senza:kms:!!'\n{ELASTIGROUP}")
    assert caught.value.where is not None
    assert caught.value.where.line == 3


def test_operator_topic(compiles: Compiles, labels: dict[str, str]) -> None:
    entry = "SenzaComponents:\n  - App: {Type: Senza::AutoScalingGroup, Image: B, InstanceType: t3.nano}\n"
    compiled = compiles(f"SenzaInfo: {{StackName: my-app, OperatorTopicId: senza-operators}}\n{entry}")
    (arn,) = compiled.notification_arns
    assert labels[arn] == "<topic:senza-operators>"
    told = compiled.template["Resources"]["App"]["Properties"]["NotificationConfiguration"]
    assert told["TopicARN"] == arn
    with pytest.raises(NotFound, match='no SNS topic "nobody"') as caught:
        compiles("SenzaInfo:\n  StackName: my-app\n  OperatorTopicId: nobody\n")
    assert caught.value.where is not None
    assert caught.value.where.line == 3


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        ("{Type: 'AWS::SQS::Queue'}", ()),
        ("{Type: 'AWS::IAM::Role', Properties: {Path: /}}", ("CAPABILITY_IAM",)),
        ("{Type: 'AWS::IAM::Role', Properties: {RoleName: r}}", ("CAPABILITY_IAM", "CAPABILITY_NAMED_IAM")),
        ("{Type: 'AWS::IAM::User', Properties: {UserName: r}}", ("CAPABILITY_IAM", "CAPABILITY_NAMED_IAM")),
        (
            "{Type: 'AWS::IAM::ManagedPolicy', Properties: {ManagedPolicyName: r}}",
            ("CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"),
        ),
    ],
)
def test_capabilities(resource: str, expected: tuple[str, ...], compiles: Compiles) -> None:
    assert (
        compiles(f"SenzaInfo: {{StackName: my-app}}\nResources: {{A: {resource}, B: {resource}}}").capabilities
        == expected
    )


def test_transforms_need_a_capability(compiles: Compiles) -> None:
    compiled = compiles("SenzaInfo: {StackName: my-app}\nTransform: AWS::Serverless-2016-10-31\nResources: {}\n")
    assert compiled.capabilities == ("CAPABILITY_AUTO_EXPAND",)


def test_a_resource_beside_a_component_of_its_name(compiles: Compiles) -> None:
    """Classic: the component wins, without a word."""
    compiled = compiles(
        definition(
            "- App: {Type: Senza::AutoScalingGroup, Image: B, InstanceType: t3.nano}",
            rest="Resources: {App: {UpdatePolicy: {AutoScalingRollingUpdate: {}}}}",
        )
    )
    assert "UpdatePolicy" not in compiled.template["Resources"]["App"]
    assert any("App is made by the component App" in warning for warning in compiled.warnings)


@pytest.mark.parametrize(
    ("kind", "hint"),
    [
        ("Senza::AutoscalingGroup2", "Senza::AutoScalingGroup"),
        ("Senza::StupsAutoConfig", "Senza::StupsAutoConfiguration"),
        ("AWS::Foo::Bar", "belong under Resources"),
        ("Nothing", "There are Senza::AutoConfiguration"),
    ],
)
def test_an_unknown_type(kind: str, hint: str, compiles: Compiles) -> None:
    with pytest.raises(DefinitionError, match=f"no component type {kind}") as caught:
        compiles.component(f"- App: {{Type: {kind}}}")
    assert hint in caught.value.hint
    assert caught.value.where is not None
    assert caught.value.where.line == 5


@pytest.mark.parametrize("kind", ["Senza::IamRole", "Senza::IAMRole"])
def test_acronyms(kind: str, compiles: Compiles) -> None:
    assert compiles.component(f"- App: {{Type: {kind}}}")["App"]["Type"] == "AWS::IAM::Role"


def test_two_components_of_one_name(compiles: Compiles) -> None:
    with pytest.raises(DefinitionError, match="two components called App"):
        compiles.component("- App: {Type: Senza::IamRole}\n- App: {Type: Senza::IamRole}")


def test_no_components_at_all(compiles: Compiles) -> None:
    assert compiles("SenzaInfo: {StackName: my-app}\n").template["Mappings"]["Senza"]["Info"]["StackVersion"] == "1"


def test_a_vpc_without_what_is_asked(compiles: Compiles) -> None:
    with pytest.raises(NotFound, match="no VPC vpc-0") as caught:
        compiles.component("- C: {Type: Senza::SubnetAutoConfiguration, VpcId: vpc-0}")
    assert "team-vpc" in caught.value.hint
    with pytest.raises(DefinitionError, match="no subnets in eu-central-1z"):
        compiles.component("- C: {Type: Senza::SubnetAutoConfiguration, AvailabilityZones: eu-central-1z}")


def test_a_secret_parameter_may_be_given_as_ciphertext(seeded: EmbeddedSandbox, compiles: Compiles) -> None:
    ciphertext = f"senza:kms:{seeded.values['kms_ciphertext']}"
    text = (
        "SenzaInfo: {StackName: my-app, Parameters: [Password: {NoEcho: true, MaxLength: 20}, Note: {Default: x}]}\n"
        "SenzaComponents: [Configuration: {Type: Senza::StupsAutoConfiguration}]\n"
        "Resources:\n"
        "  Topic:\n"
        "    Type: AWS::SNS::Topic\n"
        "    Properties: {DisplayName: {Ref: Password}, TopicName: 'a-{{Arguments.Password}}-b'}\n"
    )
    compiled = compiles(text, f"Password={ciphertext}", f"Note={ciphertext}")
    assert compiled.parameters == {"Password": "top secret", "Note": ciphertext}  # only secrets stay secret
    assert compiled.template["Resources"]["Topic"]["Properties"]["TopicName"] == {
        "Fn::Join": ["", ["a-", {"Ref": "Password"}, "-b"]]
    }
    assert "top secret" not in compiled.template_body() + repr(compiled)
    with pytest.raises(DefinitionError, match=r"parameter Password cannot be decrypted: what follows .* not base64"):
        compiles(text, "Password=senza:kms:!!")


def test_a_node_and_a_cluster_of_redis_share_their_subnets(compiles: Compiles) -> None:
    redis = "CacheNodeType: cache.t3.small, SecurityGroups: [app-kio]"
    node = f"- Node: {{Type: Senza::RedisNode, {redis}}}\n"
    both = compiles(definition(f"{node}- Cluster: {{Type: Senza::RedisCluster, {redis}}}\n"))
    assert set(both.template["Resources"]) == {"RedisCacheCluster", "RedisReplicationGroup", "RedisSubnetGroup"}
    with pytest.raises(DefinitionError, match="Other and Node both make a resource RedisCacheCluster") as error:
        compiles(definition(node + node.replace("Node:", "Other:")))
    assert error.value.hint == "Make two stacks of them, or rename one of the components."
