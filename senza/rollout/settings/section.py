"""The section as a whole."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from senza.definition.model import Bound, KeyPath
from senza.errors import UsageError, Where
from senza.rollout.model import Hook, Keep, Notify, Rollout, When
from senza.rollout.settings.gates import read_gates
from senza.rollout.settings.quantities import Wrong
from senza.rollout.settings.reading import Key, Node
from senza.rollout.settings.strategies import read_stages, shape, with_last_bake

PATH = ("SenzaInfo", "Rollout")

SECTION_KEYS = (
    Key(
        "Strategy", "text", "Canary", "`Recreate`, `Rolling`, `BlueGreen`, `Canary`, `Linear`, or a preset, see below."
    ),
    Key("Steps", "list", "5 %, 25 %, 100 %", "The shares of traffic, with Canary and Linear; see below."),
    Key("Bake", "time", "15m", "How long all of the traffic is watched, where there are no Steps."),
    Key("Prescale", "true or false", "true", "Before each step, scale the new version to what its share needs."),
    Key("Gates", "list", "the built-in ones", "What the new version is judged by; see below."),
    Key("Patience", "time", "30m", "How long a step waits for data to conclude from, before the rollout stops."),
    Key("Hooks", "list", "none", "Checks of your own: commands and URLs; see below."),
    Key("Keep", "mapping", "2 versions, 24h", "What is kept of old versions; see below."),
    Key("Notify", "list", "none", "Who is told; see below."),
)
HOOK_KEYS = (
    Key("When", "text", "required", "`before-traffic`, `after-step`, `after-rollout` or `after-abort`."),
    Key("Run", "text", "", "A command line for `/bin/sh`, in the definition's directory. Exit code 0 passes."),
    Key("Url", "text", "", "Gets a POST with JSON. An answer of 2xx passes; redirects are not followed."),
    Key("Timeout", "time", "10m", "After which the hook counts as failed."),
)
KEEP_KEYS = (
    Key("Versions", "number", "2", "How many old versions stay, without traffic."),
    Key("For", "time", "24h", "How long each of the others stays after it lost its traffic."),
)
NOTIFY_KEYS = (
    Key("Topic", "text", "", "An SNS topic: name or ARN."),
    Key("Url", "text", "", 'A webhook: gets a POST with `{"text": …}`.'),
)


def rollout_of(bound: Bound) -> Rollout:
    """What the definition says, or the default. Raises DefinitionError."""
    return parse(bound.info.get("Rollout"), bound.source.where)


def parse(section: Any, where: Callable[..., Where], path: KeyPath = PATH) -> Rollout:
    """The section as values. where: finds the place of a key path (``Source.where``). path: of the section itself.

    Raises DefinitionError for whatever is wrong with it, with a suggestion where a key is misspelt.
    """
    if section is None:
        return Rollout()
    entries = Node(section, path, where).mapping(SECTION_KEYS)
    found = read_stages(entries)
    default = Rollout()
    return Rollout(
        strategy=found.strategy,
        stages=found.stages,
        prescale=entries["Prescale"].boolean() if "Prescale" in entries else default.prescale,
        gates=read_gates(entries.get("Gates")),
        hooks=tuple(read_hook(item) for item in items(entries.get("Hooks"))),
        keep=read_keep(entries["Keep"]) if "Keep" in entries else default.keep,
        notify=tuple(read_notify(item) for item in items(entries.get("Notify"))),
        patience=entries["Patience"].duration() if "Patience" in entries else default.patience,
    )


def override(rollout: Rollout, strategy: str) -> Rollout:
    """The same with another strategy (``--strategy``): its gates, hooks and the rest, and how long 100 % is watched.

    The strategy that the definition has already changes nothing. Raises UsageError.
    """
    try:
        found = shape(strategy)
    except Wrong as wrong:
        raise UsageError(f"--strategy must be {wrong}, not {strategy}", hint=wrong.hint) from None
    if found.strategy == rollout.strategy and not found.preset:
        return rollout
    stages = with_last_bake(found.stages, rollout.stages[-1].bake)
    return replace(rollout, strategy=found.strategy, stages=stages)


def items(node: Node | None) -> list[Node]:
    return node.items() if node else []


def read_hook(item: Node) -> Hook:
    entries = item.mapping(HOOK_KEYS, "a hook")
    if "When" not in entries:
        raise item.wrong("a hook needs When", f"It is one of {', '.join(When)}.")
    if ("Run" in entries) == ("Url" in entries):
        raise item.wrong("a hook needs either Run or Url", "Write e.g. {When: before-traffic, Run: ./smoke.sh}")
    timeout = entries["Timeout"].duration() if "Timeout" in entries else Hook.timeout
    if timeout == 0:
        raise entries["Timeout"].wrong("Timeout must be more than nothing")
    return Hook(
        when=entries["When"].choice(When),
        run=entries["Run"].command() if "Run" in entries else "",
        url=entries["Url"].url() if "Url" in entries else "",
        timeout=timeout,
    )


def read_keep(node: Node) -> Keep:
    entries = node.mapping(KEEP_KEYS)
    return Keep(
        versions=entries["Versions"].whole(0) if "Versions" in entries else Keep.versions,
        seconds=entries["For"].duration() if "For" in entries else Keep.seconds,
    )


def read_notify(item: Node) -> Notify:
    entries = item.mapping(NOTIFY_KEYS, "an entry of Notify")
    if ("Topic" in entries) == ("Url" in entries):
        raise item.wrong("an entry of Notify needs either Topic or Url", "Write e.g. {Topic: deploys}")
    if "Url" in entries:
        return Notify(url=entries["Url"].url())
    return Notify(topic=read_topic(entries["Topic"]))


def read_topic(node: Node) -> str:
    """A topic's name or ARN (Publish and CreateTopic in the SNS API reference)."""
    topic = node.text()
    name = topic.split(":")[-1]
    arn = re.fullmatch(r"arn:[a-z-]+:sns:[a-z0-9-]+:[0-9]{12}:[^:]+", topic)
    if (":" in topic and not arn) or not re.fullmatch(r"[A-Za-z0-9_-]{1,256}|[A-Za-z0-9_-]{1,251}\.fifo", name):
        raise node.wrong(f"{topic} is no name or ARN of an SNS topic", "A name has letters, digits, - and _ only.")
    return topic
