"""A policy file: YAML in, :class:`Policy` out, every mistake with its line."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from senza.definition.loading import read_text
from senza.definition.model import Source
from senza.definition.suggest import did_you_mean
from senza.errors import DefinitionError
from senza.provenance.model import DIGESTS, ORIGIN_FIELDS, Policy, SignatureRule

WHAT = "policy"
KEYS = {
    "": ("name", "production", "registries", "digest", "tags", "provenance", "signature", "force"),
    "production": ("accounts",),
    "tags": ("refuse",),
    "provenance": ("required", "repositories"),
    "signature": ("key", "identity", "issuer"),
}
"""Section -> what may stand in it; ``""`` is the whole file."""
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}")
ACCOUNT = re.compile(r"[0-9]{12}")

Where = tuple[str | int, ...]


def read_policy(location: str, text: Callable[[str], str] = lambda place: read_text(place, what=WHAT)) -> Policy:
    """Read a policy from a path, ``file://`` or ``https://``. Raises DefinitionError and UsageError."""
    from senza.definition import yamltree

    content = text(location)
    tree = yamltree.parse(content, location)
    reader = _Reader(tree.source)
    whole = reader.mapping(tree.value, ())
    production = reader.section(whole, "production")
    tags = reader.section(whole, "tags")
    origin = reader.section(whole, "provenance")
    return Policy(
        name=reader.text(whole, "name", (), NAME, "letters, digits, spaces and ._-, at most 64") or "policy",
        fingerprint=hashlib.sha256(content.encode()).hexdigest()[:8],
        location=location,
        production=reader.texts(production, "accounts", ("production",), ACCOUNT, "an account id of 12 digits"),
        registries=reader.texts(whole, "registries"),
        digest=reader.choice(whole, "digest", (), DIGESTS, "any"),
        refuse_tags=reader.texts(tags, "refuse", ("tags",)),
        origin=reader.choices(origin, "required", ("provenance",), ORIGIN_FIELDS),
        repositories=reader.texts(origin, "repositories", ("provenance",)),
        signature=reader.signature(whole, location),
        may_be_forced=reader.choice(whole, "force", (), ("allowed", "refused"), "allowed") == "allowed",
    )


class _Reader:
    def __init__(self, source: Source) -> None:
        self._source = source

    def wrong(self, message: str, path: Where, hint: str = "") -> DefinitionError:
        return DefinitionError(message, hint=hint, where=self._source.where(*path))

    def mapping(self, value: Any, path: Where) -> Mapping[str, Any]:
        """A section whose keys are all known."""
        if not isinstance(value, Mapping):
            what = f"{path[-1]} must be a mapping" if path else "a policy is a mapping"
            raise self.wrong(what, path, "Write e.g. registries: [ghcr.io/acme].")
        known = KEYS[str(path[-1]) if path else ""]
        for key in value:
            if key not in known:
                hint = did_you_mean(str(key), known) or f"There is {', '.join(known)}."
                raise self.wrong(f"a policy has no {'.'.join(map(str, (*path, key)))}", (*path, key), hint)
        return value

    def section(self, whole: Mapping[str, Any], name: str) -> Mapping[str, Any]:
        return self.mapping(whole[name], (name,)) if whole.get(name) is not None else {}

    def texts(
        self,
        section: Mapping[str, Any],
        key: str,
        path: Where = (),
        pattern: re.Pattern[str] | None = None,
        form: str = "",
    ) -> tuple[str, ...]:
        """A list of texts; one text stands for a list of it."""
        value = section.get(key)
        items = value if isinstance(value, list) else [] if value is None else [value]
        for number, item in enumerate(items):
            place = (*path, key, number) if isinstance(value, list) else (*path, key)
            if not isinstance(item, str) or not item:
                raise self.wrong(f"{key} takes texts", place, f"Put it in quotes: '{item}'.")
            if pattern and not pattern.fullmatch(item):
                raise self.wrong(f"{item!r} is not {form}", place)
        return tuple(items)

    def text(
        self, section: Mapping[str, Any], key: str, path: Where, pattern: re.Pattern[str] | None = None, form: str = ""
    ) -> str:
        if isinstance(section.get(key), list):
            raise self.wrong(f"{key} takes one text, not a list", (*path, key))
        return "".join(self.texts(section, key, path, pattern, form))

    def choice(self, section: Mapping[str, Any], key: str, path: Where, known: tuple[str, ...], default: str) -> str:
        if section.get(key) is None:
            return default
        return self._one_of(section[key], (*path, key), known)

    def choices(self, section: Mapping[str, Any], key: str, path: Where, known: tuple[str, ...]) -> tuple[str, ...]:
        for number, item in enumerate(self.texts(section, key, path)):
            self._one_of(item, (*path, key, number), known)
        return self.texts(section, key, path)

    def _one_of(self, value: Any, path: Where, known: tuple[str, ...]) -> str:
        if value not in known:
            hint = did_you_mean(str(value), known) or f"Write one of {', '.join(known)}."
            raise self.wrong(f"{path[-2] if isinstance(path[-1], int) else path[-1]} cannot be {value!r}", path, hint)
        return str(value)

    def signature(self, whole: Mapping[str, Any], location: str) -> SignatureRule | None:
        if whole.get("signature") is None:
            return None
        section = self.section(whole, "signature")
        path: Where = ("signature",)
        rule = SignatureRule(*(self.text(section, key, path) for key in ("key", "identity", "issuer")))
        if bool(rule.key) == bool(rule.identity) or bool(rule.identity) != bool(rule.issuer):
            raise self.wrong(
                "signature needs either a key, or an identity and its issuer",
                path,
                "Write e.g. key: cosign.pub, or identity: https://github.com/acme/.* and "
                "issuer: https://token.actions.githubusercontent.com.",
            )
        if rule.identity:
            try:
                re.compile(rule.identity)
            except re.error as error:
                raise self.wrong(f"identity is no regular expression: {error}", (*path, "identity")) from error
        return SignatureRule(self._beside(rule.key, location), rule.identity, rule.issuer)

    def _beside(self, key: str, location: str) -> str:
        """A key's file lies beside the policy; a KMS URI or URL stays as it is."""
        if not key or "://" in key or os.path.isabs(key):
            return key
        scheme = urlsplit(location).scheme if "://" in location else ""
        if scheme not in ("", "file"):
            raise self.wrong(
                "a policy that comes from the web cannot name a key by a path",
                ("signature", "key"),
                "Give the URL or KMS URI (awskms://...) of the key.",
            )
        path = unquote(urlsplit(location).path) if scheme else location
        return os.path.join(os.path.dirname(os.path.abspath(path)), key)
