"""Which certificate a load balancer shows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from senza.components.domains import Domain
from senza.components.functions import NULL, is_function
from senza.components.model import Site
from senza.components.settings import Settings, shown
from senza.errors import NotFound


def given_certificate(settings: Settings, site: Site, value: Any, *path: str | int) -> Any:
    """The ARN of a certificate given by ARN, by name of an IAM server certificate, or as a function.

    Raises NotFound where there is none, DefinitionError where it is not valid.
    """
    if is_function(value):
        return value
    if not isinstance(value, str):
        raise settings.wrong(f"a certificate must be a name, an ARN or a function, not {shown(value)}", *path)
    if value.startswith("arn:") and ":acm:" not in value:
        return value
    is_arn = value.startswith("arn:")
    with settings.blaming(*path):
        known = site.account.certificates() if is_arn else site.account.server_certificates()
        found = next((item for item in known if value in (item.arn, item.names[0])), None)
        if found is None:
            kind = "ACM certificate" if is_arn else "IAM server certificate"
            names = ", ".join(sorted({item.names[0] for item in known})) or "none"
            raise NotFound(f"there is no {kind} {value}", hint=f"Certificates here: {names}.")
    if found.status != "ISSUED":
        site.tolerate(settings.wrong(f"the certificate {value} is not valid: {found.status}", *path))
    return found.arn


def found_certificate(settings: Settings, site: Site, domains: Sequence[Domain], *path: str | int) -> Any:
    """The ARN of the newest valid certificate for the load balancer's domain.

    Raises NotFound where the account has none at all, DefinitionError without domains; with ``--force`` the latter is a
    warning and a null (which AWS refuses as a whole, before anything is made).
    """
    if not domains:
        site.tolerate(
            settings.wrong(
                "HTTPS needs a certificate, and without Domains nothing says which",
                *path,
                hint="Give SSLCertificateId, Domains, or Listeners without HTTPS.",
            )
        )
        return NULL
    weighted = [domain for domain in domains if domain.weighted]
    main = (weighted or list(domains))[-1]
    with settings.blaming(*path):
        certificate = site.account.certificate_for(main.name, main.zone)
        if certificate:
            return certificate.arn
        valid = [item for item in site.account.server_certificates() if item.status == "ISSUED"]
        if not valid:
            raise NotFound(
                f"there is no valid certificate for {main.name.rstrip('.')} in this account and region",
                hint="Request one in ACM, or give SSLCertificateId.",
            )
    site.warn(
        f"no certificate matches {main.name.rstrip('.')}; {settings.name} shows {valid[0].names[0]}, "
        "the newest of the account. Give SSLCertificateId to choose."
    )
    return valid[0].arn
