"""What a rollout is begun with, and what of it the journal keeps."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from senza.components import Compiled
from senza.errors import Conflict
from senza.journal import redacted
from senza.journal.model import plain
from senza.rollout.model import Rollout
from senza.rollout.planning import Ground
from senza.rollout.steps import RolloutStep, to_json
from senza.rollout.withheld import discreet, recordable


@dataclass(frozen=True)
class Beginning:
    """What ``deploy`` knows and a rollout is begun with.

    section: ``SenzaInfo.Rollout`` as the definition has it, strategy: from the command line, "" where it says nothing;
    both are kept, so that whoever goes on reads the same settings. facts: more for the audit log, e.g. the parameters.
    secrets: texts that must not be kept, such as the values of NoEcho parameters in a hook's URL.
    """

    app: str
    version: str
    rollout: Rollout
    section: Any
    strategy: str
    compiled: Compiled
    directory: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    secrets: Collection[str] = field(default=(), repr=False)


def first_facts(beginning: Beginning, ground: Ground, plan: Sequence[RolloutStep]) -> dict[str, Any]:
    """The facts of the first entry, without secrets; ``withheld`` tells that what is done depends on some."""
    steps = [to_json(step) for step in plan]
    digest = hashlib.sha256(json.dumps(steps, sort_keys=True).encode()).hexdigest()
    facts = {
        **beginning.facts,
        **{"app": ground.app, "version": ground.version, "stack": ground.stack, "old": ground.baseline},
        **begun_with(beginning),
        **{"strategy": str(beginning.rollout.strategy), "directory": beginning.directory},
        **{"plan": steps, "plan_hash": digest, "ground": ground.to_json()},
    }
    clean = recordable(facts, kept_from(beginning.secrets, ground))
    clean["ground"] = plain(ground.to_json())  # names and sizes, which have to be what they are
    clean["withheld"] = clean["section"] != plain(facts["section"])
    return clean


def kept_from(secrets: Collection[str], ground: Ground) -> list[str]:
    """The secrets that are to be kept from the journal: not those that are part of a name that it goes on by, which
    everybody knows and which must be right."""
    names = {ground.stack, *ground.others, *ground.sizes, *ground.weights}
    names |= {stack for weights in ground.weights.values() for stack in weights}
    return [one for one in secrets if not any(one in name for name in names)]


def begun_with(beginning: Beginning) -> dict[str, Any]:
    """What must be the same when ``deploy`` goes on with an open rollout: its plan is made from it."""
    return {
        "parameters": beginning.facts.get("parameters"),
        "section": discreet(beginning.section),
        "asked": beginning.strategy,
    }


def begun_otherwise(now: Mapping[str, Any], facts: Mapping[str, Any], secrets: Collection[str]) -> list[str]:
    """The keys of ``now``, from :func:`begun_with`, of which a rollout's first facts say something else.

    Both are masked alike here, because former versions masked less when they wrote the facts.
    """
    then = {name: facts.get(name) for name in now} | {"section": discreet(facts.get("section"))}
    kept, wanted = (plain(redacted(one, secrets)) for one in (then, now))
    return [name for name in now if kept[name] != wanted[name]]


OTHERWISE = {
    "parameters": "other parameters",
    "section": "another Rollout section",
    "asked": "another strategy on the command line",
}
"""How the keys of :func:`begun_with` are told apart where they differ."""


def open_already(app: str, version: str, how: str = "") -> Conflict:
    return Conflict(
        f"a rollout of {app}-{version} is open{how}",
        hint=f"senza rollout status {app} shows where it stands; finish it (resume, promote) or take it back (abort).",
    )
