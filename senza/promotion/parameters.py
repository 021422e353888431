"""Which value each parameter of the definition gets where a version is promoted to. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from senza.definition import Parameter
from senza.definition.model import ENCRYPTED
from senza.definition.suggest import did_you_mean
from senza.errors import UsageError

CIPHERTEXTS = ("aws:kms:", ENCRYPTED)
ACCOUNT_ID = re.compile(r"(?<![0-9])[0-9]{12}(?![0-9])")
REGIONAL_ID = re.compile(r"(?<![\w-])(?:vpc|subnet|sg|ami|rtb|eni|vpce|lt|i)-[0-9a-f]{8,17}(?![\w-])")
"""Ids of EC2 that mean something in one region of one account only (EC2 User Guide, "Resource IDs")."""


Origin = Literal["source", "target", "given", "default"]


@dataclass(frozen=True)
class Place:
    """An environment, as far as parameters depend on it. parameters: those that senza.yaml sets in it."""

    name: str
    account: str
    region: str
    parameters: Mapping[str, str] = field(default_factory=dict, repr=False)

    def same_keys(self, other: Place) -> bool:
        """Whether what a KMS key of the one encrypted can be decrypted in the other one, as a rule."""
        return (self.account, self.region) == (other.account, other.region)


@dataclass(frozen=True)
class Carried:
    """One parameter on its way.

    there: its value where it comes from; None where nobody can know it. here: where it goes to; None leaves it to the
    definition's default. origin: who says so: the stack it comes from (``source``), senza.yaml for where it goes to
    (``target``), the command line (``given``), or nobody (``default``). secret: whether neither may be shown.
    """

    name: str
    there: str | None = field(repr=False)
    here: str | None = field(repr=False)
    origin: Origin
    secret: bool = False


def carry(
    parameters: Sequence[Parameter],
    deployed: Mapping[str, str],
    source: Place,
    target: Place,
    given: Mapping[str, str],
    defaults: Mapping[str, str],
) -> tuple[Carried, ...]:
    """The value of each parameter: given, else the target's own, else what the source's stack has.

    deployed: parameters of the stack, as DescribeStacks tells them. given: on the command line.
    defaults: defaults that name facts of the account, as they are in the source; whoever used one there uses the
    default here too, with the target's facts. Raises UsageError naming what nobody can know.
    """
    check_known(parameters, given)
    carried = tuple(one_of(parameter, deployed, target, given, defaults) for parameter in parameters)
    unknown = [one for one in carried if one.here is None and one.origin == "source"]
    if unknown:
        raise unknowable(unknown, source, target)
    return carried


def one_of(
    parameter: Parameter,
    deployed: Mapping[str, str],
    target: Place,
    given: Mapping[str, str],
    defaults: Mapping[str, str],
) -> Carried:
    name, secret = parameter.name, parameter.no_echo
    there = None if secret else deployed.get(name)
    if name in given:
        return Carried(name, there, given[name], "given", secret)
    if name in target.parameters:
        return Carried(name, there, target.parameters[name], "target", secret)
    if there is not None and defaults.get(name) == there:
        return Carried(name, there, None, "default", secret)
    if there is None and not secret and parameter.settings.get("Default") is not None:
        return Carried(name, None, None, "default")  # it is no parameter of the stack; the comparison will tell
    return Carried(name, there, there, "source", secret)


def check_known(parameters: Sequence[Parameter], given: Mapping[str, str]) -> None:
    """Raises UsageError for a name on the command line that the definition does not have."""
    names = [parameter.name for parameter in parameters]
    for name in given:
        if name not in names:
            near = did_you_mean(name, names)
            raise UsageError(
                f"the definition has no parameter {name}", hint=near or f"It has {', '.join(names) or 'none'}."
            )


def unknowable(unknown: Sequence[Carried], source: Place, target: Place) -> UsageError:
    names = ", ".join(one.name for one in unknown)
    secret = all(one.secret for one in unknown)
    why = "CloudFormation does not tell values of NoEcho parameters" if secret else "its stack does not tell them"
    values = f"the value{'s' if len(unknown) > 1 else ''} of {names}"
    return UsageError(
        f"{values} cannot be read back from {source.name}: {why}",
        hint=f"Give {target.name} its own: in senza.yaml (environments.{target.name}.parameters), with "
        f"--parameter-file, or as {unknown[0].name}=VALUE.",
    )


def undecryptable(carried: Sequence[Carried], source: Place, target: Place) -> UsageError | None:
    """What to raise where a ciphertext would be carried to where its key is not; None where none would."""
    if source.same_keys(target):
        return None
    names = [one.name for one in carried if one.origin == "source" and (one.here or "").startswith(CIPHERTEXTS)]
    if not names:
        return None
    return UsageError(
        f"{', '.join(names)}: encrypted with a KMS key of {source.name} ({source.account}, {source.region}), "
        f"which {target.name} cannot decrypt",
        hint=f"Encrypt it with a key of {target.name} (aws kms encrypt), and put that into senza.yaml "
        f"(environments.{target.name}.parameters) or say {names[0]}=VALUE. "
        "Where both may use that key, --force takes it as it is.",
    )


def foreign(carried: Sequence[Carried], source: Place, target: Place) -> list[str]:
    """A warning for each value that seems to name something of the place where it comes from."""
    found = []
    for one in carried:
        if one.secret or one.origin != "source" or not one.here or source.same_keys(target):
            continue
        other_account = source.account != target.account and source.account in ACCOUNT_ID.findall(one.here)
        other_region = source.region != target.region and source.region in one.here
        if other_account or other_region or REGIONAL_ID.search(one.here):
            found.append(
                f"the parameter {one.name} is {one.here}, which seems to be something of {source.name}; "
                f"environments.{target.name}.parameters in senza.yaml can say what it is in {target.name}"
            )
    return found


def unsaid(carried: Sequence[Carried], source: Place, target: Place) -> list[str]:
    """A warning for each value that senza.yaml says for the one environment and not for the other."""
    return [
        f"{target.name} gets {one.here} for {one.name}, too, which senza.yaml says for {source.name} only"
        for one in carried
        if one.origin == "source" and source.parameters.get(one.name) == one.here
    ]


def arguments(carried: Sequence[Carried]) -> tuple[str, ...]:
    """``Name=value`` for each that is not left to its default, as on a command line."""
    return tuple(f"{one.name}={one.here}" for one in carried if one.here is not None)


def arguments_there(carried: Sequence[Carried]) -> tuple[str, ...]:
    """The same for the place where it comes from; for what nobody can know any other value is as good."""
    values = {one.name: one.here if one.there is None else one.there for one in carried}
    return tuple(f"{name}={value}" for name, value in values.items() if value is not None)
