"""KMS keys and passwords. A password is made, encrypted and forgotten: nobody sees it, no file holds it."""

from __future__ import annotations

import base64
import secrets
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from senza.aws import Aws
from senza.errors import AwsError, UsageError
from senza.plan import Outcome, Step, World, perform
from senza.starters.model import Finding, Wanted

PASSWORD_BYTES = 24
"""Of randomness in a password, 192 bits."""


@dataclass(frozen=True)
class CreateKey(Step):
    """alias: with its ``alias/`` in front."""

    alias: str

    @property
    def says(self) -> str:
        return f"Create KMS key {self.alias}"

    @property
    def undone_by(self) -> str:
        return f"aws kms schedule-key-deletion (the key of {self.alias})"

    @property
    def description(self) -> str:
        return f"Made by senza init as {self.alias}"


@dataclass(frozen=True)
class EncryptPassword(Step):
    """Performing it yields the fact ``ciphertext``: base64, as ``aws:kms:`` values have it."""

    variable: str
    key: str

    @property
    def says(self) -> str:
        return f"Make a random password {self.variable} and encrypt it with KMS key {self.key}"


@dataclass(frozen=True)
class Key(Wanted):
    """A symmetric key. key: an alias, which is made where it does not exist, or the id or ARN of one that does."""

    key: str

    def look(self, aws: Aws) -> Finding:
        found = find_key(aws, self.key)
        if found is None:
            if not self.key.startswith("alias/"):
                raise UsageError(
                    f"there is no KMS key {self.key} in this region",
                    hint="Correct it, or give an alias (alias/NAME), for which a key is made.",
                )
            return Finding((CreateKey(self.key),))
        usage = found.get("KeyUsage", "ENCRYPT_DECRYPT")
        if not found["Enabled"] or usage != "ENCRYPT_DECRYPT":
            state = "for encryption" if usage == "ENCRYPT_DECRYPT" else f"for {usage}"
            raise UsageError(
                f"the KMS key {self.key} cannot encrypt: it is {found.get('KeyState', 'disabled')}, {state}",
                hint="Enable it, or give another one.",
            )
        return Finding((), f"KMS key {self.key}")


@dataclass(frozen=True)
class Password(Wanted):
    """variable: the environment variable it is for."""

    variable: str
    key: str

    def look(self, aws: Aws) -> Finding:
        return Finding((EncryptPassword(self.variable, self.key),))


def find_key(aws: Aws, key: str) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = aws.call("kms", "describe_key", KeyId=key)["KeyMetadata"]
    except AwsError as error:
        if error.code != "NotFoundException":
            raise
        return None
    return found


@perform.register
def create_key(step: CreateKey, world: World) -> Outcome:
    """A key and its alias are two calls; the description tells a key that was left without its alias in between."""
    existing = find_key(world.aws, step.alias)
    if existing:
        return Outcome(f"{existing['KeyId']} is there already")
    key_id = _left_behind(step, world.aws)
    if key_id is None:
        answer = world.aws.call("kms", "create_key", Description=step.description)
        key_id = str(answer["KeyMetadata"]["KeyId"])
    world.aws.call("kms", "create_alias", AliasName=step.alias, TargetKeyId=key_id)
    return Outcome(key_id, {"key_id": key_id})


def _left_behind(step: CreateKey, aws: Aws) -> str | None:
    for item in aws.pages("kms", "list_keys", "Keys"):
        key = None
        with suppress(AwsError):  # a key that we may not look at was not made by us
            key = find_key(aws, item["KeyId"])
        if key and key.get("Description") == step.description and key["Enabled"]:
            return str(key["KeyId"])
    return None


@perform.register
def encrypt_password(step: EncryptPassword, world: World) -> Outcome:
    password = secrets.token_urlsafe(PASSWORD_BYTES).encode()
    answer = world.aws.call("kms", "encrypt", KeyId=step.key, Plaintext=password)
    return Outcome("done", {"ciphertext": base64.b64encode(answer["CiphertextBlob"]).decode()})
