"""The IAM actions that creating this very stack needs: ours, and CloudFormation's in the caller's name."""

from __future__ import annotations

from collections.abc import Iterator

from senza.checks.model import entries, mapping
from senza.checks.online.account import Answer, Online

ALWAYS = ("cloudformation:CreateStack", "cloudformation:DescribeStackEvents", "cloudformation:DescribeStacks")
NEEDED = {
    "AWS::AutoScaling::AutoScalingGroup": (
        "autoscaling:CreateAutoScalingGroup",
        "autoscaling:DescribeAutoScalingGroups",
        "autoscaling:UpdateAutoScalingGroup",
        "ec2:RunInstances",
    ),
    "AWS::AutoScaling::LaunchConfiguration": ("autoscaling:CreateLaunchConfiguration",),
    "AWS::AutoScaling::ScalingPolicy": ("autoscaling:PutScalingPolicy",),
    "AWS::CloudWatch::Alarm": ("cloudwatch:PutMetricAlarm",),
    "AWS::EC2::LaunchTemplate": ("ec2:CreateLaunchTemplate", "ec2:CreateLaunchTemplateVersion"),
    "AWS::EC2::SecurityGroup": ("ec2:AuthorizeSecurityGroupIngress", "ec2:CreateSecurityGroup"),
    "AWS::ElastiCache::CacheCluster": ("elasticache:CreateCacheCluster",),
    "AWS::ElastiCache::ReplicationGroup": ("elasticache:CreateReplicationGroup",),
    "AWS::ElastiCache::SubnetGroup": ("elasticache:CreateCacheSubnetGroup",),
    "AWS::ElasticLoadBalancing::LoadBalancer": (
        "elasticloadbalancing:ConfigureHealthCheck",
        "elasticloadbalancing:CreateLoadBalancer",
        "elasticloadbalancing:ModifyLoadBalancerAttributes",
    ),
    "AWS::ElasticLoadBalancingV2::Listener": ("elasticloadbalancing:CreateListener",),
    "AWS::ElasticLoadBalancingV2::LoadBalancer": ("elasticloadbalancing:CreateLoadBalancer",),
    "AWS::ElasticLoadBalancingV2::TargetGroup": ("elasticloadbalancing:CreateTargetGroup",),
    "AWS::IAM::InstanceProfile": ("iam:AddRoleToInstanceProfile", "iam:CreateInstanceProfile", "iam:PassRole"),
    "AWS::IAM::Role": ("iam:CreateRole", "iam:PutRolePolicy"),
    "AWS::Route53::RecordSet": ("route53:ChangeResourceRecordSets", "route53:GetChange"),
    "AWS::S3::Bucket": ("s3:CreateBucket",),
    "AWS::SNS::Topic": ("sns:CreateTopic",),
    "AWS::SQS::Queue": ("sqs:CreateQueue",),
}
"""Resource type -> actions of its create handler (CloudFormation resource type schemas, "handlers")."""


def needed(online: Online) -> tuple[str, ...]:
    actions = set(ALWAYS)
    for resource in online.subject.resources:
        actions.update(NEEDED.get(resource.type, ()))
        if resource.type == "AWS::EC2::LaunchTemplate":
            data = mapping(resource.properties.get("LaunchTemplateData"))
            actions.update(("iam:PassRole",) if "IamInstanceProfile" in data else ())
    if entries(online.subject.compiled.notification_arns):
        actions.add("sns:Publish")
    return tuple(sorted(actions))


def permitted(online: Online) -> Iterator[Answer]:
    decisions = online.decisions(needed(online))
    place = ("SenzaInfo", "StackName")
    denied = [action for action, decision in decisions.items() if decision == "explicitDeny"]
    if denied:
        hint = "Look for the Deny in the policies, the permissions boundary and the organisation's control policies."
        yield Answer("error", f"a policy denies {', '.join(denied)}", place=place, hint=hint)
    missing = [action for action, decision in decisions.items() if decision == "implicitDeny"]
    if missing:
        hint = "Ask for them; senza doctor prints the statement to add."
        yield Answer("warning", f"not allowed for all resources: {', '.join(missing)}", place=place, hint=hint)
