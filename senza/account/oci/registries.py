"""What a registry says about an image: its digest, the processors it runs on, where it comes from."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from senza.account.oci import origin as origins
from senza.account.oci.credentials import Login
from senza.account.oci.failures import WrongArchitecture
from senza.account.oci.manifests import ACCEPT, OCI_ARCHITECTURES, Descriptor, Manifest, parse, texts, verified
from senza.account.oci.origin import Origin
from senza.account.oci.reference import DIGEST, ImageReference
from senza.account.oci.transport import Transport, pool
from senza.errors import NotFound, UsageError

if TYPE_CHECKING:
    import urllib3

MAX_MANIFEST = 4 * 1024 * 1024
"""Bytes (distribution specification, "Pushing manifests": registries should take so much)."""
MAX_CONFIG = 8 * 1024 * 1024
MAX_LAYER = 256 * 1024
"""Bytes of a layer that is looked through for ``scm-source.json``, which is a layer of its own or nearly so."""
MAX_LAYERS = 3
"""How many of the topmost layers are."""


@dataclass(frozen=True)
class FoundImage:
    reference: ImageReference
    """As it was asked for."""
    digest: str
    """Of what the tag names: the index where there is one, so that signatures, which are made for it, still fit."""
    architectures: tuple[str, ...]
    """Of Linux, as images call them: ``amd64``, ``arm64``..."""
    origin: Origin | None

    @property
    def pinned(self) -> str:
        return self.reference.pinned(self.digest)


class Store(Protocol):
    """Where manifests and blobs are read from."""

    def manifest(self, reference: ImageReference, version: str) -> tuple[bytes, str]:
        """The bytes and their media type. version: a tag or digest. Raises NotFound, RegistryUnavailable."""

    def blob(self, reference: ImageReference, blob: Descriptor, limit: int) -> bytes | None:
        """The bytes; None where the registry has no such blob. Raises RegistryUnavailable."""


class HttpStore:
    """A registry that speaks the OCI distribution API."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def manifest(self, reference: ImageReference, version: str) -> tuple[bytes, str]:
        path = f"manifests/{version}"
        answer = self._transport.get(reference.repository, path, accept=ACCEPT, limit=MAX_MANIFEST)
        if answer.status == 404:
            raise no_such(reference)
        said = answer.headers.get("docker-content-digest", "")
        if DIGEST.fullmatch(said):
            verified(answer.body, said, f"what the registry sends for {reference}")
        return answer.body, answer.headers.get("content-type", "")

    def blob(self, reference: ImageReference, blob: Descriptor, limit: int) -> bytes | None:
        answer = self._transport.get(reference.repository, f"blobs/{blob.digest}", limit=limit)
        return answer.body if answer.status == 200 else None


def no_such(reference: ImageReference) -> NotFound:
    return NotFound(f"there is no container image {reference}", hint="Push it first, correct the tag, or use --force.")


class Registries:
    """Asks the registry of an image over https, each image once.

    login: the user's login to a host. special: a store for hosts that are read in another way, None for the others.
    http: connections to use for every host, instead of those that the environment's proxies ask for.
    """

    def __init__(
        self,
        login: Callable[[str], Login | None] = lambda host: None,
        *,
        special: Callable[[str], Store | None] = lambda host: None,
        http: urllib3.PoolManager | None = None,
    ) -> None:
        self._login = login
        self._special = special
        self._http = http
        self._stores: dict[str, Store] = {}
        self._found: dict[tuple[str, str], FoundImage] = {}

    def look_up(self, image: str, architecture: str = "") -> FoundImage:
        """What the registry knows of the image; without a registry in its name that is Docker Hub.

        architecture: ``x86_64`` or ``arm64``, which the image must have; "" where any will do.
        Raises NotFound, WrongArchitecture, RegistryUnavailable (it could not be found out), BrokenRegistry, UsageError.
        """
        key = image, architecture
        if key not in self._found:
            self._found[key] = self._look_up(image, architecture)
        return self._found[key]

    def _look_up(self, image: str, architecture: str) -> FoundImage:
        asked = ImageReference.parse(image)
        problem = asked.problem()
        if problem:
            raise UsageError(f"{image!r} is no reference of an image: {problem}", hint="Write e.g. ghcr.io/acme/app:1.")
        reference = asked.located()
        store = self._store(reference.host)
        manifest = self._manifest(store, reference, reference.version)
        wanted = OCI_ARCHITECTURES.get(architecture, architecture)
        found = origins.from_keys(manifest.annotations, "annotations")
        if manifest.config is None:
            runs_on = [item for item in manifest.platforms if item.os == "linux"]
            names = tuple(sorted({item.architecture for item in runs_on}))
            if names or not any(item.unknown for item in manifest.platforms):
                require(wanted, names, asked)
            if not (found and found.repository and found.revision) and runs_on:
                one = next((item for item in runs_on if item.architecture == wanted), runs_on[0])
                child = self._manifest(store, reference, one.digest)
                found = origins.merged(found, self._details(store, reference, child)[1])
            return FoundImage(asked, manifest.digest, names, found)
        names, details = self._details(store, reference, manifest)
        if names:
            require(wanted, names, asked)
        return FoundImage(asked, manifest.digest, names, details)

    def _store(self, host: str) -> Store:
        if host not in self._stores:
            own = self._special(host)
            self._stores[host] = own or HttpStore(Transport(self._http or connections(host), host, self._login))
        return self._stores[host]

    def _manifest(self, store: Store, reference: ImageReference, version: str) -> Manifest:
        content, media_type = store.manifest(reference, version)
        if DIGEST.fullmatch(version):
            verified(content, version, f"what the registry sends for {reference}")
        return parse(content, media_type, str(reference))

    def _details(
        self, store: Store, reference: ImageReference, manifest: Manifest
    ) -> tuple[tuple[str, ...], Origin | None]:
        """The architecture and the origin that one image tells of itself."""
        found = origins.from_keys(manifest.annotations, "annotations")
        if manifest.config is None:  # an index inside of an index
            return (), found
        blob = store.blob(reference, manifest.config, MAX_CONFIG)
        names: tuple[str, ...] = ()
        if blob is not None:
            config = json_object(verified(blob, manifest.config.digest, f"the configuration of {reference}"))
            names = (str(config["architecture"]),) if config.get("architecture") else ()
            inner = config.get("config")
            labels = texts(inner.get("Labels")) if isinstance(inner, dict) else {}
            found = origins.merged(found, origins.from_keys(labels, "labels"))
        if found is None or found.clean is None:
            found = origins.merged(found, self._from_layers(store, reference, manifest.layers))
        return names, found

    def _from_layers(self, store: Store, reference: ImageReference, layers: Sequence[Descriptor]) -> Origin | None:
        small = [layer for layer in reversed(layers) if layer.size <= MAX_LAYER][:MAX_LAYERS]
        for layer in small:
            content = store.blob(reference, layer, MAX_LAYER)
            if content is None:
                continue
            file = origins.scm_source_of(verified(content, layer.digest, f"a layer of {reference}"))
            if file is not None:
                return origins.from_scm_source(file)
        return None


def require(wanted: str, names: Sequence[str], image: ImageReference) -> None:
    """Raise WrongArchitecture where the image has not the architecture that is wanted."""
    if wanted and wanted not in names:
        there = ", ".join(names) or "no Linux at all"
        raise WrongArchitecture(
            f"the image {image} is there for {there}, and the instances are {wanted}",
            hint=f"Build it for linux/{wanted} (docker buildx build --platform), or choose another InstanceType.",
        )


def json_object(content: bytes) -> dict[str, object]:
    try:
        value = json.loads(content)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def connections(host: str) -> urllib3.PoolManager:
    """Connections to a host as the environment's proxy settings want them."""
    from urllib.request import getproxies, proxy_bypass

    return pool({} if proxy_bypass(host) else getproxies())
