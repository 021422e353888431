"""Gap: moto makes an RSA key pair for symmetric KMS keys too, which have none: the slowest part of a reset."""

from __future__ import annotations

from functools import cache
from typing import Any


def apply() -> None:
    from moto.kms import models

    generate = models.generate_private_key
    once = cache(generate)

    def generate_private_key(key_spec: str) -> Any:
        return once(key_spec) if key_spec == "SYMMETRIC_DEFAULT" else generate(key_spec)

    models.generate_private_key = generate_private_key
