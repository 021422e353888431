"""From ``senza.yaml`` to :class:`Environments`: everything in it is known, or an error with its place.

Every scalar is the text that was written, so that ``account: 012345678901`` is no octal number and a parameter ``1.10``
stays one.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from senza.definition.model import KeyPath, Source
from senza.definition.suggest import did_you_mean
from senza.environments.model import ALL, Environment, Environments, Role
from senza.errors import DefinitionError, Where

EXAMPLE = 'Write:\nenvironments:\n  staging:\n    account: "123456789012"\n    region: eu-central-1'
ENVIRONMENT_KEYS = ("account", "region", "profile", "role", "parameters")
ROLE_KEYS = ("arn", "external_id", "mfa", "duration")
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,62}")
ACCOUNT = re.compile(r"[0-9]{12}")
REGION = re.compile(r"[a-z]{2,4}(?:-[a-z]+)+-[0-9]{1,2}")
PARTITIONS = {"aws-cn": "cn-", "aws-us-gov": "us-gov-"}
"""Partitions with regions of their own, and what the names of these begin with (IAM User Guide, "IAM ARNs")."""
PROFILE = re.compile(r"[^\s\[\]#;][^\[\]\n]*")
ROLE_ARN = re.compile(r"arn:aws(?:-[a-z]+)*:iam::([0-9]{12}):role/(?:[\x21-\x7e]+/)?[\w+=,.@-]{1,64}", re.ASCII)
EXTERNAL_ID = re.compile(r"[\w+=,.@:/-]{2,1224}", re.ASCII)  # STS API reference, AssumeRole
MFA = re.compile(r"[\w+=/:,.@-]{9,256}", re.ASCII)
PARAMETER = re.compile(r"[A-Za-z0-9]{1,255}")  # CloudFormation User Guide, "Parameters"
DURATION = re.compile(r"([0-9]{1,5})([smh]?)")
SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600}
SHORTEST, LONGEST, CHAINED = 1_800, 43_200, 3_600
"""Seconds of a session: AWS takes 900, botocore renews 900 before the end; and the most after another role (IAM User
Guide, "Role chaining")."""


def read(path: Path | str) -> Environments:
    """Read the file. Raises DefinitionError or UsageError, which say where it is wrong."""
    from senza.definition import yamltree
    from senza.definition.loading import read_text

    file = str(path)
    tree = yamltree.parse(read_text(file, what="file of environments"), file, scalars_as_text=True)
    return _Reader(tree.source).environments(tree.value, tree.warnings)


class _Reader:
    """Turns the tree into values; each method takes a value and its key path."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def environments(self, value: Any, warnings: tuple[str, ...]) -> Environments:
        if value in (None, ""):
            raise DefinitionError("this file is empty", hint=EXAMPLE, where=self._where())
        top = self._mapping(value, (), ("environments",), EXAMPLE)
        if "environments" not in top:
            raise DefinitionError("environments is missing", hint=EXAMPLE, where=self._where())
        entries = self._mapping(top["environments"], ("environments",), None, EXAMPLE)
        if not entries:
            raise DefinitionError("there are no environments in it", hint=EXAMPLE, where=self._where("environments"))
        found = {name: self._environment(name, entry, ("environments", name)) for name, entry in entries.items()}
        return Environments(self._source.file, found, warnings)

    def _environment(self, name: str, value: Any, path: KeyPath) -> Environment:
        if name.lower() == ALL:
            raise self._fault(f"no environment can be called {name}", "It means each of them.", path)
        if not NAME.fullmatch(name):
            hint = "Use a letter, then letters, digits, - and _, 63 at most."
            raise self._fault(f"{name!r} cannot be the name of an environment", hint, path)
        entry = self._mapping(value, path, ENVIRONMENT_KEYS, EXAMPLE)
        if "account" not in entry:
            raise self._fault(f"the environment {name} has no account", EXAMPLE, path)
        account = self._account(entry["account"], (*path, "account"))
        roles = self._roles(entry["role"], (*path, "role")) if "role" in entry else ()
        if roles and roles[-1].account != account:
            raise self._fault(
                f"the role is in account {roles[-1].account}, and the environment {name} is account {account}",
                "The last role has to be in the account of the environment.",
                (*path, "role"),
            )
        return Environment(
            name,
            account,
            self._region(entry, roles, path),
            self._matching(entry, "profile", PROFILE, "the name of a profile of your AWS config file", path),
            roles,
            self._parameters(entry.get("parameters", {}), (*path, "parameters")),
            self._where(*path),
        )

    def _region(self, entry: dict[str, Any], roles: tuple[Role, ...], path: KeyPath) -> str | None:
        """Raises DefinitionError, too, for a region into which the role cannot lead."""
        region = self._matching(entry, "region", REGION, "a region such as eu-central-1", path)
        there = roles[-1].arn.split(":")[1] if roles else ""
        for partition, prefix in PARTITIONS.items():
            if region and there and region.startswith(prefix) != (there == partition):
                problem = f"the region {region} is not in the partition {there}, where the role is"
                raise self._fault(problem, "Correct the region, or the ARN of the role.", (*path, "region"))
        return region

    def _account(self, value: Any, path: KeyPath) -> str:
        text = self._text(value, path)
        if ACCOUNT.fullmatch(text):
            return text
        if re.fullmatch(r"[0-9]{4}-[0-9]{4}-[0-9]{4}", text):
            raise self._fault(f"{text} is not an account id", f"Write it without dashes: {text.replace('-', '')}", path)
        hint = 'Write its 12 digits, e.g. "123456789012".'
        if text.isdigit() and 9 <= len(text) < 12:
            hint = f"It has {len(text)} digits instead of 12. Did leading zeros get lost: {text.zfill(12)}?"
        raise self._fault(f"{text!r} is not an account id", hint, path)

    def _roles(self, value: Any, path: KeyPath) -> tuple[Role, ...]:
        if not isinstance(value, list):
            return (self._role(value, path, 0),)
        if not value:
            raise self._fault("this list of roles is empty", "Name a role, or leave it out.", path)
        return tuple(self._role(entry, (*path, index), index) for index, entry in enumerate(value))

    def _role(self, value: Any, path: KeyPath, index: int) -> Role:
        if not isinstance(value, dict):
            return Role(self._role_arn(value, path))
        entry = self._mapping(value, path, ROLE_KEYS, "Write e.g. arn: arn:aws:iam::123456789012:role/deploy")
        if "arn" not in entry:
            raise self._fault("this role has no arn", "Write e.g. arn: arn:aws:iam::123456789012:role/deploy", path)
        external = "an external id: 2 to 1224 letters, digits and +=,.@:/-"
        return Role(
            self._role_arn(entry["arn"], (*path, "arn")),
            self._matching(entry, "external_id", EXTERNAL_ID, external, path),
            self._matching(entry, "mfa", MFA, "the ARN or serial number of an MFA device", path),
            self._duration(entry["duration"], (*path, "duration"), index) if "duration" in entry else None,
        )

    def _role_arn(self, value: Any, path: KeyPath) -> str:
        text = self._text(value, path)
        if not ROLE_ARN.fullmatch(text):
            raise self._fault(
                f"{text!r} is not the ARN of a role", "Write e.g. arn:aws:iam::123456789012:role/deploy", path
            )
        return text

    def _duration(self, value: Any, path: KeyPath, index: int) -> int:
        match = DURATION.fullmatch(self._text(value, path))
        seconds = int(match[1]) * SECONDS[match[2]] if match else 0
        if not SHORTEST <= seconds <= LONGEST:
            hint = "Write e.g. 4h; 30m to 12h are possible, as far as the role allows it."
            raise self._fault(f"{value!r} is not how long a session can last", hint, path)
        if index and seconds > CHAINED:
            hint = "Leave it out: sessions are renewed by themselves."
            raise self._fault("a role that was assumed by a role has sessions of at most 1h", hint, path)
        return seconds

    def _parameters(self, value: Any, path: KeyPath) -> dict[str, str]:
        hint = "Write one line per parameter, e.g. ImageVersion: 1.10"
        parameters: dict[str, str] = {}
        for name, given in self._mapping(value, path, None, hint).items():
            if not PARAMETER.fullmatch(name):
                raise self._fault(
                    f"{name!r} cannot be the name of a parameter", "Use letters and digits.", (*path, name)
                )
            items = given if isinstance(given, list) else [given]
            if not all(isinstance(item, str) for item in items):
                problem = f"the value of parameter {name} is not a text, number or list of them"
                raise self._fault(problem, hint, (*path, name))
            parameters[name] = ",".join(items)
        return parameters

    # -- the values of YAML ----------------------------------------------------------------------------------------
    def _mapping(self, value: Any, path: KeyPath, known: tuple[str, ...] | None, hint: str) -> dict[str, Any]:
        """known: the keys there are; None for any. Nothing after the colon is an empty mapping where any is fine."""
        if value == "" and known is None:
            return {}
        if not isinstance(value, dict):
            what = str(path[-1]) if path else "this file"
            raise self._fault(f"{what} must be a mapping", hint, path)
        for key in value if known is not None else ():
            if key not in known:  # type: ignore[operator]
                near = did_you_mean(str(key), known or ())
                raise self._fault(f"there is no key {key}", near or f"There is {', '.join(known or ())}.", (*path, key))
        return {str(key): entry for key, entry in value.items()}

    def _matching(self, entry: dict[str, Any], key: str, form: re.Pattern[str], what: str, path: KeyPath) -> str | None:
        if key not in entry:
            return None
        text = self._text(entry[key], (*path, key))
        if not form.fullmatch(text):
            raise self._fault(f"{text!r} is not {what}", "", (*path, key))
        return text

    def _text(self, value: Any, path: KeyPath) -> str:
        if not isinstance(value, str) or not value:
            raise self._fault(f"{path[-1]} must be a text" if value else f"{path[-1]} has no value", "", path)
        return value

    def _where(self, *path: str | int) -> Where:
        return self._source.where(*path)

    def _fault(self, problem: str, hint: str, path: KeyPath) -> DefinitionError:
        return DefinitionError(problem, hint=hint, where=self._where(*path))
