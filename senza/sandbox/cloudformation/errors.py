"""What the API answers instead of doing it, and what makes a resource fail."""

from __future__ import annotations


class Refusal(Exception):
    """The request is answered with this error code and message."""

    def __init__(self, message: str, code: str = "ValidationError") -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class ResourceFailed(Exception):
    """A resource could not be made, changed or deleted; the message is the status reason of its event."""


def constraint(value: str, name: str, rule: str) -> Refusal:
    """AWS's sentence for a parameter that breaks a rule of its shape."""
    return Refusal(
        f"1 validation error detected: Value '{value}' at '{name}' failed to satisfy constraint: Member must {rule}"
    )
