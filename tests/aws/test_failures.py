"""Answers that are none of AWS's."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from senza.aws import Aws, Endpoint
from senza.aws.failures import translated
from senza.errors import AwsError
from tests.rollout.metrics.conftest import Server, server

__all__ = ["server"]


def test_a_log_in_page_instead_of_an_answer_is_one_message(server: Server) -> None:
    server.body = b"<html><body>Log in to the network, t0ken<br></body>"
    aws = Aws(endpoint=Endpoint(server.url, "eu-central-1", "AKIASANDBOX", "x"))
    with pytest.raises(AwsError, match="does not speak the language of AWS") as caught:
        aws.call("sts", "get_caller_identity")
    assert "t0ken" not in str(caught.value)
    assert "proxy" in caught.value.hint


@pytest.mark.parametrize(
    ("region", "begins"),
    [
        ("eu-cental-1", "Is there a region eu-cental-1? Did you mean eu-central-1? Check the network"),
        ("xx-nowhere-9", "Is there a region xx-nowhere-9? "),
        ("eu-central-1", "Check the network"),
    ],
)
def test_where_nobody_answers_the_region_may_be_none(region: str, begins: str) -> None:
    said = EndpointConnectionError(endpoint_url=f"https://cloudformation.{region}.amazonaws.com/")
    with pytest.raises(AwsError) as caught, translated("cloudformation", "list_stacks"):
        raise said
    assert caught.value.hint.startswith(begins)
    assert "sandbox" not in caught.value.hint


def test_a_sandbox_that_was_stopped_is_left_or_started() -> None:
    with pytest.raises(AwsError) as caught, translated("cloudformation", "list_stacks"):
        raise EndpointConnectionError(endpoint_url="http://127.0.0.1:34029/")
    assert "senza sandbox start" in caught.value.hint
    assert "senza sandbox env --unset" in caught.value.hint


@pytest.mark.parametrize(
    ("service", "operation", "permission"),
    [
        ("cloudformation", "create_stack", "cloudformation:CreateStack"),
        ("elbv2", "describe_rules", "elasticloadbalancing:DescribeRules"),
        ("resourcegroupstaggingapi", "get_resources", "tag:GetResources"),
        ("service-quotas", "get_service_quota", "servicequotas:GetServiceQuota"),
        ("s3", "head_bucket", "s3:ListBucket"),
        ("s3", "put_bucket_lifecycle_configuration", "s3:PutLifecycleConfiguration"),
    ],
)
def test_a_permission_is_called_as_policies_call_it(service: str, operation: str, permission: str) -> None:
    said = ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, operation)
    with pytest.raises(AwsError) as caught, translated(service, operation):
        raise said
    assert caught.value.hint == f"The permission {permission} is missing."
