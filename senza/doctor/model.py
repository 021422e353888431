"""A check, and what it can find."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from senza.doctor.facts import Facts

Level = Literal["ok", "info", "warning", "error"]
"""From good to bad."""


@dataclass(frozen=True)
class Finding:
    """What a check has to say.

    subject: what it is about (a stack, a domain, an ARN), "" for the account. advice: what to do, with the command.
    """

    level: Level
    message: str
    advice: str = ""
    subject: str = ""


@dataclass(frozen=True)
class Check:
    """One question about the account.

    id: stable name. title: what is promised when all is well. looks_at: which calls or facts it is made from.
    link: the AWS document its rule comes from. examine: the findings, none where all is well; raises SenzaError
    where it could not look.
    """

    id: str
    title: str
    looks_at: str
    link: str
    examine: Callable[[Facts], Iterable[Finding]]
