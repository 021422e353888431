"""How asking a registry fails: "there is no such image" is not "I could not find out"."""

from __future__ import annotations

from senza.errors import SenzaError


class RegistryUnavailable(SenzaError):
    """The registry could not be asked, or does not tell us: whether the image exists is not known."""


class WrongArchitecture(SenzaError):
    """The image exists, but not for the processor of the instances."""


class BrokenRegistry(SenzaError):
    """The registry's answer contradicts itself, e.g. its content does not have the digest that it was asked for."""
