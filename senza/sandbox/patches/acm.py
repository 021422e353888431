"""Gap: moto lists certificates of all key types, in one page, and without SubjectAlternativeNameSummaries.

As in ListCertificates of the ACM API reference: without ``keyTypes`` only RSA_1024 and RSA_2048 are listed.
"""

from __future__ import annotations

from typing import Any

DEFAULT_KEY_TYPES = ("RSA_1024", "RSA_2048")
MAX_NAMES = 100
PAGE = 1000


def summary(bundle: Any) -> dict[str, Any]:
    """A CertificateSummary."""
    found = bundle.describe()["Certificate"]
    names = found["SubjectAlternativeNames"]
    return {
        **found,
        "SubjectAlternativeNameSummaries": names[:MAX_NAMES],
        "HasAdditionalSubjectAlternativeNames": len(names) > MAX_NAMES,
        "InUse": bool(found["InUseBy"]),
        "Exported": False,
        "KeyUsages": ["DIGITAL_SIGNATURE", "KEY_ENCIPHERMENT"],
        "ExtendedKeyUsages": ["TLS_WEB_SERVER_AUTHENTICATION", "TLS_WEB_CLIENT_AUTHENTICATION"],
    }


def apply() -> None:
    from moto.acm.responses import AWSCertificateManagerResponse
    from moto.core.responses import ActionResult

    def list_certificates(self: Any) -> Any:
        wanted = self._get_param("CertificateStatuses")
        includes = self._get_param("Includes") or {}
        key_types = includes.get("keyTypes") or DEFAULT_KEY_TYPES
        found = [summary(bundle) for bundle in self.acm_backend.list_certificates(wanted, {})]
        found = [one for one in found if one["KeyAlgorithm"] in key_types]
        size = min(self._get_int_param("MaxItems", PAGE), PAGE)
        start = int(self._get_param("NextToken") or 0)
        following = str(start + size) if len(found) > start + size else None
        return ActionResult({"CertificateSummaryList": found[start : start + size], "NextToken": following})

    AWSCertificateManagerResponse.list_certificates = list_certificates
