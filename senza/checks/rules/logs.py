"""Buckets for access logs, as far as they are in the same template."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from senza.checks.model import Hit, Resource, Rule, Subject, entries, literal, mapping, target, unknown
from senza.checks.rules.attributes import pairs
from senza.checks.rules.balancers import LISTENER, MODERN

BUCKET = "AWS::S3::Bucket"
WRITERS = {
    "application": "logdelivery.elasticloadbalancing.amazonaws.com",
    "network": "delivery.logs.amazonaws.com",
}
"""Who writes the logs of this kind ("Enable access logs" in the guides)."""


def unwritable(subject: Subject) -> Iterator[Hit]:
    buckets = {bucket.id: bucket for bucket in subject.of(BUCKET)}
    for balancer in subject.of(MODERN):
        kind = literal(balancer.properties.get("Type", "application"))
        bucket = buckets.get(log_bucket(balancer))
        if kind not in WRITERS or bucket is None:
            continue
        place, words = ("LoadBalancerAttributes",), ("AccessLogs",)
        policies = [
            one.properties.get("PolicyDocument")
            for one in subject.of("AWS::S3::BucketPolicy")
            if (of := target(one.properties.get("Bucket"))) == bucket.id or of not in buckets
        ]
        if not any(may_allow(policy, kind) for policy in policies):
            message = f"{bucket.id} does not let {WRITERS[kind]} write the logs of {balancer.id}"
            hint = "Add an AWS::S3::BucketPolicy that does, as in definitions/https.yaml."
            if kind == "network":
                hint = "Add a policy with s3:PutObject, and s3:GetBucketAcl on the bucket itself."
            yield Hit(message, balancer.id, place, words, hint=hint)
        if kind == "application" and uses_kms(bucket):
            message = f"{bucket.id} is encrypted by KMS, and application load balancers only write to SSE-S3"
            yield Hit(message, balancer.id, place, words, hint="Write SSEAlgorithm: AES256.")


def may_allow(policy: Any, kind: str) -> bool:
    """Whether a policy seems to let the writer in, or functions decide about that.

    In older regions application load balancers write as an account of ELB's: any account may be that one.
    """
    statements = [policy] if unknown(policy) else entries(mapping(policy).get("Statement"))
    for statement in statements:
        if unknown(statement):
            return True
        given = mapping(statement)
        if literal(given.get("Effect")) == "Deny":
            continue
        principal = given.get("Principal", "*")
        if not isinstance(principal, Mapping) or unknown(principal):
            return True
        accounts, services = entries(principal.get("AWS")), entries(principal.get("Service"))
        if "*" in accounts or (accounts and kind == "application"):
            return True
        known = "elasticloadbalancing" if kind == "application" else WRITERS[kind]
        if any(unknown(one) or known in str(one) for one in services):
            return True
    return False


def log_bucket(balancer: Resource) -> str:
    """The logical id of the bucket, "" where it is not in the template or logs are off."""
    if dict(pairs(balancer, "LoadBalancerAttributes").values()).get("access_logs.s3.enabled") != "true":
        return ""
    for item in entries(balancer.properties.get("LoadBalancerAttributes")):
        if literal(mapping(item).get("Key")) == "access_logs.s3.bucket":
            return target(mapping(item).get("Value"))
    return ""


def uses_kms(bucket: Resource) -> bool:
    rules = entries(mapping(bucket.properties.get("BucketEncryption")).get("ServerSideEncryptionConfiguration"))
    kinds = [literal(mapping(mapping(rule).get("ServerSideEncryptionByDefault")).get("SSEAlgorithm")) for rule in rules]
    return any(kind.startswith("aws:kms") for kind in kinds)


def silent(subject: Subject) -> Iterator[Hit]:
    for balancer in subject.of(MODERN):
        given = dict(pairs(balancer, "LoadBalancerAttributes").values())
        if literal(balancer.properties.get("Type")) != "network" or given.get("access_logs.s3.enabled") != "true":
            continue
        listeners = [
            one for one in subject.of(LISTENER) if target(one.properties.get("LoadBalancerArn")) == balancer.id
        ]
        if listeners and not any(literal(one.properties.get("Protocol")) == "TLS" for one in listeners):
            message = f"nothing is ever logged: {balancer.id} has no TLS listener"
            hint = "Remove AccessLogs; flow logs of the VPC know all connections."
            yield Hit(message, balancer.id, ("LoadBalancerAttributes",), ("AccessLogs",), hint=hint)


LOG_BUCKET = Rule(
    id="SZ310",
    severity="error",
    title="A load balancer may not write its logs",
    why="AWS tries it at once, and refuses the load balancer.",
    link="https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html",
    find=unwritable,
    bad="""\
SenzaComponents:
  - Alb:
      Type: Senza::ElasticLoadBalancerV2
      HTTPPort: 8080
      SecurityGroups: [app-lb]
      SSLCertificateId: example-org
      AccessLogs: {Ref: Logs}
Resources:
  Logs: {Type: AWS::S3::Bucket}
""",
    good="""\
SenzaComponents:
  - Alb:
      Type: Senza::ElasticLoadBalancerV2
      HTTPPort: 8080
      SecurityGroups: [app-lb]
      SSLCertificateId: example-org
      AccessLogs: {Ref: Logs}
Resources:
  Logs: {Type: AWS::S3::Bucket}
  LogsPolicy:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: {Ref: Logs}
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal: {Service: logdelivery.elasticloadbalancing.amazonaws.com}
            Action: s3:PutObject
            Resource: {"Fn::Sub": "${Logs.Arn}/AWSLogs/${AWS::AccountId}/*"}
""",
)
NO_LOGS = Rule(
    id="SZ503",
    severity="warning",
    title="A network load balancer is asked for logs that it does not write",
    why="It only logs requests of TLS listeners.",
    link="https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-access-logs.html",
    find=silent,
    bad="""\
SenzaComponents:
  - Nlb:
      Type: Senza::NetworkLoadBalancer
      SecurityGroups: [app-lb]
      Listeners: [{Port: 1883, Protocol: TCP, TargetPort: 1883}]
      AccessLogs: acme-logs
""",
    good="""\
SenzaComponents:
  - Nlb:
      Type: Senza::NetworkLoadBalancer
      SecurityGroups: [app-lb]
      SSLCertificateId: example-org
      Listeners: [{Port: 8883, Protocol: TLS, TargetPort: 1883}]
      AccessLogs: acme-logs
""",
)
