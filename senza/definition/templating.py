"""Mustache over a parsed tree: every text and key in it, once each, and nothing that came out of a value again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from senza.definition import mustache
from senza.definition.model import KeyPath, Parameter, Source
from senza.errors import DefinitionError

ACCOUNT_NAMES = ("Region", "AccountAlias", "AccountID", "TeamID", "Domain", "MintBucket", "VpcID")
"""What a definition may ask of ``AccountInfo``; each may cost a call to AWS, when it is asked for."""


class Arguments(Mapping[str, str]):
    """What ``{{Arguments.X}}`` stands for. ``region`` is found out when it is asked for.

    Its repr shows names only: a value may be a password.
    """

    def __init__(self, values: Mapping[str, str], region: str | Callable[[], str]) -> None:
        self._values = dict(values)
        self._region = region

    def __getitem__(self, name: str) -> str:
        if name == "region":
            if callable(self._region):
                self._region = self._region()
            return self._region
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        yield from (*self._values, "region")

    def __len__(self) -> int:
        return len(self._values) + 1

    def __repr__(self) -> str:
        return f"<Arguments {', '.join(self)}>"


def account_names(account_info: object) -> mustache.Names:
    """``AccountInfo`` for a tag: the attributes of that name of the object, and no others."""
    return mustache.Names(ACCOUNT_NAMES, lambda name: getattr(account_info, name))


class Templating:
    """Renders the parts of one definition with one set of arguments.

    source: where texts come from, for messages.
    warnings: NoEcho values that were written into the template, by place.
    """

    def __init__(
        self,
        tree: Mapping[str, Any],
        source: Source,
        arguments: Arguments,
        parameters: tuple[Parameter, ...],
        account_info: object,
    ) -> None:
        self._source = source
        self._arguments = arguments
        self._secret = frozenset(parameter.name for parameter in parameters if parameter.no_echo)
        self._info: Mapping[Any, Any] = tree["SenzaInfo"]
        self._rendered_info: dict[Any, Any] = {"StackVersion": arguments["version"]}
        self._in_progress: set[Any] = set()
        self._names: dict[str, Any] = {
            "SenzaInfo": mustache.Names((*self._info, "StackVersion"), self._info_entry),
            "SenzaComponents": tree.get("SenzaComponents"),
            "Arguments": mustache.Names(tuple(arguments), self._argument),
            "AccountInfo": account_names(account_info),
        }
        self._new_keys: dict[KeyPath, str] = {}
        self.warnings: list[str] = []

    def info(self) -> dict[str, Any]:
        """``SenzaInfo``, rendered; an entry may use the others, in any order, as long as they do not form a circle."""
        return {self._key(key, ("SenzaInfo",)): self._info_entry(key) for key in self._info}

    def tree(self, value: Any, path: KeyPath) -> Any:
        """Render the part of the definition that stands at ``path``. Raises DefinitionError."""
        if isinstance(value, str):
            return self._text(value, path)
        if isinstance(value, list):
            return [self.tree(item, (*path, index)) for index, item in enumerate(value)]
        if not isinstance(value, dict):
            return value
        rendered: dict[Any, Any] = {}
        for key, inner in value.items():
            new_key = self._key(key, path)
            place = (*path, key if isinstance(key, (str, int)) else str(key))
            if new_key in rendered:
                raise DefinitionError(
                    f"with these arguments the key {new_key} is there twice",
                    hint="Make the keys differ for all arguments.",
                    where=self._source.where(*place),
                )
            rendered[new_key] = self.tree(inner, place)
        return rendered

    def source(self) -> Source:
        """The source by the rendered key paths."""
        if not self._new_keys:
            return self._source
        lines = {self._rendered_path(path): line for path, line in self._source.lines.items()}
        return Source(self._source.file, lines)

    def _rendered_path(self, path: KeyPath) -> KeyPath:
        return tuple(self._new_keys.get(path[: index + 1], key) for index, key in enumerate(path))

    def _key(self, key: Any, parent: KeyPath) -> Any:
        if not isinstance(key, str) or "{{" not in key:
            return key
        path = (*parent, key)
        self._new_keys[path] = self._text(key, path)
        return self._new_keys[path]

    def _text(self, text: str, path: KeyPath) -> str:
        if "{{" not in text:
            return text
        try:
            return mustache.render(text, self._names, lambda secret: self._warn(secret, path))
        except mustache.MustacheFault as fault:
            raise DefinitionError(fault.message, hint=fault.hint, where=self._source.where(*path)) from fault

    def _warn(self, secret: mustache.Secret, path: KeyPath) -> None:
        warning = (
            f"{self._source.where(*path)}: {{{{Arguments.{secret.name}}}}} writes a NoEcho value in clear text into "
            f"the template; refer to the parameter instead: {{Ref: {secret.name}}}"
        )
        if warning not in self.warnings:
            self.warnings.append(warning)

    def _argument(self, name: str) -> str:
        value = self._arguments[name]
        if name not in self._secret:
            return value
        secret = mustache.Secret(value)
        secret.name = name
        return secret

    def _info_entry(self, key: Any) -> Any:
        if key not in self._rendered_info:
            path = ("SenzaInfo", key if isinstance(key, (str, int)) else str(key))
            if key in self._in_progress:
                raise DefinitionError(
                    f"SenzaInfo.{key} needs its own value to be rendered",
                    hint="Remove the tag that leads back to it.",
                    where=self._source.where(*path),
                )
            self._in_progress.add(key)
            self._rendered_info[key] = self.tree(self._info[key], path)
            self._in_progress.discard(key)
        return self._rendered_info[key]
