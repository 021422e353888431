"""An example extension of senza: a queue that keeps what nobody could work on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from troposphere import GetAtt, sqs

from senza.account import Account
from senza.components.model import ComponentType, Fragment, Property
from senza.components.shapes import Shaper
from senza.starters.model import Starter, Wanted
from senza.starters.questions import APPLICATION_ID, Answers, Question, integer


class Queue(ComponentType):
    type_names: ClassVar[tuple[str, ...]] = ("Queue",)
    summary: ClassVar[str] = "An encrypted SQS queue, and a second one for messages that failed several times."
    properties: ClassVar[tuple[Property, ...]] = (
        Property("VisibilityTimeout", "seconds", "How long a message stays with the one who took it.", 30),
        Property("MaxReceiveCount", "integer", "How often a message is tried.", 5),
    )
    example: ClassVar[str] = """\
Jobs:
  Type: Example::Queue
  VisibilityTimeout: 120
"""

    def build(self) -> Fragment:
        failed = f"{self.name}Failed"
        shaper = Shaper(self.settings, self.site.tolerate)  # checks names and values, and says where they are wrong
        queue = {
            "SqsManagedSseEnabled": True,
            "VisibilityTimeout": self.settings.integer("VisibilityTimeout", 30),
            "RedrivePolicy": {
                "deadLetterTargetArn": GetAtt(failed, "Arn").to_dict(),
                "maxReceiveCount": self.settings.integer("MaxReceiveCount", 5),
            },
        }
        return Fragment(
            resources={
                self.name: shaper.resource(sqs.Queue, self.name, queue),
                failed: shaper.resource(sqs.Queue, failed, {"SqsManagedSseEnabled": True}),
            }
        )


class QueueStarter(Starter):
    name: ClassVar[str] = "example-queue"
    summary: ClassVar[str] = "A queue with a place for messages that failed."
    questions: ClassVar[tuple[Question, ...]] = (
        APPLICATION_ID,
        Question(
            "visibility_timeout", "Seconds that a message stays with the one who took it", integer(0, 43200), "30"
        ),
    )
    template: ClassVar[str] = """\
SenzaInfo:
  StackName: <<application_id>>

SenzaComponents:
  - Jobs:
      Type: Example::Queue
      VisibilityTimeout: <<visibility_timeout>>
      <<note>>
"""

    def wanted(self, answers: Answers, account: Account) -> list[Wanted]:
        return []  # nothing outside of the stack; see senza.starters for security groups, roles, buckets and keys

    def words(self, answers: Answers, account: Account, secrets: Mapping[str, str]) -> Mapping[str, str]:
        seconds = int(answers["visibility_timeout"])
        return {"note": "# Long jobs: consider to extend it while one runs." if seconds > 600 else ""}
