"""Loaded once by the server that the killed processes are forked from, so that none of them reads botocore's data."""

from __future__ import annotations

from contextlib import ExitStack

from senza.aws import Aws, Endpoint
from tests.parts import shared

SHARED = ExitStack()
SHARED.enter_context(shared())
for service in ("autoscaling", "cloudformation", "ec2", "elb", "elbv2", "route53"):
    Aws(endpoint=Endpoint("http://127.0.0.1:9", "eu-central-1", "x", "x"))._client(service)
