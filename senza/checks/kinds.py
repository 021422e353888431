"""What is told besides the findings of rules: faults of the definition itself, and of what it says about checks."""

from __future__ import annotations

from senza.checks.model import Kind

WRONG = Kind(
    "SZ001",
    "error",
    "The definition is wrong",
    "It is no YAML, has no such property, refers to nothing...: senza create stops at the first of these.",
    "",
)
WARNED = Kind(
    "SZ002",
    "warning",
    "The definition works, but not as it may be meant",
    "These are the warnings that senza print and senza create give as well.",
    "",
)
UNKNOWN = Kind(
    "SZ003",
    "warning",
    "A part could not be checked without AWS",
    "The part needs a fact about the account that cannot be made up. --aws looks it up.",
    "",
)
SETTINGS = Kind(
    "SZ004",
    "error",
    "SenzaInfo.Checks is wrong",
    "An exception that names no rule, or gives no reason, would hide what nobody decided to hide.",
    "",
)
UNUSED = Kind(
    "SZ005",
    "warning",
    "An entry of SenzaInfo.Checks.Ignore is not needed",
    "What it was for is gone. Left there, it would hide the next one.",
    "",
)
UNREAD = Kind(
    "SZ006",
    "warning",
    "A key is read by nobody",
    "It is probably misspelt, and what it says is left out in silence.",
    "",
)
ALWAYS = (WRONG, WARNED, UNKNOWN, SETTINGS, UNUSED, UNREAD)
NOT_IGNORED = (WRONG, SETTINGS, UNUSED)
"""What no entry of Ignore can hide."""
