"""What botocore makes anew for each session and client, though it is the same every time: made once in a test run.

Nearly every test has a session of its own, as every command has. That and six clients take 70 ms of processor time and
more, mostly to look through folders and at signatures and to make the same methods again. Nothing that a client
remembers is shared: neither connections nor its retry quota nor who listens to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache, lru_cache
from typing import Any

import botocore.hooks
import botocore.parsers
import botocore.session
import botocore.useragent
from botocore.client import ClientCreator


@contextmanager
def shared() -> Iterator[None]:
    """Sessions share the files of botocore's data, and the clients of a service its description and their methods."""
    load_model, create_methods = ClientCreator._load_service_model, ClientCreator._create_methods
    alias = botocore.hooks.EventAliaser._alias_event_name
    aliases: dict[str, str] = {}
    models: dict[Any, Any] = {}
    methods: dict[Any, dict[str, Any]] = {}

    def model_of(self: Any, name: str, version: str | None = None) -> Any:
        if (name, version) not in models:
            models[name, version] = load_model(self, name, version)
        return models[name, version]

    def methods_of(self: Any, model: Any) -> dict[str, Any]:
        if model not in methods:
            methods[model] = create_methods(self, model)
        return dict(methods[model])  # the class that is made of it gets more

    def alias_of(self: Any, event: str) -> str:
        if event not in aliases:
            aliases[event] = alias(self, event)
        return aliases[event]

    with ExitStack() as changed:
        for place, name, instead in (
            (botocore.session, "create_loader", cache(botocore.session.create_loader)),
            (botocore.hooks.EventAliaser, "_alias_event_name", alias_of),
            (botocore.hooks, "accepts_kwargs", by_code(botocore.hooks.accepts_kwargs)),
            (
                botocore.parsers,
                "DEFAULT_TIMESTAMP_PARSER",
                lru_cache(10_000)(botocore.parsers.DEFAULT_TIMESTAMP_PARSER),
            ),
            (
                botocore.useragent,
                "sanitize_user_agent_string_component",
                lru_cache(1000)(botocore.useragent.sanitize_user_agent_string_component),
            ),
            (ClientCreator, "_load_service_model", model_of),
            (ClientCreator, "_create_methods", methods_of),
        ):
            changed.callback(setattr, place, name, getattr(place, name))
            setattr(place, name, instead)
        yield


def by_code(look: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """What is to be seen from a function's signature, remembered by its code."""
    seen: dict[Any, Any] = {}

    def remember(function: Any) -> Any:
        code = getattr(function, "__code__", None)
        if code is None:
            return look(function)
        if code not in seen:
            seen[code] = look(function)
        return seen[code]

    return remember
