"""Answers that are none of AWS's."""

from __future__ import annotations

import pytest

from senza.aws import Aws, Endpoint
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
