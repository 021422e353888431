"""Digests, architectures, tokens and refusals, asked of a registry that follows the specification to the letter."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senza.account.oci import BrokenRegistry, Login, Registries, RegistryUnavailable, WrongArchitecture
from senza.account.oci.transport import Challenge, challenges, pool
from senza.errors import NotFound, UsageError
from tests.account.oci.conftest import Asking
from tests.account.oci.local import INDEX, MANIFEST, LocalRegistry, digest_of


def test_a_tag_becomes_the_digest_that_it_stands_for(ask: Asking, registry: LocalRegistry) -> None:
    digest = registry.image()
    found = ask("team/app:1", "x86_64")
    assert found.pinned == f"{registry.host}/team/app@{digest}"
    assert found.architectures == ("amd64",)
    assert ask(f"team/app@{digest}").digest == digest
    assert ask(f"team/app:whatever@{digest}").digest == digest


def test_an_index_is_pinned_as_a_whole_and_must_have_the_architecture(ask: Asking, registry: LocalRegistry) -> None:
    arm, intel = (registry.image(tag=name, architecture=name) for name in ("arm64", "amd64"))
    index = registry.index({"linux/arm64": arm, "linux/amd64": intel, "unknown/unknown": digest_of(b"attestation")})
    assert ask("team/app:1", "arm64").digest == index
    assert ask("team/app:1").architectures == ("amd64", "arm64")
    registry.index({"linux/arm64": arm, "windows/amd64": intel})
    with pytest.raises(WrongArchitecture, match="there for arm64, and the instances are amd64") as caught:
        ask("team/app:1", "x86_64")
    assert "linux/amd64" in caught.value.hint


def test_an_index_that_does_not_say_what_it_is_for(ask: Asking, registry: LocalRegistry) -> None:
    digest = registry.image(tag="x")
    entry = {"mediaType": MANIFEST, "digest": digest, "size": 1}
    registry.manifest("team/app", "1", INDEX, {"manifests": [entry]})
    assert ask("team/app:1", "arm64").architectures == ()
    registry.index({"linux/amd64": registry.index({"linux/amd64": digest}, tag="inner")})
    assert ask("team/app:1", "x86_64").architectures == ("amd64",)
    registry.index({})
    with pytest.raises(WrongArchitecture, match="no Linux at all"):
        ask("team/app:1", "x86_64")


def test_a_single_image_of_the_wrong_architecture(ask: Asking, registry: LocalRegistry) -> None:
    registry.image(architecture="amd64")
    with pytest.raises(WrongArchitecture, match="there for amd64, and the instances are arm64"):
        ask("team/app:1", "arm64")


def test_what_is_not_there(ask: Asking, registry: LocalRegistry) -> None:
    registry.image()
    with pytest.raises(NotFound, match="no container image"):
        ask("team/app:2")
    with pytest.raises(NotFound, match="no container image"):
        ask(f"team/app@sha256:{'0' * 64}")


def test_a_token_is_asked_for_once_and_only_for_pulling(ask: Asking, registry: LocalRegistry) -> None:
    registry.image()
    ask("team/app:1")
    tokens = [asked.path for asked in registry.asked if asked.path.startswith("/token")]
    assert tokens == ["/token?service=local&scope=repository%3Ateam%2Fapp%3Apull"]


def test_each_image_is_asked_for_once(ask: Asking, registry: LocalRegistry) -> None:
    registry.image()
    registries = Registries(http=ask.http)
    first = registries.look_up(f"{registry.host}/team/app:1")
    before = len(registry.asked)
    assert registries.look_up(f"{registry.host}/team/app:1") == first
    assert len(registry.asked) == before


@pytest.mark.parametrize("challenge", ["Bearer", "Basic"])
def test_a_login_is_used_and_shown_to_nobody_else(challenge: str, ask: Asking, registry: LocalRegistry) -> None:
    registry.image()
    registry.challenge, registry.users = challenge, {"oauth2": "old-style-token"}
    with pytest.raises(RegistryUnavailable, match="does not let us read team/app") as caught:
        ask("team/app:1")
    assert "docker login" in caught.value.hint
    ask.login = lambda host: Login("oauth2", "wrong") if host == registry.host else None
    with pytest.raises(RegistryUnavailable, match="does not let us") as caught:
        ask("team/app:1")
    assert "wrong" not in str(caught.value)
    ask.login = lambda host: Login("oauth2", "old-style-token") if host == registry.host else None
    assert ask("team/app:1").architectures == ("amd64",)  # whose blob is in a storage that refuses our token


def test_an_identity_token_is_exchanged(ask: Asking, registry: LocalRegistry) -> None:
    registry.image()
    registry.users = {"somebody": "refresh-me"}
    ask.login = lambda host: Login("", "refresh-me", True)
    assert ask("team/app:1").digest
    (posted,) = [asked for asked in registry.asked if asked.method == "POST"]
    assert b"refresh_token=refresh-me" in posted.body


def test_a_token_is_not_asked_for_in_clear_text(ask: Asking, registry: LocalRegistry) -> None:
    registry.image()
    registry.realm = f"http://{registry.host}/token"
    with pytest.raises(RegistryUnavailable):
        ask("team/app:1")
    assert not any(asked.path.startswith("/token") for asked in registry.asked)


@pytest.mark.parametrize(
    ("status", "headers", "said"),
    [
        (500, {}, "answers 500"),
        (403, {}, "does not let us read"),
        (429, {"Retry-After": "30"}, "wants fewer requests"),
        (302, {"Location": "http://127.0.0.1:1/"}, "not https"),
        (302, {"Location": "/again"}, "on and on"),
    ],
)
def test_answers_that_say_nothing_about_the_image(
    status: int, headers: dict[str, str], said: str, ask: Asking, registry: LocalRegistry
) -> None:
    registry.status, registry.headers = status, headers
    with pytest.raises(RegistryUnavailable, match=said) as caught:
        ask("team/app:1")
    if status == 429:
        assert "in 30 seconds" in caught.value.hint


def test_content_that_is_not_what_its_digest_says(ask: Asking, registry: LocalRegistry) -> None:
    registry.image()
    registry.lies = True
    with pytest.raises(BrokenRegistry, match="has not the digest"):
        ask("team/app:1")


@pytest.mark.parametrize("body", [{"schemaVersion": 1, "mediaType": ""}, {"config": {}}, {"config": 1, "layers": []}])
def test_manifests_that_are_none(body: dict[str, object], ask: Asking, registry: LocalRegistry) -> None:
    registry.manifest("team/app", "1", "application/vnd.oci.image.manifest.v1+json", body)
    with pytest.raises(BrokenRegistry, match=r"incomplete|of a kind that is no image"):
        ask("team/app:1")


def test_a_registry_that_is_not_there_and_one_that_nobody_vouches_for(ask: Asking, registry: LocalRegistry) -> None:
    with pytest.raises(RegistryUnavailable, match="cannot be reached: no connection"):
        Registries(http=ask.http).look_up("localhost:1/team/app:1")
    with pytest.raises(RegistryUnavailable, match="certificate cannot be trusted"):
        Registries().look_up(f"{registry.host}/team/app:1")
    assert registry.asked == []


@pytest.mark.parametrize("image", ["ghcr.io/Acme/app:1", "app:", "a b", "app@sha256:0", "ghcr.io/", "app:-x"])
def test_what_is_no_reference(image: str) -> None:
    with pytest.raises(UsageError, match="no reference of an image"):
        Registries().look_up(image if image != "app:" else "app:!")


def test_challenges_as_registries_write_them() -> None:
    assert challenges('Basic realm="a, b", Bearer realm="https://x/token?a=b",service="s",scope=pull') == [
        Challenge("basic", {"realm": "a, b"}),
        Challenge("bearer", {"realm": "https://x/token?a=b", "service": "s", "scope": "pull"}),
    ]
    assert challenges('Bearer realm="say \\"x\\""') == [Challenge("bearer", {"realm": 'say "x"'})]
    assert challenges("Negotiate") == [Challenge("negotiate", {})]
    assert challenges("") == challenges('="x"') == []


NAMES = st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=8)
FIELDS = st.dictionaries(NAMES, st.text(st.characters(min_codepoint=32, max_codepoint=126)), max_size=4)


@given(st.lists(st.tuples(NAMES, FIELDS), max_size=3))
def test_challenges_are_read_as_they_were_written(offered: list[tuple[str, dict[str, str]]]) -> None:
    def quoted(text: str) -> str:
        escaped = text.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'

    header = ", ".join(
        f"{scheme} {', '.join(f'{name}={quoted(value)}' for name, value in fields.items())}".strip()
        for scheme, fields in offered
    )
    assert challenges(header) == [Challenge(scheme, fields) for scheme, fields in offered]


@given(st.text(max_size=80))
def test_challenges_of_any_text(text: str) -> None:
    assert all(challenge.scheme for challenge in challenges(text))


@pytest.mark.parametrize("proxies", [{}, {"https": "http://proxy.example.net:3128"}])
def test_a_registry_that_is_silent_holds_nobody_up(proxies: dict[str, str]) -> None:
    timeout = pool(proxies).connection_pool_kw["timeout"]
    assert (timeout.connect_timeout, timeout.read_timeout) == (3, 10)
