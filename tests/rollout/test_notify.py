"""Who is told what, and that it is never a reason to stop."""

from __future__ import annotations

import json

import pytest
import urllib3

from senza.aws import Aws
from senza.rollout.model import Notify
from senza.rollout.notify import Event, subject, tell
from senza.sandbox.embedded import EmbeddedSandbox
from tests.rollout.metrics.conftest import Server, server, web

__all__ = ["server", "web"]

EVENT = Event("shop 3: taken back", "The rollout of shop 3 was taken back: error ratio 5 %")


def test_topics_by_name_and_arn_and_a_chat(aws: Aws, web: urllib3.PoolManager, server: Server) -> None:
    arn = aws.call("sns", "create_topic", Name="deploys")["TopicArn"]
    queue = aws.call("sqs", "create_queue", QueueName="inbox")["QueueUrl"]
    attributes = aws.call("sqs", "get_queue_attributes", QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]
    aws.call("sns", "subscribe", TopicArn=arn, Protocol="sqs", Endpoint=attributes["QueueArn"])
    before = len(aws.calls)
    assert tell(aws, web, [Notify(topic="deploys"), Notify(topic=arn), Notify(url=server.url)], EVENT) == []
    assert [str(call) for call in aws.calls[before:]] == ["sts:GetCallerIdentity", "sns:Publish", "sns:Publish"]
    received = aws.call("sqs", "receive_message", QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    bodies = [json.loads(message["Body"]) for message in received]
    assert [(body["Subject"], body["Message"]) for body in bodies] == [(EVENT.subject, EVENT.text)] * 2
    assert json.loads(server.asked[0][3]) == {"text": EVENT.text}


def test_a_problem_stops_nobody_and_tells_no_secret(
    aws: Aws, web: urllib3.PoolManager, server: Server, sandbox: EmbeddedSandbox
) -> None:
    server.status = 403
    sandbox.faults.add("sts:GetCallerIdentity", code="AccessDenied", times=None)
    gone = "arn:aws:sns:eu-central-1:123456789012:gone"
    told = [Notify(topic="deploys"), Notify(topic=gone), Notify(url="http://127.0.0.1:1/t0ken")]
    problems = tell(aws, web, [*told, Notify(url=f"{server.url}/t0ken?key=t0ken")], EVENT)
    assert problems[0].startswith("the topic deploys was not told: sts GetCallerIdentity failed")
    assert problems[1].startswith(f"the topic {gone} was not told: sns Publish failed")
    assert problems[2:] == [
        "http://127.0.0.1:1 was not told: http://127.0.0.1:1 cannot be reached",
        f"{server.url} was not told: it answers with HTTP 403",
    ]


@pytest.mark.parametrize(
    ("text", "sent"),
    [("shop 3:\n taken\tback", "shop 3: taken back"), ("shöp \x07", "sh?p ?"), ("x" * 200, "x" * 99), ("\n", "senza")],
)
def test_subjects_as_sns_takes_them(text: str, sent: str) -> None:
    assert subject(text) == sent
