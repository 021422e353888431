"""Questions: what a starter wants to know, what counts as an answer, and how the answers are collected. Pure."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from senza.account import Account
from senza.definition.suggest import did_you_mean
from senza.errors import NotFound, UsageError

Answers = Mapping[str, str]
Check = Callable[[str], str]
"""Returns the answer as it is kept; raises ValueError, which says what an answer looks like."""


def some_text(answer: str) -> str:
    if not answer:
        raise ValueError("it must not be empty")
    return answer


def matching(pattern: str, looks_like: str) -> Check:
    """Answers that match the whole pattern."""
    compiled = re.compile(pattern)

    def check(answer: str) -> str:
        if not compiled.fullmatch(answer):
            raise ValueError(looks_like)
        return answer

    return check


def optional(check: Check) -> Check:
    """No answer is an answer, too."""
    return lambda answer: check(answer) if answer else ""


def one_of(*choices: str) -> Check:
    def check(answer: str) -> str:
        if answer not in choices:
            raise ValueError(f"it is {' or '.join(choices)}")
        return answer

    return check


def integer(least: int, most: int) -> Check:
    def check(answer: str) -> str:
        if not re.fullmatch("[0-9]{1,9}", answer) or not least <= int(answer) <= most:
            raise ValueError(f"it is a whole number from {least} to {most}")
        return str(int(answer))

    return check


def cidrs(answer: str) -> str:
    """One or several address ranges, with commas between them."""
    ranges = []
    for part in answer.split(","):
        try:
            ranges.append(str(ipaddress.ip_network(part.strip())))
        except ValueError as error:
            raise ValueError(f"it is an address range such as 10.0.0.0/8, or several with commas ({error})") from None
    return ",".join(dict.fromkeys(ranges))


@dataclass(frozen=True)
class Question:
    """One thing to ask.

    key: what it is called after ``-v``. text: the question, without question mark.
    default: the answer where none is given; a function makes it from the earlier answers and the account, None (also
    from the function) means that the user has to answer.
    """

    key: str
    text: str
    check: Check = some_text
    default: str | Callable[[Answers, Account], str | None] | None = None

    def default_for(self, answers: Answers, account: Account) -> str | None:
        return self.default(answers, account) if callable(self.default) else self.default

    def read(self, answer: str) -> str:
        """The answer as it is kept. Raises ValueError."""
        answer = answer.strip()
        if "{{" in answer or not answer.isprintable():
            raise ValueError("it is one line of plain text without {{")
        return self.check(answer)


Ask = Callable[[Question, str | None], str]
"""Asks a person, shows the default, insists on an answer that passes the question's check."""


def collect(
    questions: Sequence[Question], given: Sequence[tuple[str, str]], account: Account, ask: Ask | None
) -> dict[str, str]:
    """An answer to every question: the one that was given, else what a person says, else the default.

    given: pairs of ``-v``. ask: None where nobody is there to be asked.
    Raises UsageError for an answer that is wrong, unknown, given twice, or missing; what the defaults look up raises.
    """
    known = _by_key(questions, given)
    answers: dict[str, str] = {}
    missing: list[Question] = []
    for question in questions:
        if question.key in known:
            answers[question.key] = _read(question, known[question.key])
            continue
        if missing:  # a default may rest on an answer that is not there; the message is what matters now
            if question.default is None:
                missing.append(question)
            continue
        default = question.default_for(answers, account)
        if ask:
            answers[question.key] = ask(question, default)
        elif default is None:
            missing.append(question)
        else:
            answers[question.key] = _read(question, default)
    if missing:
        lines = "\n".join(f"  -v {question.key}=...   {question.text}" for question in missing)
        raise UsageError(
            f"no answer for {', '.join(question.key for question in missing)}, and nobody is here to be asked",
            hint=f"Give:\n{lines}",
        )
    return answers


def _by_key(questions: Sequence[Question], given: Sequence[tuple[str, str]]) -> dict[str, str]:
    keys = [question.key for question in questions]
    known: dict[str, str] = {}
    for key, value in given:
        if key not in keys:
            raise UsageError(
                f"-v {key}: this starter does not ask for {key}",
                hint=did_you_mean(key, keys) or f"It asks for {', '.join(keys)}.",
            )
        if key in known:
            raise UsageError(f"-v {key} is given twice", hint="Give it once.")
        known[key] = value
    return known


def _read(question: Question, answer: str) -> str:
    try:
        return question.read(answer)
    except ValueError as error:
        raise UsageError(f"-v {question.key}={answer}: {error}", hint=f"It answers: {question.text}.") from None


# -- questions that several starters ask

APPLICATION_ID = Question(
    "application_id",
    "Name of the application, which becomes the name of its stacks",
    matching(
        "[a-z](?:[a-z0-9]|-(?=[a-z0-9])){1,39}",
        "it has 2 to 40 characters: a-z, 0-9 and single dashes inside, a letter first",
    ),
)
INSTANCE_TYPE = Question(
    "instance_type",
    "EC2 instance type",
    matching(r"[a-z][a-z0-9-]*\.[a-z0-9-]+", "it looks like t3.small"),
    "t3.small",
)


def _only_vpc(answers: Answers, account: Account) -> str | None:
    try:
        return account.vpc().id
    except UsageError:  # several, none of them the default one
        return None


VPC_ID = Question("vpc_id", "VPC it runs in", matching("vpc-[0-9a-f]+", "it looks like vpc-0123abcd"), _only_vpc)


def _only_zone(answers: Answers, account: Account) -> str | None:
    try:
        return account.zone().name.rstrip(".")
    except (UsageError, NotFound):
        return None


HOSTED_ZONE = Question(
    "hosted_zone",
    "Hosted zone (Route 53) that its domain lies in",
    matching(r"(?:[a-zA-Z0-9_-]+\.)+[a-zA-Z0-9-]+\.?", "it looks like example.org"),
    _only_zone,
)


def _vpc_ranges(answers: Answers, account: Account) -> str | None:
    """Whoever wants more than the VPC itself, has to say so."""
    if answers.get("loadbalancer_scheme") == "internet-facing":
        return None
    return ",".join(account.vpc(answers["vpc_id"]).cidr_blocks)


ALLOWED_CIDR = Question(
    "allowed_cidr", "Who may reach the load balancer: address ranges (0.0.0.0/0 is everybody)", cidrs, _vpc_ranges
)
