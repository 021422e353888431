"""Amazon ECR: its logins, and its own API where it has no registry that speaks HTTP (a local AWS)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable

from senza.account.oci.credentials import EcrHost, Login
from senza.account.oci.failures import RegistryUnavailable
from senza.account.oci.manifests import INDEXES, MANIFESTS, Descriptor
from senza.account.oci.reference import ImageReference
from senza.account.oci.registries import no_such
from senza.aws import Aws
from senza.errors import AwsError


class EcrLogins:
    """Logins to private ECR registries, with the permissions of who runs senza.

    in_region: AWS in the region of a registry. others: asked for every other host, and where AWS gives no login.
    """

    def __init__(self, in_region: Callable[[str], Aws], others: Callable[[str], Login | None]) -> None:
        self._in_region = in_region
        self._others = others

    def __call__(self, host: str) -> Login | None:
        ecr = EcrHost.of(host)
        if ecr is None:
            return self._others(host)
        try:
            aws = self._in_region(ecr.region)
            answer = aws.call("ecr", "get_authorization_token", registryIds=[ecr.account])
            token = answer["authorizationData"][0]["authorizationToken"]
            user, _, password = base64.b64decode(token).decode().partition(":")
        except (AwsError, LookupError, binascii.Error, UnicodeDecodeError):
            return self._others(host)
        return Login(user, password)


class EcrStore:
    """The registry of a local AWS, read through ``BatchGetImage``; layers and configurations it does not hand out."""

    def __init__(self, aws: Aws, account: str) -> None:
        self._aws = aws
        self._account = account

    def manifest(self, reference: ImageReference, version: str) -> tuple[bytes, str]:
        key = "imageDigest" if version.startswith("sha256:") else "imageTag"
        try:
            answer = self._aws.call(
                "ecr",
                "batch_get_image",
                registryId=self._account,
                repositoryName=reference.repository,
                imageIds=[{key: version}],
                acceptedMediaTypes=[*INDEXES, *MANIFESTS],
            )
        except AwsError as error:
            if error.code == "RepositoryNotFoundException":
                raise no_such(reference) from error
            raise RegistryUnavailable(
                f"ECR does not tell about {reference}: {error.message}", hint=error.hint
            ) from error
        images = answer.get("images") or []
        if not images:
            raise no_such(reference)
        return str(images[0]["imageManifest"]).encode(), str(images[0].get("imageManifestMediaType") or "")

    def blob(self, reference: ImageReference, blob: Descriptor, limit: int) -> bytes | None:
        return None
