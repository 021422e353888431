"""What the account says: quotas, permissions, names that are taken, instance types, certificates."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from senza.account import Account
from senza.aws import Aws
from senza.checks.gather import gather
from senza.checks.model import Subject
from senza.checks.online.ask import ask
from senza.checks.online.kinds import ONLINE
from senza.clock import Clock
from senza.doctor.facts import Facts
from senza.sandbox.embedded import EmbeddedSandbox
from tests.checks.conftest import completed

Told = list[tuple[str, str, str]]
Ask = Callable[..., Told]

LB = """
SenzaComponents:
- Lb:
    Type: Senza::ElasticLoadBalancer
    HTTPPort: 8080
    SecurityGroups: [app-kio-lb]
    Domains: {Main: {Type: weighted, Zone: hello.example.org., Subdomain: shop}}
"""


def group(kind: str, **scaling: int) -> str:
    limits = {"Minimum": 1, "Maximum": 2, **scaling}
    return f"""
SenzaComponents:
- App: {{Type: "Senza::AutoScalingGroup", Image: LatestTaupageImage, InstanceType: {kind}, AutoScaling: {limits}}}
"""


@pytest.fixture
def told(aws: Aws, clock: Clock, tmp_path: Path) -> Ask:
    """Severity, rule and message of what the account has against a definition."""

    def asked(text: str, version: str = "1") -> Told:
        path = tmp_path / "app.yaml"
        path.write_text(completed(text))
        account = Account(aws)
        gathered = gather(str(path), version, account=account)
        assert gathered.bound is not None
        assert gathered.compiled is not None
        subject = Subject(gathered.bound, gathered.compiled, gathered.region, gathered.zones)
        facts = Facts(aws, account, clock)
        found = ask(subject, aws, account, clock, version_given=bool(version), decisions=facts.decisions)
        assert all(finding.where.line for finding in found)
        return [(finding.severity, finding.rule, finding.message) for finding in found]

    return asked


@pytest.mark.parametrize("text", [LB, group("t3.micro")])
def test_a_fresh_account_has_nothing_against_it(told: Ask, text: str) -> None:
    assert told(text) == []


def test_vcpus_for_now_and_for_later(told: Ask, aws: Aws, sandbox: EmbeddedSandbox) -> None:
    name = "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances"
    now = f"{name}: 64 vCPUs are allowed, 0 are used, and the stack starts with 80"
    assert told(group("m5.4xlarge", Minimum=5, Maximum=5)) == [("error", "SZ601", now)]
    later = f"{name}: 64 vCPUs are allowed, 0 are used, and the stack may grow to 80"
    assert told(group("m5.4xlarge", Maximum=5)) == [("warning", "SZ601", later)]
    assert told(group("m5.4xlarge", Maximum=4)) == []
    image = next(ident for ident, label in sandbox.labels.items() if label.startswith("<ami:"))
    subnet = sandbox.values["subnets"]["internal-eu-central-1a"]
    aws.call("ec2", "run_instances", ImageId=image, InstanceType="m5.xlarge", SubnetId=subnet, MinCount=1, MaxCount=1)
    ((_, _, used),) = told(group("m5.4xlarge", Maximum=4))
    assert "4 are used, and the stack may grow to 64" in used


def balancer(aws: Aws, sandbox: EmbeddedSandbox, name: str) -> None:
    aws.call(
        "elb",
        "create_load_balancer",
        LoadBalancerName=name,
        Listeners=[{"Protocol": "TCP", "LoadBalancerPort": 80, "InstancePort": 80}],
        Subnets=[sandbox.values["subnets"]["internal-eu-central-1a"]],
    )


def test_load_balancers_are_counted(told: Ask, aws: Aws, sandbox: EmbeddedSandbox) -> None:
    for number in range(20):
        balancer(aws, sandbox, f"other-{number}")
    message = "the account may have 20 classic load balancers in this region, has 20, and the stack needs 1 more"
    assert told(LB) == [("error", "SZ601", message)]


def test_names_are_taken(told: Ask, aws: Aws, sandbox: EmbeddedSandbox) -> None:
    balancer(aws, sandbox, "example-1")
    (zone,) = sandbox.values["zone_ids"].values()
    record: dict[str, Any] = {"Name": "shop.hello.example.org.", "Type": "CNAME", "TTL": 60}
    record["ResourceRecords"] = [{"Value": "example.org"}]
    batch = {"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]}
    aws.call("route53", "change_resource_record_sets", HostedZoneId=zone, ChangeBatch=batch)
    assert told(LB) == [
        ("error", "SZ603", "there is a load balancer example-1 already"),
        ("error", "SZ603", "shop.hello.example.org has a record of type CNAME, and a CNAME stands alone"),
    ]
    assert told(LB, "") == []  # without a version nobody knows the names


@pytest.mark.parametrize(
    ("there", "message"),
    [
        ({}, "shop.hello.example.org has a record without weights already, and cannot have both"),
        ({"Weight": 0, "SetIdentifier": "example-1"}, "shop.hello.example.org has a record of example-1 already"),
        ({"Weight": 200, "SetIdentifier": "example-0"}, ""),
    ],
)
def test_records_of_that_name(
    told: Ask, aws: Aws, sandbox: EmbeddedSandbox, there: dict[str, Any], message: str
) -> None:
    (zone,) = sandbox.values["zone_ids"].values()
    record = {"Name": "shop.hello.example.org.", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "10.0.0.1"}]}
    batch = {"Changes": [{"Action": "CREATE", "ResourceRecordSet": {**record, **there}}]}
    aws.call("route53", "change_resource_record_sets", HostedZoneId=zone, ChangeBatch=batch)
    assert told(LB) == ([("error", "SZ603", message)] if message else [])


def test_a_stack_that_exists_is_to_be_updated(told: Ask, aws: Aws) -> None:
    body = '{"Resources": {"Jobs": {"Type": "AWS::SQS::Queue"}}}'
    aws.call("cloudformation", "create_stack", StackName="example-1", TemplateBody=body)
    assert told(group("m5.4xlarge", Minimum=5, Maximum=5)) == [
        ("warning", "SZ603", "there is a stack example-1 already"),
    ]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("t3.mikro", ("error", "SZ604", "t3.mikro is not offered in eu-central-1")),
        ("c3.large", ("warning", "SZ604", "c3.large is not offered in eu-central-1c")),
    ],
)
def test_instance_types_in_the_zones(told: Ask, kind: str, expected: tuple[str, str, str]) -> None:
    assert told(group(kind)) == [expected]


def test_one_of_several_instance_types(told: Ask) -> None:
    policy = {
        "LaunchTemplate": {
            "LaunchTemplateSpecification": {"LaunchTemplateId": {"Ref": "AppConfig"}, "Version": "1"},
            "Overrides": [{"InstanceType": "m5.large"}, {"InstanceType": "t3.mikro"}],
        }
    }
    text = group("m5.4xlarge", Maximum=50).replace(
        "InstanceType: m5", f"MixedInstancesPolicy: {policy}, InstanceType: m5"
    )
    assert told(text) == [("warning", "SZ604", "t3.mikro is not offered in eu-central-1")]


def test_a_certificate_for_something_else(told: Ask, aws: Aws) -> None:
    listed = aws.call("acm", "list_certificates")["CertificateSummaryList"]
    (other,) = [item["CertificateArn"] for item in listed if item["DomainName"] == "*.unrelated.example.net"]
    text = LB.replace("HTTPPort: 8080", f"HTTPPort: 8080\n    SSLCertificateId: '{other}'")
    message = "the certificate of Lb is for *.unrelated.example.net, not for shop.hello.example.org"
    assert told(text) == [("error", "SZ605", message)]


def test_permissions_of_this_very_stack(told: Ask, sandbox: EmbeddedSandbox) -> None:
    sandbox.settings.denied = ["autoscaling:CreateAutoScalingGroup", "sqs:CreateQueue"]
    expected = ("warning", "SZ602", "not allowed for all resources: autoscaling:CreateAutoScalingGroup")
    assert told(group("t3.micro")) == [expected]
    assert told(LB) == []


def test_what_cannot_be_looked_at_is_told_and_the_rest_goes_on(told: Ask, sandbox: EmbeddedSandbox) -> None:
    sandbox.settings.denied = ["servicequotas:*", "service-quotas:*", "iam:SimulatePrincipalPolicy"]
    found = told(group("t3.mikro"))
    assert [(rule, message.split(":")[0]) for _, rule, message in found] == [
        ("SZ003", "could not look at permissions"),
        ("SZ604", "t3.mikro is not offered in eu-central-1"),
    ]
    _, _, unknown = told(group("t3.micro"))[0]
    assert unknown.startswith("could not look at quotas of vCPUs: service-quotas GetServiceQuota failed")


def test_every_kind_is_found_by_some_test() -> None:
    text = Path(__file__).read_text()
    assert [kind.id for kind in ONLINE if f'"{kind.id}"' not in text] == []


def test_a_role_that_does_not_exist(told: Ask) -> None:
    def with_roles(roles: str) -> str:
        return group("t3.micro").replace("Image:", f"IamRoles: {roles}, Image:")

    assert told(with_roles("[app-nobody]")) == [("error", "SZ606", 'there is no IAM role "app-nobody"')]
    assert told(with_roles("[app-kio]")) == []
    made = "\nResources: {Role: {Type: 'AWS::IAM::Role', Properties: {RoleName: app-new}}}"
    assert "SZ606" not in [rule for _, rule, _ in told(with_roles("[app-new]") + made)]
