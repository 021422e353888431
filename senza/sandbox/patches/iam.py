"""Gap: moto gives every IAM server certificate the same dates, in 2010 and 2012, and the same id."""

from __future__ import annotations

import zlib
from typing import Any


def metadata(certificate: Any) -> dict[str, Any]:
    """ServerCertificateMetadata, with the expiration of the certificate itself."""
    from cryptography import x509

    expires = x509.load_pem_x509_certificate(certificate.cert_body.encode()).not_valid_after_utc
    return {
        "ServerCertificateName": certificate.cert_name,
        "Path": certificate.path,
        "Arn": certificate.arn,
        "UploadDate": certificate.upload_date,
        "ServerCertificateId": f"ASCA{zlib.crc32(certificate.arn.encode()):017d}",
        "Expiration": expires.replace(tzinfo=None),
    }


def apply() -> None:
    from moto.core.responses import ActionResult
    from moto.core.utils import utcnow
    from moto.iam import models, responses

    initialise = models.Certificate.__init__

    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        initialise(self, *args, **kwargs)
        self.upload_date = utcnow()

    def listed(self: Any) -> Any:
        prefix = self._get_param("PathPrefix") or "/"
        found = [one for one in self.backend.list_server_certificates() if one.path.startswith(prefix)]
        return ActionResult({"ServerCertificateMetadataList": [metadata(one) for one in found], "IsTruncated": False})

    def got(self: Any) -> Any:
        found = self.backend.get_server_certificate(self._get_param("ServerCertificateName"))
        certificate = {"ServerCertificateMetadata": metadata(found), "CertificateBody": found.cert_body}
        if found.cert_chain:
            certificate["CertificateChain"] = found.cert_chain
        return ActionResult({"ServerCertificate": certificate})

    models.Certificate.__init__ = init
    responses.IamResponse.list_server_certificates = listed
    responses.IamResponse.get_server_certificate = got
