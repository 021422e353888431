"""What moto works out anew for each request or value, though it is the same every time: worked out once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache, lru_cache
from importlib import import_module
from typing import Any


@cache
def apply() -> None:
    """Once in a process, after the patches: they give classes of moto further methods."""
    from moto.core import responses, serialize
    from moto.core.errors import ErrorLookupFactory

    # each request looks through all methods for its own, each error through all errors of its service for itself
    responses.method_names_from_class = cache(responses.method_names_from_class)
    ErrorLookupFactory._create_error_lut = staticmethod(cache(ErrorLookupFactory._create_error_lut))
    picker = serialize.XFormedAttributePicker
    picker.get_possible_keys = by_member(picker.get_possible_keys)
    serialize.parse_to_aware_datetime = of_texts(serialize.parse_to_aware_datetime)
    xmltodict: Any = import_module("xmltodict")
    if hasattr(xmltodict, "_validate_name"):  # since 1.0: looks at each letter of each name in an answer
        xmltodict._validate_name = lru_cache(10_000)(xmltodict._validate_name)


def by_member(find: Callable[[Any, Any], Iterable[str]]) -> Callable[[Any, Any], Iterable[str]]:
    """By which names a member of a structure may be found in an object: a question of its class, for each value again.

    find: moto's method, of a picker and its context (obj, key, shape...).
    """
    seen: dict[tuple[Any, ...], tuple[str, ...]] = {}

    def possible_keys(picker: Any, context: Any) -> Iterable[str]:
        parent = getattr(context.shape, "parent", None)
        if parent is None:
            return find(picker, context)
        # names of shapes mean one thing in a service; an object may have aliases of its own
        kind = type(context.obj), getattr(context.obj, "Meta", None)
        member = context.service_model.service_name, parent.name, context.key, context.shape.name
        if (kind, member) not in seen:
            seen[kind, member] = tuple(find(picker, context))
        return seen[kind, member]

    return possible_keys


def of_texts(parse: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """What moto keeps as text is parsed for each answer. Not of datetimes: those of different zones may be equal."""
    known = lru_cache(10_000)(parse)
    return lambda value: known(value) if isinstance(value, str) else parse(value)
