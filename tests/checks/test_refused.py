"""What AWS refuses when half of a stack is made: found before anything is sent, with the place and what to do."""

from __future__ import annotations

import pytest

from senza.checks.model import Finding
from senza.checks.rules.disks import disk_problems
from senza.checks.rules.listeners import lonely, may_be_policy
from senza.checks.rules.scaling import cron_problem
from tests.checks.conftest import Judge

LB = "Type: Senza::%s, SecurityGroups: [app-lb], SSLCertificateId: example-org"
ALB = f"SenzaComponents: [{{Lb: {{{LB % 'ElasticLoadBalancerV2'}, HTTPPort: 8080, %s}}}}]"
NLB = f"SenzaComponents: [{{Lb: {{{LB % 'NetworkLoadBalancer'}, TargetPort: 8080, %s}}}}]"
GROUP = "SenzaComponents: [{Web: {Type: Senza::AutoScalingGroup, Image: Base, %s}}]"
ONE = "InstanceType: m7i.large, %s"
AUTO = ONE % "AutoScaling: {Minimum: 1, Maximum: 4, %s}"
OIDC = (
    "OIDC: {Issuer: 'https://x', AuthorizationEndpoint: 'https://x', TokenEndpoint: 'https://x', "
    "UserInfoEndpoint: 'https://x', ClientId: x, ClientSecret: '{{=<% %>=}}{{resolve:secretsmanager:x}}'}"
)


def attributes(**given: str) -> str:
    items = ", ".join(f"{{Key: {key.replace('__', '.')}, Value: '{value}'}}" for key, value in given.items())
    return f"[{items}]"


def of_group(**given: str) -> str:
    return f"TargetGroupAttributes: {attributes(**given)}"


def of_balancer(**given: str) -> str:
    return f"LoadBalancerAttributes: {attributes(**given)}"


def errors(text: str, judge: Judge) -> list[Finding]:
    return [
        finding for finding in judge(text).findings if finding.rule.startswith("SZ3") and finding.severity == "error"
    ]


SLOW = {"slow_start__duration_seconds": "60"}
STICKY = {"stickiness__enabled": "true"}
ALGORITHM = "load_balancing__algorithm__type"
UDP = "Listeners: [{Port: 53, Protocol: UDP, TargetPort: 53}]"
TOLD = "NotificationTargetARN: 'arn:aws:%s:eu-central-1:123456789012:x'"
REFUSED = [
    ("SZ303", ALB % of_group(**SLOW, **{ALGORITHM: "least_outstanding_requests"}), "exclude each other"),
    ("SZ303", ALB % of_group(slow_start__duration_seconds="10"), "cannot be '10'"),
    ("SZ303", ALB % of_group(load_balancing__algorithm__anomaly_mitigation="on"), "needs the algorithm"),
    ("SZ303", ALB % of_group(**STICKY, stickiness__type="app_cookie"), "name of the application's cookie"),
    ("SZ303", ALB % of_group(proxy_protocol_v2__enabled="true"), "has no proxy_protocol_v2.enabled"),
    ("SZ303", ALB % of_balancer(idle_timeout__seconds="60"), "no attribute idle_timeout.seconds"),
    ("SZ303", ALB % of_balancer(idle_timeout__timeout_seconds="5000"), "cannot be '5000'"),
    ("SZ303", ALB % of_balancer(load_balancing__cross_zone__enabled="false"), "always balances across zones"),
    ("SZ303", NLB % of_balancer(idle_timeout__timeout_seconds="60"), "a network load balancer has no"),
    ("SZ303", NLB % f"Listeners: [{{Port: 1, Protocol: TLS, TargetProtocol: TLS}}], {of_group(**STICKY)}", "sticky"),
    ("SZ303", NLB % f"{UDP}, {of_group(preserve_client_ip__enabled='false')}", "UDP always preserves"),
    ("SZ304", ALB % "Matcher: {GrpcCode: '0'}", "speaks no gRPC"),
    ("SZ304", ALB % "ProtocolVersion: GRPC, Matcher: {HttpCode: '200'}", "speaks gRPC"),
    ("SZ304", ALB % "HealthCheckIntervalSeconds: 5", "waits 5 s"),
    ("SZ304", NLB % "HealthCheckTimeoutSeconds: 11", "waits 11 s"),
    ("SZ304", NLB % "Matcher: {HttpCode: '200'}", "asks for nothing"),
    ("SZ305", ALB % "ProtocolVersion: HTTP2, Listeners: [{Port: 80, Protocol: HTTP}]", "HTTP2 needs an HTTPS listener"),
    ("SZ304", ALB % "Matcher: {HttpCode: '200,700'}", "cannot be the codes"),
    (
        "SZ305",
        (ALB % "TargetType: ip").removesuffix("]")
        + ", {Web: {Type: Senza::AutoScalingGroup, Image: Base, InstanceType: m7i.large, ElasticLoadBalancerV2: Lb}}]",
        "of type ip",
    ),
    ("SZ307", ALB % "Listeners: [{Port: 80, Protocol: TCP}]", "no listener of an application load balancer speaks TCP"),
    ("SZ307", ALB % "Protocol: HTTP, Port: 80, SslPolicy: ELBSecurityPolicy-TLS13-1-3-2021-06", "has no SslPolicy"),
    ("SZ307", ALB % "Certificates: [{CertificateArn: a}, {CertificateArn: b}]", "takes one certificate"),
    ("SZ307", ALB % "HTTPS: {}, Port: 80", "both listen on port 80"),
    ("SZ305", ALB % f"ProtocolVersion: HTTP2, {OIDC}", "nobody can log in"),
    ("SZ306", ALB % "LoadBalancerName: internal-shop", "called internal-shop"),
    ("SZ307", NLB % "Listeners: [{Port: 53, Protocol: TCP}, {Port: 53, Protocol: UDP}]", "both listen on port 53"),
    ("SZ307", NLB % "Listeners: [{Port: 53, Protocol: TLS, AlpnPolicy: HTTP2}]", "no ALPN policy HTTP2"),
    ("SZ307", NLB % "Listeners: [{Port: 5, Protocol: TLS, AlpnPolicy: [None, HTTP2Only]}]", "one ALPN policy only"),
    ("SZ307", NLB % "Listeners: [{Port: 53, Protocol: TLS, SslPolicy: TLS13}]", "no security policy TLS13"),
    ("SZ308", ALB % "IpAddressType: dualstack-without-public-ipv4", "an internal load balancer"),
    ("SZ309", ALB % "Subnets: [subnet-1]", "needs two"),
    ("SZ311", GROUP % (ONE % "WarmPool: {}, InstanceMarketOptions: {MarketType: spot}"), "cannot have spot"),
    ("SZ311", GROUP % (ONE % "WarmPool: {MinSize: 5, MaxGroupPreparedCapacity: 2}"), "5 instances at least"),
    ("SZ312", GROUP % (ONE % "LifecycleHooks: {x: {Transition: launching, HeartbeatTimeout: 9000}}"), "is 9000"),
    ("SZ312", GROUP % (ONE % f"LifecycleHooks: {{x: {{Transition: launching, {TOLD % 'sqs'}}}}}"), "no RoleARN"),
    ("SZ314", GROUP % "InstanceRequirements: {VCpuCount: {Min: 8, Max: 2}, MemoryMiB: 1}", "8 to 2"),
    (
        "SZ314",
        GROUP % "InstanceRequirements: {VCpuCount: 1, MemoryMiB: 1, AllowedInstanceTypes: [m*], "
        "ExcludedInstanceTypes: [c*]}",
        "exclude each other",
    ),
    ("SZ314", GROUP % (ONE % "Spot: {OnDemandBase: -1}"), "OnDemandBase cannot be -1"),
    ("SZ314", GROUP % (ONE % "Spot: {MaxPrice: cheap}"), "'cheap' is no price"),
    ("SZ315", GROUP % (AUTO % "Targets: {Metric: NetworkIn, Value: 0}"), "cannot be held"),
    (
        "SZ315",
        GROUP % (AUTO % "Targets: {Value: 5, CustomizedMetricSpecification: {MetricName: Jobs}}"),
        "needs Namespace and Statistic",
    ),
    ("SZ315", GROUP % (AUTO % "Predictive: {Metric: CPU, Value: 200}"), "200.0 percent of CPU"),
    ("SZ315", GROUP % (AUTO % "Predictive: {Metric: CPU, Value: 9, SchedulingBufferTime: 3600}"), "less than the hour"),
    (
        "SZ315",
        GROUP % (AUTO % "Predictive: {Metric: CPU, Value: 9, MaxCapacityBreachBehavior: IncreaseMaxCapacity}"),
        "need each other",
    ),
    ("SZ316", GROUP % (AUTO % "Schedule: {A: {Recurrence: 0 27 * * *, Minimum: 2}}"), "27 is no hour"),
    ("SZ316", GROUP % (AUTO % "Schedule: {A: {StartTime: tomorrow, Minimum: 2}}"), "'tomorrow' is no time"),
    (
        "SZ316",
        GROUP % (AUTO % "Schedule: {A: {Recurrence: 0 7 * * *, Maximum: 3, DesiredCapacity: 4}}"),
        "must not be less",
    ),
]


@pytest.mark.parametrize(("rule", "text", "message"), REFUSED)
def test_it_is_refused_with_its_place(rule: str, text: str, message: str, judge: Judge) -> None:
    (found,) = errors(text, judge)
    assert found.rule == rule
    assert message in found.message
    assert found.hint
    assert found.severity == "error"
    assert found.where.path[:1] == ("SenzaComponents",)


COOKIE = (
    "TargetGroupAttributes: [{Key: stickiness.enabled, Value: 'true'}, {Key: stickiness.type, Value: app_cookie}, %s]"
)
FINE = [
    ALB % of_group(**SLOW, deregistration_delay__timeout_seconds="0", some__day__new="x"),
    ALB % of_group(**{ALGORITHM: "weighted_random"}, load_balancing__algorithm__anomaly_mitigation="on"),
    ALB % of_balancer(deletion_protection__enabled="true", idle_timeout__timeout_seconds="4000"),
    ALB % "ProtocolVersion: GRPC, Matcher: {GrpcCode: 0-5}, HTTPS: {}",
    ALB % "TargetGroupAttributes: [{Key: {Ref: 'AWS::Region'}, Value: x}, {Key: stickiness.type, Value: {Ref: X}}]",
    ALB % "IpAddressType: dualstack-without-public-ipv4, Scheme: internet-facing",
    NLB % "HealthCheckTimeoutSeconds: 10",
    NLB % "HealthCheckProtocol: HTTP, Matcher: {HttpCode: 200-599}",
    ALB % "Matcher: {HttpCode: '200,204-299'}",
    NLB % f"{UDP}, {of_group(preserve_client_ip__enabled='true')}",
    NLB % "Listeners: [{Port: 53, Protocol: TCP_UDP}, {Port: 54, Protocol: TLS, AlpnPolicy: HTTP2Only}]",
    NLB % "Subnets: [subnet-1]",
    GROUP % "InstanceTypes: [m7i.large, m6a.large], WarmPool: {MinSize: 1}",
    GROUP % (ONE % "WarmPool: {PoolState: Hibernated}, HibernationOptions: {Configured: true}"),
    GROUP % (AUTO % "Schedule: {A: {Recurrence: 0 7 * * MON-FRI, Minimum: 6, Maximum: 8}}"),
    GROUP % (AUTO % "Schedule: {A: {StartTime: '2030-01-01T00:00:00Z', Minimum: 2}}"),
    GROUP % (AUTO % "Schedule: {A: {StartTime: 2030-01-01T00:00:00Z, Minimum: 2}}"),
    GROUP % (AUTO % "Schedule: {A: {StartTime: '2030-01-01T00:00:00', Minimum: 2}}"),
    GROUP % (ONE % f"LifecycleHooks: {{x: {{Transition: launching, {TOLD % 'lambda'}}}}}"),
    ALB % of_balancer(deletion_protection__enabled="True", routing__http__xff_server_port__enabled="true"),
    ALB % "Protocol: HTTP, Port: 80, Certificates: []",
]
FUNCTIONS = [
    ALB % (COOKIE % "{Key: stickiness.app_cookie.cookie_name, Value: {Ref: X}}"),
    ALB % (COOKIE % "{'Fn::If': [X, {Key: stickiness.app_cookie.cookie_name, Value: x}, {Ref: 'AWS::NoValue'}]}"),
    ALB % "TargetGroupAttributes: [{Key: load_balancing.algorithm.type, Value: {Ref: X}}, "
    "{Key: load_balancing.algorithm.anomaly_mitigation, Value: 'on'}]",
    ALB % "SslPolicy: '{{resolve:ssm:/tls/policy}}', Matcher: {HttpCode: '{{resolve:ssm:/codes}}'}",
    ALB % "TargetGroupAttributes: [{Key: slow_start.duration_seconds, Value: '{{resolve:ssm:/slow}}'}]",
    ALB % "Protocol: HTTP, Port: 80, Certificates: [{'Fn::If': [X, {CertificateArn: a}, {Ref: 'AWS::NoValue'}]}]",
    NLB % "HealthCheckProtocol: {Ref: X}, HealthCheckPath: /health",
    NLB % "HealthCheckPath: {'Fn::If': [X, /health, {Ref: 'AWS::NoValue'}]}",
    GROUP % (ONE % "WarmPool: {PoolState: Hibernated}, HibernationOptions: {Configured: {Ref: X}}"),
    GROUP % (AUTO % "Targets: {Value: 5, CustomizedMetricSpecification: {'Fn::If': [X, {a: b}, {c: d}]}}"),
    GROUP % (AUTO % "Predictive: {Metric: CPU, Value: 9, MaxCapacityBreachBehavior: {Ref: X}, MaxCapacityBuffer: 9}"),
]


@pytest.mark.parametrize("text", [*FINE, *FUNCTIONS])
def test_what_aws_takes_is_left_alone(text: str, judge: Judge) -> None:
    assert errors(text, judge) == []


def test_two_listeners_on_exclusive_conditions_may_have_one_port(judge: Judge) -> None:
    listener = "{Type: AWS::ElasticLoadBalancingV2::Listener, %s Properties: {LoadBalancerArn: {Ref: Lb}, Port: 9}}"
    text = "Conditions: {Live: {'Fn::Equals': [a, b]}}\nResources:\n  A: %s\n  B: %s\n" + ALB % "HTTPS: {}"
    assert [one.rule for one in errors(text % (listener % "", listener % ""), judge)] == ["SZ307"]
    assert errors(text % (listener % "", listener % "Condition: Live,"), judge) == []


def test_a_mistake_of_one_listener_is_told_at_its_line(judge: Judge) -> None:
    (found,) = errors(NLB % "Listeners: [{Port: 1, Protocol: TCP}, {Port: 2, Protocol: TLS, AlpnPolicy: x}]", judge)
    assert found.where.path[-3:] == ("Listeners", 1, "AlpnPolicy")


LOGS = "\nResources: {Logs: {Type: 'AWS::S3::Bucket'%s}, Policy: {Type: 'AWS::S3::BucketPolicy', Properties: %s}}"
POLICY = "{Bucket: {Ref: Logs}, PolicyDocument: {Statement: [{Principal: {Service: %s}, Action: 's3:PutObject'}]}}"
KMS = (
    ", Properties: {BucketEncryption: {ServerSideEncryptionConfiguration: "
    "[{ServerSideEncryptionByDefault: {SSEAlgorithm: 'aws:kms'}}]}}"
)


@pytest.mark.parametrize(
    ("balancer", "writer", "encryption", "message"),
    [
        (ALB, "logdelivery.elasticloadbalancing.amazonaws.com", "", ""),
        (NLB, "delivery.logs.amazonaws.com", "", ""),
        (NLB, "delivery.logs.amazonaws.com", KMS, ""),
        (ALB, "delivery.logs.amazonaws.com", "", "let logdelivery.elasticloadbalancing.amazonaws.com write"),
        (NLB, "logdelivery.elasticloadbalancing.amazonaws.com", "", "let delivery.logs.amazonaws.com write"),
        (ALB, "logdelivery.elasticloadbalancing.amazonaws.com", KMS, "encrypted by KMS"),
    ],
)
def test_each_kind_has_its_own_writer_of_logs(
    balancer: str, writer: str, encryption: str, message: str, judge: Judge
) -> None:
    text = balancer % "AccessLogs: {Ref: Logs}" + LOGS % (encryption, POLICY % writer)
    assert [message in found.message for found in errors(text, judge)] == ([True] if message else [])


@pytest.mark.parametrize(
    "policy",
    [
        "{Bucket: {Ref: Logs}, PolicyDocument: {Statement: {Principal: {AWS: '054676820928'}}}}",
        "{Bucket: {Ref: Logs}, PolicyDocument: {Statement: [{Principal: {AWS: {Ref: X}}, Action: 's3:PutObject'}]}}",
        "{Bucket: {Ref: Logs}, PolicyDocument: {Statement: [{'Fn::If': [X, {Principal: '*'}, {Ref: X}]}]}}",
        "{Bucket: {Ref: Logs}, PolicyDocument: {'Fn::Transform': {Name: 'AWS::Include'}}}",
        "{Bucket: acme-logs, PolicyDocument: {Statement: [{Principal: '*', Action: 's3:PutObject'}]}}",
    ],
)
def test_policies_that_may_let_the_balancer_write(policy: str, judge: Judge) -> None:
    assert errors(ALB % "AccessLogs: {Ref: Logs}" + LOGS % ("", policy), judge) == []


def test_logs_that_are_switched_off_need_no_policy(judge: Judge) -> None:
    off = "AccessLogs: {Ref: Logs}, LoadBalancerAttributes: [{Key: access_logs.s3.enabled, Value: 'false'}]"
    assert errors(ALB % off + "\nResources: {Logs: {Type: 'AWS::S3::Bucket'}}", judge) == []


def test_in_a_local_zone_a_balancer_stands_alone() -> None:
    assert lonely(1, ())
    assert lonely(1, ("eu-central-1a",))
    assert lonely(2, ("eu-central-1a", "eu-central-1a"))
    assert not lonely(1, ("us-west-2-lax-1a",))
    assert not lonely(2, ("eu-central-1a",))


def test_policies_that_may_be_newer_than_we_are_pass() -> None:
    assert may_be_policy("ELBSecurityPolicy-TLS13-1-2-Res-2021-06")
    assert may_be_policy("ELBSecurityPolicy-2016-08")
    assert may_be_policy("ELBSecurityPolicy-TLS13-1-2-FIPS-PQ-2025-09")
    assert may_be_policy("ELBSecurityPolicy-TLS14-2030-01")
    assert not may_be_policy("ELBSecurityPolicy-TLS13-1-2")
    assert not may_be_policy("ELBSecurityPolicy-TLS-1-2-2018-06")
    assert not may_be_policy("TLS-1-2-2030-06")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("0 7 * * MON-FRI", ""),
        ("*/5 0-6,22 1 JAN,dec 0", ""),
        ("0 12 * * 7", ""),
        ("0 12 ? * MON", ""),
        ("", ""),
        ("60 * * * *", "60 is no minute"),
        ("0 0 0 * *", "0 is no day of month"),
        ("0 0 * 13 *", "13 is no month"),
        ("0 0 * * FOO", "FOO is no day of week"),
        ("*/0 * * * *", "*/0 is no minute"),
        ("1-2-3 * * * *", "1-2-3 is no minute"),
        ("0 7 * *", "no cron expression of five fields"),
        (", * * * *", "is no minute"),
    ],
)
def test_cron_expressions(text: str, problem: str) -> None:
    found = cron_problem(text)
    assert problem in found
    assert bool(found) == bool(problem)


@pytest.mark.parametrize(
    ("disk", "message"),
    [
        ({"VolumeType": "gp3", "VolumeSize": 100, "Throughput": 750}, ""),
        ({"VolumeType": "gp3", "VolumeSize": 100, "Throughput": 751}, "751 MiB/s need 3004"),
        ({"VolumeType": "gp3", "VolumeSize": 2, "Iops": 3000}, ""),
        ({"VolumeType": "gp3", "VolumeSize": 10, "Iops": 6000}, "6000 Iops need a disk of 12 GiB"),
        ({"VolumeType": "gp3", "VolumeSize": 0}, "0 GiB is none"),
        ({"VolumeType": "gp2", "Throughput": 200}, "gp2 has no Throughput"),
        ({"VolumeSize": 100, "Throughput": 200, "Iops": 4000}, ""),
        ({"VolumeType": "st1", "Iops": 200}, "st1 has no Iops"),
        ({"VolumeType": "io2", "Iops": 64000, "VolumeSize": 100}, ""),
        ({"VolumeType": "gp3", "Iops": {"Ref": "X"}, "Throughput": 900, "VolumeSize": 10}, ""),
    ],
)
def test_disks(disk: dict[str, object], message: str) -> None:
    found = [problem for problem, _ in disk_problems(disk)]
    assert [message in problem for problem in found] == ([True] if message else [])
