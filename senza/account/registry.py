"""Registries of container images; the room :mod:`senza.account.oci` has them."""

from senza.account.oci import ImageReference, Registries

__all__ = ["ImageReference", "Registries"]
