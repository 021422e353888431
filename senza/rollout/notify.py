"""Telling people and machines what became of a rollout: SNS topics and webhooks. Never a reason to stop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from senza.aws import Aws
from senza.errors import SenzaError
from senza.rollout.model import Notify
from senza.rollout.web import Unanswered, post_json, shown

if TYPE_CHECKING:
    import urllib3

TIMEOUT = 10.0
"""Seconds that a webhook has."""
SUBJECT = 99
"""Characters: SNS takes subjects of less than 100, of ASCII, that begin with a letter, digit or punctuation mark."""
MESSAGE = 200_000
"""Bytes; SNS takes 262,144 (Publish in the SNS API reference)."""


@dataclass(frozen=True)
class Event:
    """subject: one line, ``hello-world 3: taken back``. text: all of it."""

    subject: str
    text: str


def tell(aws: Aws, web: urllib3.PoolManager, notify: Sequence[Notify], event: Event) -> list[str]:
    """Tell everybody; returns what did not work, in words that hold no secret."""
    problems = []
    account = Account(aws)
    for one in notify:
        try:
            if one.topic:
                publish(aws, account.topic(one.topic), event)
            else:
                post(web, one.url, event)
        except (SenzaError, Unanswered) as error:
            whom = f"the topic {one.topic}" if one.topic else shown(one.url)
            said = error.message if isinstance(error, SenzaError) else str(error)
            problems.append(f"{whom} was not told: {said}")
    return problems


class Account:
    """Completes the names of topics; asks who we are at most once, and only where a name needs it."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self._prefix = ""

    def topic(self, name: str) -> str:
        """``arn:PARTITION:sns:REGION:ACCOUNT:NAME``, without listing the topics. Raises SenzaError."""
        if name.startswith("arn:"):
            return name
        if not self._prefix:
            caller = self._aws.call("sts", "get_caller_identity")
            partition = str(caller["Arn"]).split(":")[1]
            self._prefix = f"arn:{partition}:sns:{self._aws.region}:{caller['Account']}:"
        return self._prefix + name


def publish(aws: Aws, arn: str, event: Event) -> None:
    """Raises SenzaError. A FIFO topic keeps the messages of an app in order."""
    more = {}
    if arn.endswith(".fifo"):
        from hashlib import sha256

        ident = sha256(f"{event.subject}\n{event.text}".encode()).hexdigest()
        more = {"MessageGroupId": "senza", "MessageDeduplicationId": ident}
    text = event.text.encode()[:MESSAGE].decode(errors="ignore")
    aws.call("sns", "publish", TopicArn=arn, Subject=subject(event.subject), Message=text, **more)


def subject(text: str) -> str:
    """As SNS takes it."""
    plain = " ".join(text.split()).encode("ascii", "replace").decode()
    plain = "".join(char if char.isprintable() else "?" for char in plain).lstrip()
    return plain[:SUBJECT].rstrip() or "senza"


def post(web: urllib3.PoolManager, url: str, event: Event) -> None:
    """``{"text": …}``, which chats understand; some refuse a body with more. Raises Unanswered."""
    answer = post_json(web, url, {"text": event.text}, TIMEOUT)
    if not answer.good:
        raise Unanswered(f"it answers with HTTP {answer.status}")
