"""What a starter is, and what it may want to exist in the account."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from senza.account import Account
from senza.aws import Aws
from senza.plan import Step
from senza.starters.questions import Answers, Question
from senza.starters.text import fill


@dataclass(frozen=True)
class Finding:
    """What became of looking for something that is wanted.

    steps: what makes it; none where it is there. kept: what is there and stays as it is, in words, "" for nothing.
    warnings: what is not as it should be with that.
    """

    steps: tuple[Step, ...] = ()
    kept: str = ""
    warnings: tuple[str, ...] = ()


class Wanted(ABC):
    """Something that has to exist in the account before a stack of the definition can be created."""

    @abstractmethod
    def look(self, aws: Aws) -> Finding:
        """Look whether it is there; changes nothing. Raises UsageError for what cannot be used or made."""


def findings(wanted: Sequence[Wanted], aws: Aws) -> list[Finding]:
    """Look for all of it, at the same time; the findings are in the given order."""
    return list(aws.parallel({number: partial(one.look, aws) for number, one in enumerate(wanted)}).values())


class Starter(ABC):
    """A first definition of one kind.

    template: text of the definition, with ``<<name>>`` for answers and for what :meth:`words` adds.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    """One sentence for help and documentation."""
    questions: ClassVar[tuple[Question, ...]]
    template: ClassVar[str]

    @abstractmethod
    def wanted(self, answers: Answers, account: Account) -> list[Wanted]:
        """What the definition needs in the account, in the order in which it is made."""

    def words(self, answers: Answers, account: Account, secrets: Mapping[str, str]) -> Mapping[str, str]:
        """Further ``<<names>>`` of the template, as YAML.

        secrets: variable -> base64 KMS ciphertext, of the passwords that were wanted.
        """
        return {}

    def definition(self, answers: Answers, account: Account, secrets: Mapping[str, str]) -> str:
        """The text of the definition file."""
        return fill(self.template, answers, self.words(answers, account, secrets))
