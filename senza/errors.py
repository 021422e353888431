"""Everything that can go wrong for a user, as one small hierarchy.

A leaf module: it imports nothing of ours, so that every room can raise these. The command line turns one into one
message and an exit code: 2 where the input is wrong, 1 where an operation failed.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Where:
    """A place in a definition file.

    file: path or URL as the user gave it.
    path: keys and list indices from the root, e.g. ``("SenzaComponents", 1, "AppServer", "InstanceType")``.
    line: 1-based, where known.
    """

    file: str
    path: tuple[str | int, ...] = ()
    line: int | None = None

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        keys = ""
        for key in self.path:
            keys += f"[{key}]" if isinstance(key, int) else f".{key}" if keys else str(key)
        return f"{place}: {keys}" if keys else place


class SenzaError(Exception):
    """What is wrong (message), where (where), and what to do next (hint)."""

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "", where: Where | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.where = where

    def __str__(self) -> str:
        text = f"{self.where}: {self.message}" if self.where else self.message
        return f"{text}\n{self.hint}" if self.hint else text


class UsageError(SenzaError):
    """The command line or a value given there is wrong."""

    exit_code = 2


class DefinitionError(UsageError):
    """The definition file is wrong."""


class NotFound(SenzaError):
    """A stack, image, security group, certificate, zone... that was named does not exist."""


class Refused(SenzaError):
    """It could be done, but it would lose something; the hint says how to do it all the same."""


class Conflict(SenzaError):
    """The account is no longer what the plan was made from: somebody else changed it."""


class OperationFailed(SenzaError):
    """AWS accepted the operation and could not complete it."""


class TimedOut(SenzaError):
    """What was waited for did not happen in the time allowed."""


class AwsError(SenzaError):
    """An AWS call was answered with an error.

    code: AWS's error code, e.g. ``AccessDenied``; service and operation as in the API reference,
    e.g. ``cloudformation``, ``CreateStack``.
    """

    def __init__(self, message: str, *, code: str, service: str, operation: str, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.code = code
        self.service = service
        self.operation = operation
