"""Gap: moto's ECR answers for the caller's own registry whatever ``registryId`` says.

Anybody may read another account's images, as if all repositories had a policy that allows it; nobody may change them.
"""

from __future__ import annotations

import re
from typing import Any

READING = frozenset(
    {
        *("BatchCheckLayerAvailability", "BatchGetImage", "DescribeImages", "DescribeRepositories", "ListImages"),
        *("DescribeImageScanFindings", "GetLifecyclePolicy", "GetRepositoryPolicy"),
    }
)


def apply() -> None:
    from moto.core.exceptions import JsonRESTError
    from moto.ecr.exceptions import InvalidParameterException
    from moto.ecr.models import ecr_backends
    from moto.ecr.responses import ECRResponse

    def backend(self: Any) -> Any:
        registry = self._get_param("registryId") or self.current_account
        if not re.fullmatch(r"\d{12}", str(registry)):
            raise InvalidParameterException(
                "Invalid parameter at 'registryId' failed to satisfy constraint: "
                "'must satisfy regular expression '[0-9]{12}''"
            )
        if registry != self.current_account and self._get_action() not in READING:
            said = f"User is not authorized to perform: ecr:{self._get_action()} in registry {registry}"
            raise JsonRESTError("AccessDeniedException", said)
        return ecr_backends[registry][self.region]

    ECRResponse.ecr_backend = property(backend)
