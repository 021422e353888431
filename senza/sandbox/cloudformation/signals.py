"""CreationPolicy: a group is complete when enough of its instances have signalled success."""

from __future__ import annotations

import re

from senza.sandbox.cloudformation.errors import ResourceFailed
from senza.sandbox.cloudformation.intrinsics import symbolic, text
from senza.sandbox.cloudformation.stack import Resource, Stack
from senza.sandbox.world import world

DURATION = re.compile(r"PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?")


def wanted(stack: Stack, resource: Resource) -> tuple[int, float]:
    """(signals, seconds) that the resource waits for; no signals where it has no policy. Raises ResourceFailed."""
    policy = resource.definition.get("CreationPolicy") or {}
    signal = stack.resolver(stack.blueprint, symbolic).resolve(policy).get("ResourceSignal")
    if signal is None:
        return 0, 0.0
    count = text(signal.get("Count", 1))
    if not count.isdecimal():
        raise ResourceFailed(f"CreationPolicy: Count {count} is no whole number")
    found = DURATION.fullmatch(text(signal.get("Timeout", "PT5M")))
    hours, minutes, seconds = (int(one or 0) for one in found.groups()) if found else (0, 5, 0)
    return int(count), float(hours * 3600 + minutes * 60 + seconds)


def await_signals(stack: Stack, resource: Resource, begun: float) -> float:
    """0 when enough have come, else the seconds until it is too late. Raises ResourceFailed."""
    count, timeout = wanted(stack, resource)
    if not count:
        return 0.0
    if world.settings.auto_signal:
        for instance_id in instances(resource)[:count] or [f"sandbox-{resource.logical_id}"]:
            receive(stack, resource, instance_id, "SUCCESS")
        return 0.0
    received = stack.signals.get(resource.logical_id, {})
    failures = sum(status == "FAILURE" for status in received.values())
    least = "Unable to satisfy 100% MinSuccessfulInstancesPercent requirement"
    if failures:
        raise ResourceFailed(f"Received {failures} FAILURE signal(s) out of {count}.  {least}")
    if len(received) >= count:
        return 0.0
    left = begun + timeout - world.timeline.now
    if left <= 0:
        raise ResourceFailed(f"Received {len(received)} SUCCESS signal(s) out of {count}.  {least}")
    return left


def receive(stack: Stack, resource: Resource, unique_id: str, status: str) -> None:
    """Note a signal, once for each sender."""
    received = stack.signals.setdefault(resource.logical_id, {})
    if unique_id not in received:
        received[unique_id] = status
        stack.say_of(resource, resource.status, f"Received {status} signal with UniqueId {unique_id}")


def instances(resource: Resource) -> list[str]:
    return [state.instance.id for state in getattr(resource.model, "instance_states", ())]
