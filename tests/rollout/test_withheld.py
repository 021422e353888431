"""What of a Rollout section is kept, and what is left of it for whoever goes on from the journal. Pure."""

from __future__ import annotations

from typing import Any

import pytest

from senza.journal import redacted
from senza.rollout.beginning import begun_otherwise
from senza.rollout.withheld import discreet, left_out, unknown_hooks, usable

SLACK = "https://hooks.slack.com/services/" + "T0/B0/t0ken"


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        (SLACK, "https://hooks.slack.com/***"),
        ("https://chat.example.org:8443/?key=1", "https://chat.example.org:8443/***"),
        ("https://me:t0ken@chat.example.org", "https://chat.example.org/***"),
        ("https://chat.example.org/", "https://chat.example.org/"),
        ("https://[half", "the URL/***"),
    ],
)
def test_a_webhook_is_its_host(url: str, kept: str) -> None:
    section = {"Strategy": "Linear", "Notify": [{"Url": url}, {"Topic": "deploys"}]}
    assert discreet(section) == {"Strategy": "Linear", "Notify": [{"Url": kept}, {"Topic": "deploys"}]}


@pytest.mark.parametrize("section", [None, {}, "x", {"Notify": None}, {"Notify": "x"}, {"Notify": [None, {"Url": 1}]}])
def test_what_is_no_section_stays_as_it_is(section: Any) -> None:
    assert discreet(section) == section


def test_what_a_former_version_kept_more_of_was_begun_alike() -> None:
    hooks = [{"When": "after-step", "Run": "check t0ken/t0ken+"}]
    section = {"Hooks": hooks, "Notify": [{"Url": SLACK}]}
    now = {"parameters": {"Image": "1"}, "section": discreet(section), "asked": ""}
    then = {"version": "2", "parameters": {"Image": "1"}, "section": section, "asked": ""}
    assert begun_otherwise(now, then, ["t0ken"]) == []
    assert begun_otherwise(now, redacted(then | {"section": discreet(section)}, ["t0ken"]), ["t0ken"]) == []
    assert begun_otherwise(now, then | {"asked": "linear", "section": None}, ["t0ken"]) == ["section", "asked"]


def test_what_is_known_is_used() -> None:
    hooks = [{"When": "after-step", "Run": "curl ***"}, {"When": "after-abort", "Url": "https://example.org/x"}]
    section = {"Bake": "5m", "Hooks": hooks, "Notify": [{"Url": "https://hooks.slack.com/***"}, {"Topic": "deploys"}]}
    secret = {"section": section, "withheld": True}
    assert usable(secret) == {
        **{"Bake": "5m", "Notify": [{"Topic": "deploys"}]},
        "Hooks": [{"When": "after-step", "Run": "false"}, hooks[1]],
    }
    assert (unknown_hooks(secret), left_out(secret)) == (frozenset({0}), ["1 hook", "1 webhook"])
    own = {"section": section, "withheld": False}
    assert usable(own)["Hooks"] == hooks, "these stars are the user's own"
    assert left_out(own) == ["1 webhook"]
    nothing = {"section": None, "withheld": False}
    assert (usable(nothing), left_out(nothing)) == (None, [])


@pytest.mark.parametrize(
    "url",
    [
        SLACK,
        "https://hooks.slack.com/triggers/T0/1/abc",
        "https://discord.com/api/webhooks/1/t0ken",
        "https://acme.webhook.office.com/webhookb2/1@2/IncomingWebhook/3/4",
    ],
)
def test_chats_are_known_wherever_they_stand(url: str) -> None:
    assert redacted({"says": f"Ask curl {url} now"}) == {"says": "Ask curl *** now"}
