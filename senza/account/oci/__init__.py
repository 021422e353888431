"""Registries of container images, read: does it exist, which digest, for which processors, and where from."""

from senza.account.oci.credentials import EcrHost, FileLogins, Login
from senza.account.oci.ecr import EcrLogins, EcrStore
from senza.account.oci.failures import BrokenRegistry, RegistryUnavailable, WrongArchitecture
from senza.account.oci.origin import Origin
from senza.account.oci.reference import ImageReference
from senza.account.oci.registries import FoundImage, Registries

__all__ = [
    "BrokenRegistry",
    "EcrHost",
    "EcrLogins",
    "EcrStore",
    "FileLogins",
    "FoundImage",
    "ImageReference",
    "Login",
    "Origin",
    "Registries",
    "RegistryUnavailable",
    "WrongArchitecture",
]
