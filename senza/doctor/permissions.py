"""The IAM actions that senza needs, and whether the caller may do them.

Asked of IAM's policy simulator; where that is not allowed, the read-only ones are tried.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from senza.aws.failures import DENIED
from senza.doctor.facts import Facts
from senza.doctor.model import Check, Finding, Level
from senza.errors import AwsError

POLICIES = "Look for the Deny in the policies, the permissions boundary and the organisation's control policies."
SIMULATOR = "iam:SimulatePrincipalPolicy"
READ = (
    *("acm:DescribeCertificate", "acm:ListCertificates"),
    *("autoscaling:DescribeAutoScalingGroups", "autoscaling:DescribeInstanceRefreshes"),
    *("autoscaling:DescribeLaunchConfigurations", "autoscaling:DescribeScalingActivities"),
    *("cloudformation:DescribeStackEvents", "cloudformation:DescribeStackResource", "cloudformation:DescribeStacks"),
    *("cloudformation:GetTemplate", "cloudformation:ListStackResources", "cloudformation:ListStacks"),
    *("cloudformation:ListExports", "cloudformation:ListImports"),
    "cloudwatch:GetMetricData",
    *("ec2:DescribeImages", "ec2:DescribeInstanceAttribute", "ec2:DescribeInstances", "ec2:DescribeInstanceTypes"),
    *("ec2:DescribeLaunchTemplates", "ec2:DescribeLaunchTemplateVersions", "ec2:DescribeNatGateways"),
    *(
        "ec2:DescribeRouteTables",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeSubnets",
        "ec2:DescribeVpcs",
        "ec2:GetConsoleOutput",
    ),
    *("elasticloadbalancing:DescribeAccountLimits", "elasticloadbalancing:DescribeInstanceHealth"),
    *("elasticloadbalancing:DescribeLoadBalancerAttributes", "elasticloadbalancing:DescribeLoadBalancers"),
    *("elasticloadbalancing:DescribeRules", "elasticloadbalancing:DescribeTags"),
    *("elasticloadbalancing:DescribeTargetGroups", "elasticloadbalancing:DescribeTargetHealth"),
    *("iam:GetRolePolicy", "iam:ListAccountAliases", "iam:ListRolePolicies", "iam:ListServerCertificates"),
    *("route53:GetChange", "route53:ListHostedZones", "route53:ListResourceRecordSets"),
    *("sns:ListTopics", "ssm:DescribeInstanceInformation", "ssm:GetParameter", "ssm:GetParameters"),
    "tag:GetResources",
)
CHANGE = (
    *("autoscaling:CancelInstanceRefresh", "autoscaling:CreateLaunchConfiguration", "autoscaling:CreateOrUpdateTags"),
    *("autoscaling:DeleteTags", "autoscaling:ResumeProcesses", "autoscaling:StartInstanceRefresh"),
    *("autoscaling:SuspendProcesses", "autoscaling:TerminateInstanceInAutoScalingGroup"),
    "autoscaling:UpdateAutoScalingGroup",
    *("cloudformation:CreateStack", "cloudformation:DeleteStack", "cloudformation:UpdateStack"),
    *("cloudformation:CreateChangeSet", "cloudformation:DeleteChangeSet", "cloudformation:DescribeChangeSet"),
    *("cloudformation:ExecuteChangeSet", "cloudformation:ListChangeSets", "cloudformation:UpdateTerminationProtection"),
    *("cloudformation:DescribeStackDriftDetectionStatus", "cloudformation:DescribeStackResourceDrifts"),
    *("cloudformation:DetectStackDrift", "cloudwatch:DescribeAlarms"),
    *("ec2:CreateLaunchTemplate", "ec2:CreateLaunchTemplateVersion", "ec2:CreateTags", "ec2:DeleteTags"),
    "ec2:ModifyLaunchTemplate",
    "elasticloadbalancing:AddTags",  # of the rules that it makes
    *("elasticloadbalancing:CreateRule", "elasticloadbalancing:DeleteRule", "elasticloadbalancing:ModifyRule"),
    *("kms:Decrypt", "route53:ChangeResourceRecordSets", "sns:Publish"),
    # what CloudFormation then does in the caller's name for the usual components
    *("autoscaling:CreateAutoScalingGroup", "autoscaling:DeleteAutoScalingGroup", "autoscaling:PutScalingPolicy"),
    *("cloudwatch:DeleteAlarms", "cloudwatch:PutMetricAlarm", "ec2:DeleteLaunchTemplate", "ec2:RunInstances"),
    *("elasticloadbalancing:CreateLoadBalancer", "elasticloadbalancing:DeleteLoadBalancer"),
    *("iam:AddRoleToInstanceProfile", "iam:CreateInstanceProfile", "iam:DeleteInstanceProfile", "iam:PassRole"),
    "iam:RemoveRoleFromInstanceProfile",
)
INIT = (
    *("ec2:AuthorizeSecurityGroupIngress", "ec2:CreateSecurityGroup", "iam:CreateRole", "iam:PutRolePolicy"),
    *("kms:CreateAlias", "kms:CreateKey", "kms:DescribeKey", "kms:Encrypt", "kms:ListKeys"),
    *("s3:CreateBucket", "s3:GetBucketPublicAccessBlock", "s3:ListBucket", "s3:PutBucketPublicAccessBlock"),
)
JOURNAL = (
    *("s3:GetObject", "s3:PutObject", "s3:ListAllMyBuckets", "s3:PutBucketPolicy", "s3:PutBucketTagging"),
    *("s3:GetLifecycleConfiguration", "s3:PutBucketVersioning", "s3:PutEncryptionConfiguration"),
    "s3:PutLifecycleConfiguration",
)
IMAGES = ("ecr:BatchGetImage", "ecr:GetAuthorizationToken")
CHECKS = (
    *("autoscaling:DescribeAccountLimits", "ec2:DescribeInstanceTypeOfferings", "iam:GetRole", SIMULATOR),
    "servicequotas:GetServiceQuota",
)
LOCALLY = ("secretsmanager:GetSecretValue",)
PURPOSES: tuple[tuple[tuple[str, ...], Level, str], ...] = (
    (READ, "error", "to show stacks and to compile definitions"),
    (CHANGE, "warning", "to create, change and delete stacks, and to switch traffic"),
    (JOURNAL, "warning", "for senza deploy and the journal"),
    (INIT, "info", "for senza init"),
    (IMAGES, "info", "to look at container images in ECR"),
    (CHECKS, "info", "for senza check --aws"),
    (LOCALLY, "info", "for senza userdata --run-locally"),
)
"""Actions, how bad it is when they are denied, and what they are for."""
ALL = tuple(action for actions, _, _ in PURPOSES for action in actions)


def examine(facts: Facts) -> Iterator[Finding]:
    if facts.caller().is_root:
        return  # nothing is denied to it, and the simulator does not know it
    try:
        decisions = facts.decisions(ALL)
    except AwsError as error:
        yield Finding(
            "info",
            f"IAM's simulator could not be asked ({error.code}), so only reading was tried",
            f"Allow {SIMULATOR} and run senza doctor again to know about the rest.",
            SIMULATOR,
        )
        yield from tried(facts)
        return
    for actions, level, purpose in PURPOSES:
        explicit = [action for action in actions if decisions.get(action) == "explicitDeny"]
        if explicit:
            yield Finding(level, f"denied by a policy, but needed {purpose}: {', '.join(explicit)}", POLICIES)
        missing = [action for action in actions if decisions.get(action) == "implicitDeny"]
        if missing:
            # a policy may allow it for certain resources, which the simulator was not asked about
            milder: Level = "warning" if level == "error" else level
            message = f"not allowed for all resources, but needed {purpose}: {', '.join(missing)}"
            yield Finding(milder, message, f"Add to a policy of the role or user: {statement(missing)}")


def statement(actions: Sequence[str]) -> str:
    """A statement of an IAM policy that allows them."""
    return json.dumps({"Effect": "Allow", "Action": list(actions), "Resource": "*"})


def probes(facts: Facts) -> dict[str, Callable[[], Any]]:
    """By action a call that needs it; those of other checks are shared with them."""
    account = facts.account
    return {
        "acm:ListCertificates": account.certificates,
        "autoscaling:DescribeAutoScalingGroups": facts.groups,
        "cloudformation:ListStacks": facts.stacks,
        "ec2:DescribeImages": account.taupage_images,
        "ec2:DescribeInstances": partial(facts.probe, "ec2", "describe_instances", MaxResults=5),
        "ec2:DescribeSecurityGroups": partial(facts.probe, "ec2", "describe_security_groups", MaxResults=5),
        "ec2:DescribeSubnets": account.all_subnets,
        "ec2:DescribeVpcs": account.vpcs,
        "elasticloadbalancing:DescribeLoadBalancers": partial(
            facts.probe, "elbv2", "describe_load_balancers", PageSize=1
        ),
        "iam:ListAccountAliases": lambda: account.alias,
        "iam:ListServerCertificates": account.server_certificates,
        "route53:ListHostedZones": account.zones,
        "route53:ListResourceRecordSets": facts.records,
        "sns:ListTopics": account.topics,
    }


def tried(facts: Facts) -> Iterator[Finding]:
    def refusal(look_up: Callable[[], Any]) -> AwsError | None:
        try:
            look_up()
        except AwsError as error:
            return error
        return None

    answers = facts.aws.parallel({action: partial(refusal, job) for action, job in probes(facts).items()})
    denied = [  # the records cannot be asked for without the zones
        action
        for action, error in answers.items()
        if error and error.code in DENIED and error.operation == action.partition(":")[2]
    ]
    if denied:
        message = f"denied, but needed {PURPOSES[0][2]}: {', '.join(denied)}"
        yield Finding("error", message, f"Add to a policy of the role or user: {statement(denied)}")


CHECK = Check(
    "permissions",
    "Everything that senza does is allowed",
    "IAM's policy simulator, else read-only calls",
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_testing-policies.html",
    examine,
)
