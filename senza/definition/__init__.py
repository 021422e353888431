"""Definition files: loading, parameters, templating. Pure but for reading the file; knows nothing about AWS.

``load`` makes a :class:`Definition` of a file, ``bind`` a :class:`Bound` of it and its arguments.
"""

from senza.definition.binding import bind
from senza.definition.loading import load, load_parameter_file
from senza.definition.model import Bound, Component, Definition, KeyPath, Parameter, Source
from senza.definition.naming import check_stack_name, check_version
from senza.definition.suggest import did_you_mean, suggest

__all__ = [
    "Bound",
    "Component",
    "Definition",
    "KeyPath",
    "Parameter",
    "Source",
    "bind",
    "check_stack_name",
    "check_version",
    "did_you_mean",
    "load",
    "load_parameter_file",
    "suggest",
]
