"""Whether a definition still makes what runs: it is compiled for where that runs, and compared. Pure.

What an account looks up for a definition changes without anybody touching the file: a newer machine image, a subnet
more, a renewed certificate. That is told apart, for where the version goes to it is looked up anew in any case.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from senza.components import Compiled
from senza.discretion import HIDDEN
from senza.promotion.running import Running
from senza.stacks.comparison import MISSING, Comparison, Difference, ResourceDifference, Side, plain
from senza.stacks.differences import compare, effective
from senza.stacks.hiding import Mask
from senza.traffic.guards import with_weights_of

SUBNETS = ("ServerSubnets", "LoadBalancerSubnets", "LoadBalancerInternalSubnets")
"""Maps of the template that hold what was found in the account."""
NEWEST = ("LatestTaupageImage", "LatestTaupageStagingImage", "LatestTaupageDevImage", "LatestCoreOSImage")
"""Machine images of the map ``Images`` that senza looks up."""
CERTIFICATE = re.compile(r"arn:[a-z-]+:(?:acm|iam):[a-z0-9-]*:[0-9]{12}:(?:server-)?certificate/")
OWN_TAGS = "senza:"
"""How tags begin that tell what senza found out when it made the stack."""
IMAGE_TAG = re.compile(r"senza:(.+):ami")
RULE = "AWS::ElasticLoadBalancingV2::ListenerRule"


@dataclass(frozen=True)
class Exactness:
    """comparison: what differs because the definition does. looked_up: what differs because the account does."""

    comparison: Comparison
    looked_up: tuple[Difference, ...] = ()

    @property
    def exact(self) -> bool:
        return not self.comparison.different

    @property
    def machine_images(self) -> tuple[Difference, ...]:
        """Those that there are newer ones of since."""
        return tuple(one for one in self.looked_up if one.path[-1] in ("ImageId", *NEWEST))


def exactness(running: Running, planned: Compiled, secrets: Collection[str] = ()) -> Exactness:
    """Compare what runs with what the definition makes of the same version, parameters and images in the same place.

    secrets: values that stand in ``planned`` for those that nobody knows: a text that differs by nothing else is the
    same. They are never in the result.
    """
    stack = running.stack
    planned = with_weights_of(planned, running.template)
    values = effective(planned.template, planned.parameters)
    old = Side(
        running.template, dict(stack.parameters), kept_tags(dict(stack.tags), planned), stack.name, stack.version
    )
    new = Side(planned.template, values, own_less(planned.tags), planned.stack_name, planned.version)
    found = compare(old, new)
    images = machine_images(dict(stack.tags)), machine_images(planned.tags)
    sorter = Sorter(images, set(secrets), planned.made_by)
    resources = tuple(kept for one in found.resources if (kept := sorter.resource(one)))
    parameters, tags, other = (tuple(sorter.of(part)) for part in (found.parameters, found.tags, found.other))
    left = Comparison(resources, parameters, tags, other, unknown=found.unknown)
    return Exactness(left, tuple(sorter.looked_up))


def kept_tags(tags: Mapping[str, str], planned: Compiled) -> dict[str, str]:
    """Tags without those that only a command line can have given, and that AWS or senza gave."""
    return {key: value for key, value in own_less(tags).items() if key in planned.tags}


def own_less(tags: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in tags.items() if not key.startswith(OWN_TAGS)}


def machine_images(tags: Mapping[str, str]) -> frozenset[str]:
    """The machine images that were looked up for a stack: its tags end in their ids."""
    return frozenset(value.rpartition(" ")[2] for key, value in tags.items() if IMAGE_TAG.fullmatch(key))


class Sorter:
    """Tells differences of the definition from what the account changed and from what nobody can compare."""

    def __init__(
        self, images: tuple[frozenset[str], frozenset[str]], secrets: set[str], made_by: Mapping[str, str]
    ) -> None:
        """made_by: component by logical id of each resource that the definition does not write out."""
        self._images = images
        self._secrets = secrets
        self._made_by = made_by
        self._mask = Mask(secrets)
        self.looked_up: list[Difference] = []

    def resource(self, one: ResourceDifference) -> ResourceDifference | None:
        if one.change != "changed":
            return one
        left = tuple(self.of(self._without_priority(one), one.logical_id))
        return replace(one, differences=left) if left else None

    def _without_priority(self, one: ResourceDifference) -> Iterable[Difference]:
        """A component takes the priority that its rule has at the listener, where people may give it another one."""
        for difference in one.differences:
            if (one.type, difference.path[-1]) == (RULE, "Priority") and one.logical_id in self._made_by:
                self.looked_up.append(Difference((one.logical_id, *difference.path), difference.old, difference.new))
            else:
                yield difference

    def of(self, found: Iterable[Difference], logical_id: str = "") -> Iterable[Difference]:
        for one in found:
            if self._was_looked_up(one):
                path = (logical_id, *one.path) if logical_id else one.path
                self.looked_up.append(Difference(path, one.old, one.new))
            elif not self._only_secret(one):
                yield self._mask.of(one)

    def _was_looked_up(self, one: Difference) -> bool:
        if one.path[0] == "Mappings" and len(one.path) > 1:
            return one.path[1] in SUBNETS or one.path[-1] in NEWEST
        if one.path[-1] == "ImageId":
            return one.old in self._images[0] and one.new in self._images[1]
        return all(isinstance(side, str) and CERTIFICATE.match(side) for side in (one.old, one.new))

    def _only_secret(self, one: Difference) -> bool:
        """Whether the old value is the new one with other texts where the secrets are."""
        if not self._secrets or one.old is MISSING or one.new is MISSING:
            return False
        hidden = self._mask.of(Difference(one.path, one.new, one.new)).new
        return bool(fits(plain(one.old), plain(hidden)))


def fits(old: Any, hidden: Any) -> bool:
    """Whether a tree is another one, in whose texts ``***`` stands for anything within a line."""
    if isinstance(old, dict) and isinstance(hidden, dict):
        return old.keys() == hidden.keys() and all(fits(old[key], hidden[key]) for key in old)
    if isinstance(old, list) and isinstance(hidden, list):
        return len(old) == len(hidden) and all(map(fits, old, hidden))
    if isinstance(old, str) and isinstance(hidden, str):
        pattern = ".*".join(map(re.escape, hidden.split(HIDDEN)))
        return re.fullmatch(pattern, old) is not None
    return bool(old == hidden)
