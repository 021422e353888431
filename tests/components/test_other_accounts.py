"""Accounts that are not as tidy as the seeded one."""

from __future__ import annotations

from typing import Any

import pytest

from senza.account import Account
from senza.aws import Aws
from senza.errors import NotFound, UsageError
from senza.sandbox.certificates import certificate
from senza.sandbox.embedded import EmbeddedSandbox
from tests.components.conftest import Compiles

WEIGHTED = "- Lb: {Type: Senza::WeightedDnsElasticLoadBalancer, HTTPPort: 80, SecurityGroups: [sg-1]%s}"


@pytest.fixture
def changed(sandbox: EmbeddedSandbox, compiles: Compiles) -> Aws:
    """The door to an account that the test changes before ``compiles`` sees it."""
    aws = Aws(endpoint=sandbox.endpoint)
    compiles.account = Account(aws)
    return aws


def test_several_hosted_zones(changed: Aws, compiles: Compiles) -> None:
    changed.call("route53", "create_hosted_zone", Name="example.net.", CallerReference="second")
    with pytest.raises(UsageError, match=r"several hosted zones: example\.net, hello\.example\.org") as caught:
        compiles.component(WEIGHTED % "")
    assert "MainDomain" in caught.value.hint
    told = compiles.component(WEIGHTED % ", MainDomain: a.hello.example.org, VersionDomain: b.example.net")
    assert told["LbMainDomain"]["Properties"]["HostedZoneName"] == "hello.example.org."
    assert told["LbVersionDomain"]["Properties"]["HostedZoneName"] == "example.net."


def test_the_longest_zone_counts_by_whole_labels(changed: Aws, compiles: Compiles) -> None:
    for name in ("example.org.", "o.example.org."):
        changed.call("route53", "create_hosted_zone", Name=name, CallerReference=name)
    domains = ", MainDomain: shop.hello.example.org, VersionDomain: hello.o.example.org"
    told = compiles.component(WEIGHTED % domains)
    assert told["LbMainDomain"]["Properties"]["HostedZoneName"] == "hello.example.org."
    assert told["LbVersionDomain"]["Properties"]["HostedZoneName"] == "o.example.org."


def new_vpc(aws: Aws, name: str) -> str:
    ident: str = aws.call("ec2", "create_vpc", CidrBlock="10.7.0.0/16")["Vpc"]["VpcId"]
    aws.call("ec2", "create_tags", Resources=[ident], Tags=[{"Key": "Name", "Value": name}])
    return ident


def new_group(aws: Aws, vpc: str, name: str) -> str:
    answer = aws.call("ec2", "create_security_group", GroupName=name, Description="test", VpcId=vpc)
    ident: str = answer["GroupId"]
    return ident


def test_several_vpcs(changed: Aws, compiles: Compiles, sandbox: EmbeddedSandbox) -> None:
    other = new_vpc(changed, "other")
    with pytest.raises(UsageError, match=r"several VPCs and none of them is the default") as caught:
        compiles.component("- C: {Type: Senza::SubnetAutoConfiguration}")
    assert "VpcId" in caught.value.hint
    with pytest.raises(NotFound, match=f"VPC {other} has no subnets"):
        compiles.component(f"- C: {{Type: Senza::SubnetAutoConfiguration, VpcId: {other}}}")
    compiles.component(f"- C: {{Type: Senza::SubnetAutoConfiguration, VpcId: {sandbox.values['vpc_id']}}}")


GROUP = "- App: {Type: Senza::AutoScalingGroup, Image: B, InstanceType: t3.nano, SecurityGroups: [app-kio]}"


def test_a_security_group_of_the_same_name_in_another_vpc(
    changed: Aws, compiles: Compiles, sandbox: EmbeddedSandbox
) -> None:
    mine = sandbox.values["vpc_id"]
    other = new_vpc(changed, "other")
    theirs = new_group(changed, other, "app-kio")

    def groups(components: str) -> Any:
        data = compiles.component(components)["AppConfig"]["Properties"]["LaunchTemplateData"]
        return data["NetworkInterfaces"][0]["Groups"]

    network = f"- C: {{Type: Senza::SubnetAutoConfiguration, VpcId: {mine}}}\n"
    (found,) = groups(network + GROUP)
    assert found != theirs
    assert sandbox.labels[found] == "<sg:app-kio>"
    with pytest.raises(UsageError, match="several VPCs"):
        groups(GROUP)


def test_no_taupage_image(changed: Aws, compiles: Compiles) -> None:
    for image in changed.call("ec2", "describe_images", Filters=[{"Name": "name", "Values": ["Taupage*"]}])["Images"]:
        changed.call("ec2", "deregister_image", ImageId=image["ImageId"])
    with pytest.raises(NotFound, match="no Taupage image"):
        compiles.component("- C: {Type: Senza::StupsAutoConfiguration}")


def test_other_stacks(changed: Aws, compiles: Compiles, sandbox: EmbeddedSandbox) -> None:
    template = (
        '{"Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "theirs"}}},'
        '"Outputs": {"Name": {"Value": "the-name"}}}'
    )
    sandbox.settings.default_seconds = 60
    changed.call("cloudformation", "create_stack", StackName="other-1", TemplateBody=template)
    entry = (
        "- App: {Type: Senza::TaupageAutoScalingGroup, InstanceType: t3.nano, SecurityGroups: [{Stack: %s, %s}],"
        " TaupageConfig: {runtime: Docker, source: 'a/b:1', environment: {NAME: {Stack: other-1, Output: Name}}}}"
    )
    with pytest.raises(NotFound, match="is not complete"):
        compiles.component(entry % ("other-1", "LogicalId: Topic"))
    sandbox.advance(3600)
    compiles.account = Account(changed)
    data = compiles.component(entry % ("other-1", "LogicalId: Topic"))["AppConfig"]["Properties"]["LaunchTemplateData"]
    assert data["NetworkInterfaces"][0]["Groups"][0].endswith(":theirs")
    assert "NAME: the-name" in data["UserData"]["Fn::Base64"]
    for wrong, message in (
        (("none-1", "LogicalId: Topic"), 'no stack "none-1"'),
        (("other-1", "LogicalId: Nothing"), 'no resource "Nothing"'),
        (("other-1", "Output: Nothing"), 'no output "Nothing"'),
    ):
        with pytest.raises(NotFound, match=message) as caught:
            compiles.component(entry % wrong)
        assert caught.value.where is not None
        assert caught.value.where.path[-2:] == ("SecurityGroups", 0)


def test_flatcar_from_its_publisher_where_the_parameter_is_not_there(changed: Aws, compiles: Compiles) -> None:
    compiled = compiles("SenzaInfo: {StackName: x}\nSenzaComponents:\n  - C: {Type: Senza::CoreosAutoConfiguration}\n")
    images = compiled.template["Mappings"]["Images"]["eu-central-1"]
    assert images == {"LatestCoreOSImage": "ami-0a000000000000042"}  # the newest by date, which is not the last by name
    assert [call.operation for call in changed.calls if "Image" in call.operation] == ["DescribeImages"]


def test_an_imported_certificate_is_one_like_any_other(changed: Aws, compiles: Compiles) -> None:
    """Classic: one anywhere in the account crashes every HTTPS load balancer."""
    pem = certificate(("shop.other.example.com",))
    arn = changed.call("acm", "import_certificate", Certificate=pem.certificate, PrivateKey=pem.key)["CertificateArn"]
    entry = (
        "- Lb: {Type: Senza::ElasticLoadBalancer, HTTPPort: 80, SecurityGroups: [sg-1],"
        " Domains: {Main: {Type: weighted, Zone: other.example.com., Subdomain: shop}}}"
    )
    assert compiles.component(entry)["Lb"]["Properties"]["Listeners"][0]["SSLCertificateId"] == arn
