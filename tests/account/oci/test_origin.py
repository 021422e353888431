"""Where an image comes from, as labels, annotations and ``scm-source.json`` say it."""

from __future__ import annotations

import json

import pytest

from senza.account.oci import Origin
from senza.account.oci.origin import from_keys, from_scm_source, scm_source_of
from tests.account.oci.conftest import Asking
from tests.account.oci.local import LocalRegistry, layer

SOURCE = "https://github.com/acme/app"
LABELS = {"org.opencontainers.image.source": SOURCE, "org.opencontainers.image.revision": "3f2a"}
SCM = {"url": "git:git@github.com:acme/app.git", "revision": "3f2a", "author": "jane", "status": ""}


def test_labels_of_the_one_image_and_of_the_one_in_an_index(ask: Asking, registry: LocalRegistry) -> None:
    digest = registry.image(labels=LABELS)
    expected = Origin(SOURCE, "3f2a", said_by="labels")
    assert ask("team/app:1").origin == expected
    registry.index({"linux/amd64": digest}, tag="2")
    assert ask("team/app:2").origin == expected


def test_annotations_of_an_index_spare_the_other_requests(ask: Asking, registry: LocalRegistry) -> None:
    registry.index({"linux/amd64": "sha256:" + "0" * 64}, annotations=LABELS)
    assert ask("team/app:1").origin == Origin(SOURCE, "3f2a", said_by="annotations")


def test_the_file_in_the_image_says_more(ask: Asking, registry: LocalRegistry) -> None:
    registry.image(files={"scm-source.json": json.dumps(SCM).encode()})
    assert ask("team/app:1").origin == Origin(
        "git@github.com:acme/app.git", "3f2a", "jane", clean=True, said_by="scm-source.json"
    )
    registry.image(labels=LABELS, files={"./scm-source.json": json.dumps({**SCM, "status": " M app.py\n"}).encode()})
    found = ask("team/app:1").origin
    assert found is not None
    assert (found.repository, found.author, found.clean) == (SOURCE, "jane", False)
    assert str(found) == f"{SOURCE} at 3f2a by jane with uncommitted changes"


def test_nobody_says_anything(ask: Asking, registry: LocalRegistry) -> None:
    registry.image(labels={"maintainer": "jane"})
    assert ask("team/app:1").origin is None


@pytest.mark.parametrize(("revision", "clean"), [("3f2a", None), ("3f2a-dirty", False), ("v1+dirty", False)])
def test_a_revision_may_say_that_it_is_not_what_was_built(revision: str, clean: bool | None) -> None:
    found = from_keys({**LABELS, "org.opencontainers.image.revision": revision}, "labels")
    assert found is not None
    assert found.clean is clean


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"author": "jane"}', b"\xff"])
def test_files_that_say_nothing(content: bytes) -> None:
    assert from_scm_source(content) is None


def test_layers() -> None:
    assert scm_source_of(layer({"a": b"1", "scm-source.json": b"{}"})) == b"{}"
    assert scm_source_of(layer({"app/scm-source.json": b"{}"})) is None
    assert scm_source_of(layer({"scm-source.json": b"x" * 100_000})) is None
    assert scm_source_of(b"\x1f\x8bno gzip") is None
    assert scm_source_of(b"neither") is None
