"""What moto works out anew for each request, though it is the same every time: worked out once in a process."""

from __future__ import annotations

from functools import cache, lru_cache
from importlib import import_module
from typing import Any


@cache
def apply() -> None:
    """Once in a process, after the patches: they give classes of moto further methods."""
    from moto.core import responses
    from moto.core.errors import ErrorLookupFactory

    # each request looks through all methods for its own, each error through all errors of its service for itself
    responses.method_names_from_class = cache(responses.method_names_from_class)
    ErrorLookupFactory._create_error_lut = staticmethod(cache(ErrorLookupFactory._create_error_lut))
    xmltodict: Any = import_module("xmltodict")
    if hasattr(xmltodict, "_validate_name"):  # since 1.0: looks at each letter of each name in an answer
        xmltodict._validate_name = lru_cache(10_000)(xmltodict._validate_name)
