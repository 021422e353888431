"""The environments of senza.yaml, where none was chosen: which there are, and how to check them.

None is entered. The file may be anybody's, in a repository that was only looked into; to assume a role that it names
tells that role's owner who we are.
"""

from __future__ import annotations

from collections.abc import Iterator

from senza.doctor.facts import Facts
from senza.doctor.model import Check, Finding


def environments(facts: Facts) -> Iterator[Finding]:
    found = facts.environments()
    if found is None:
        return
    names = ", ".join(found.names)
    yield Finding(
        "info",
        f"not entered, because no -e says which: {names}",
        f"Check each where it is: senza doctor -e all, or one: senza doctor -e {found.names[0]}",
        found.file,
    )


CHECK = Check(
    "environments",
    "senza.yaml says which environments there are",
    "senza.yaml, and no account that it names",
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use.html",
    environments,
)
