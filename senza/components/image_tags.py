"""Tags of the stack that say what its instances were made of, and what a policy said of that."""

from __future__ import annotations

import re

from senza.components.model import Site
from senza.provenance import CheckedImage

MAX_VALUE = 256
"""Characters of a tag's value."""

_NOT_IN_TAGS = re.compile(r"[^\w\s.:/=+\-@]")
"""CloudFormation takes letters, digits, spaces and these (API reference, Tag)."""


def tag(site: Site, component: str, name: str, value: str) -> None:
    """``senza:<component>:<name>``, with what no tag can hold replaced."""
    site.own_tags[f"senza:{component}:{name}"] = _NOT_IN_TAGS.sub("_", value)[:MAX_VALUE]


def tag_image(site: Site, component: str, checked: CheckedImage) -> None:
    """The image by its digest where instances start it so, its source, and the verdict of a policy."""
    if checked.pinned:
        tag(site, component, "image", checked.pinned)
    if checked.origin and (checked.pinned or checked.policy):
        tag(site, component, "source", f"{checked.origin.repository} {checked.origin.revision}".strip())
    if checked.policy:
        rules = " ".join(dict.fromkeys(finding.rule for finding in checked.findings))
        tag(site, component, "policy", f"{checked.policy} {checked.verdict}{f': {rules}' if rules else ''}")
