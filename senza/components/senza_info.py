"""``SenzaInfo`` in the template: a map that functions can read, metadata with all of it, tags, and no secrets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from senza.account import Account
from senza.components.configuration import MASK
from senza.components.settings import shown
from senza.components.shapes import plain, section_of
from senza.definition.model import ENCRYPTED, Bound
from senza.errors import DefinitionError, SenzaError

SECRET_KEYS = ("SpotinstAccessToken",)
"""Keys of SenzaInfo that are secrets even where they are not encrypted."""

_SHORTEST_SECRET = 4
"""Characters from which a NoEcho value is also masked inside longer texts; ``1`` would be found everywhere."""


def decrypted(bound: Bound, account: Account) -> dict[str, tuple[str, str]]:
    """Key of SenzaInfo -> NoEcho parameter and plaintext, for each value that is KMS ciphertext."""
    secrets = {}
    for key, value in bound.info.items():
        if isinstance(value, str) and value.startswith(ENCRYPTED):
            where = bound.source.where("SenzaInfo", str(key))
            name = "".join(char for char in str(key) if char.isalnum())
            taken = {*(bound.template.get("Parameters") or {}), *(parameter.name for parameter in bound.parameters)}
            if name in taken:
                raise DefinitionError(
                    f"the decrypted {key} needs a parameter {name}, and there is one", hint="Rename one.", where=where
                )
            try:
                secrets[str(key)] = (name, account.decrypt(value.removeprefix(ENCRYPTED)))
            except SenzaError as error:
                error.where = error.where or where
                raise
    return secrets


def decrypted_parameters(bound: Bound, account: Account) -> dict[str, str]:
    """NoEcho parameter -> plaintext, for each that was given KMS ciphertext. CloudFormation gets nothing else."""
    secrets = {}
    for parameter in bound.parameters:
        value = bound.arguments[parameter.name]
        if parameter.no_echo and value.startswith(ENCRYPTED):
            try:
                secrets[parameter.name] = account.decrypt(value.removeprefix(ENCRYPTED))
            except SenzaError as error:
                error.message = f"the value of the parameter {parameter.name} cannot be decrypted: {error.message}"
                raise
    return secrets


def referring(value: Any, ciphertexts: Mapping[str, str]) -> Any:
    """The same tree in which every ciphertext that Mustache wrote into a text is a ``Ref`` of its NoEcho parameter.

    ciphertexts: each, as it was written -> the parameter. Where the classic tool wrote the plaintext, the stack gets
    the same value without anybody being able to read it.
    """
    if isinstance(value, dict):
        return {key: referring(item, ciphertexts) for key, item in value.items()}
    if isinstance(value, list):
        return [referring(item, ciphertexts) for item in value]
    if not isinstance(value, str) or ENCRYPTED not in value:
        return value
    parts: list[Any] = [value]
    for ciphertext, name in ciphertexts.items():
        split = [part.split(ciphertext) if isinstance(part, str) else [part] for part in parts]
        parts = [item for pieces in split for item in with_between(pieces, {"Ref": name})]
    parts = [part for part in parts if part != ""]
    return parts[0] if len(parts) == 1 else {"Fn::Join": ["", parts]}


def with_between(pieces: list[Any], separator: Any) -> list[Any]:
    """``[a, b]`` as ``[a, separator, b]``."""
    return [item for piece in pieces for item in (separator, piece)][1:]


def stack_tags(bound: Bound, own: Mapping[str, str], extra: Mapping[str, str]) -> dict[str, str]:
    """The three tags, those of ``SenzaInfo.Tags`` (a mapping, or a list of mappings), those of the command line."""
    tags = dict(own)
    given = bound.info.get("Tags") or {}
    entries = given if isinstance(given, list) else [given]
    for number, entry in enumerate(entries):
        place = ("SenzaInfo", "Tags", number) if isinstance(given, list) else ("SenzaInfo", "Tags")
        if not isinstance(entry, Mapping):
            hint = "Write Tags: {Team: cheese}, or a list of such mappings."
            raise DefinitionError(
                f"a tag must be a mapping of key to value, not {shown(entry)}",
                hint=hint,
                where=bound.source.where(*place),
            )
        for key, value in entry.items():
            if isinstance(value, Mapping | list) or value is None:
                raise DefinitionError(
                    f"the tag {key} must have a text, not {shown(value)}", where=bound.source.where(*place, str(key))
                )
            tags[str(key)] = scalar_text(value)
    return {**tags, **extra}


def add_to(
    template: dict[str, Any], bound: Bound, tags: Mapping[str, str], secrets: Mapping[str, tuple[str, str]]
) -> None:
    """Put ``Mappings.Senza.Info``, ``Metadata.Senza`` and the parameters of the secrets into the template."""
    info = dict(_public(bound, secrets))
    info["StackVersion"] = bound.version
    mapped = {str(key): readable for key, value in info.items() if (readable := _mappable(value)) is not None}
    mapped.pop("Tags", None)
    mapped.pop("Parameters", None)
    source = bound.source
    section_of(section_of(template, "Mappings", source), "Senza", source, "Mappings")["Info"] = mapped
    section_of(template, "Metadata", source)["Senza"] = {
        "Info": {**info, "Tags": [{key: value} for key, value in tags.items()]}
    }
    for name, _ in secrets.values():
        section_of(template, "Parameters", source)[name] = {"Type": "String", "NoEcho": True}


def _public(bound: Bound, secrets: Mapping[str, object]) -> Iterator[tuple[str, Any]]:
    """SenzaInfo without what is not to be seen."""
    hidden = {bound.arguments[parameter.name] for parameter in bound.parameters if parameter.no_echo} - {""}
    for key, value in bound.info.items():
        if key in secrets or key in SECRET_KEYS:
            continue
        if key == "Parameters":
            value = [
                {parameter.name: _without_default(parameter.settings, parameter.no_echo)}
                for parameter in bound.parameters
            ]
        yield str(key), masked(plain(value), hidden)


def _without_default(settings: Mapping[str, Any], no_echo: bool) -> dict[str, Any]:
    return {key: MASK if no_echo and key == "Default" else value for key, value in settings.items()}


def masked(value: Any, hidden: set[str]) -> Any:
    """The same tree in which no hidden text can be read."""
    if isinstance(value, dict):
        return {key: masked(item, hidden) for key, item in value.items()}
    if isinstance(value, list):
        return [masked(item, hidden) for item in value]
    if isinstance(value, str):
        for secret in sorted(hidden, key=len, reverse=True):
            if value == secret or len(secret) >= _SHORTEST_SECRET:
                value = value.replace(secret, MASK)
    return value


def _mappable(value: Any) -> str | list[str] | None:
    """The value as a CloudFormation mapping may hold it (strings and lists of strings), None where it may not."""
    if isinstance(value, list):
        items = [_mappable(item) for item in value]
        texts = [item for item in items if isinstance(item, str)]
        return texts if texts and len(texts) == len(value) else None
    if isinstance(value, dict) or value is None:
        return None
    return scalar_text(value)


def scalar_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
