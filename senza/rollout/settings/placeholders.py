"""``{app}``, ``{version}`` and ``{stack}`` in metrics, queries and alarms: filled in for each of the two versions.

Only a single word in braces is a placeholder, so that PromQL's ``{job="shop"}`` and the braces of regular expressions
need no escape. (``{{…}}`` is Mustache's, and gone when a definition is bound.)
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from senza.definition.suggest import did_you_mean
from senza.rollout.settings.quantities import Wrong

NAMES = {
    "app": "the application, e.g. `hello-world`",
    "version": "the version, e.g. `3`",
    "stack": "the full name of the stack, e.g. `hello-world-3`",
}
TELLING = ("{version}", "{stack}")
"""What tells two versions apart."""

_PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")


def check(text: str) -> str:
    """The text. Raises Wrong for a placeholder that there is not."""
    for match in _PLACEHOLDER.finditer(text):
        if match[1] not in NAMES:
            known = ", ".join(f"{{{name}}}" for name in NAMES)
            raise Wrong(f"there is no placeholder {match[0]}; there are {known}", did_you_mean(match[1], NAMES))
    return text


def fill(text: str, values: Mapping[str, str]) -> str:
    """values: one for each of :data:`NAMES`. A value is not looked into again."""
    return _PLACEHOLDER.sub(lambda match: values.get(match[1], match[0]), text)
