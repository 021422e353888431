"""What ``aws:kms:``, ``aws:ssm:`` and ``aws:secretsmanager:`` values stand for, read with the caller's permissions."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from functools import partial

from senza.aws import Aws
from senza.errors import DefinitionError, NotFound, UsageError

KMS, SSM, SECRETS = "aws:kms:", "aws:ssm:", "aws:secretsmanager:"


def resolve_all(aws: Aws, references: Mapping[str, str]) -> dict[str, str]:
    """Name -> value; all are read at the same time. Raises what :func:`resolve` raises."""
    return aws.parallel({name: partial(resolve, aws, reference) for name, reference in references.items()})


def resolve(aws: Aws, reference: str) -> str:
    """The text that a reference stands for. No message holds it, or the reference's ciphertext.

    Raises AwsError where we may not read it, NotFound for a key that the secret has not, DefinitionError, UsageError.
    """
    if reference.startswith(SSM):
        answer = aws.call("ssm", "get_parameter", Name=reference.removeprefix(SSM), WithDecryption=True)
        return str(answer["Parameter"]["Value"])
    if reference.startswith(KMS):
        try:
            blob = base64.b64decode(reference.removeprefix(KMS), validate=True)
        except binascii.Error as error:
            raise DefinitionError("what follows aws:kms: is not base64") from error
        plaintext: bytes = aws.call("kms", "decrypt", CiphertextBlob=blob)["Plaintext"]
        return text(plaintext)
    if reference.startswith(SECRETS):
        ident, _, key = reference.removeprefix(SECRETS).partition("#")
        answer = aws.call("secretsmanager", "get_secret_value", SecretId=ident)
        whole = answer["SecretString"] if "SecretString" in answer else text(answer["SecretBinary"])
        return value_of(whole, key, ident) if key else str(whole)
    raise UsageError(f"{reference.partition(':')[0]}… is no reference to a secret")


def value_of(secret: str, key: str, ident: str) -> str:
    """The value of a key of a secret that is a JSON mapping."""
    try:
        found = json.loads(secret)
    except ValueError:
        found = None
    if not isinstance(found, dict) or found.get(key) is None:
        raise NotFound(f"the secret {ident} has no key {key}")
    return found[key] if isinstance(found[key], str) else json.dumps(found[key])


def text(content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise UsageError("the secret is no text, which no variable can hold") from None
