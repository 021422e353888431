"""``LifecycleHooks`` and ``WarmPool``: what happens before an instance of a group serves, and after it did."""

from __future__ import annotations

from typing import Any

from senza.components.functions import ref
from senza.components.model import Property, Site
from senza.components.sections import checked, checked_section, one_of, without_nothing
from senza.components.settings import Settings

HOOK = (
    Property("Transition", "launching or terminating", "When instances wait.", required=True),
    Property("HeartbeatTimeout", "seconds", "How long they wait (30 to 7200).", 3600),
    Property("DefaultResult", "CONTINUE or ABANDON", "What happens when nobody says anything.", "ABANDON"),
    Property("NotificationTargetARN", "ARN or function", "A topic or queue that is told. EventBridge is, always."),
    Property("RoleARN", "ARN or function", "The role that may tell it."),
    Property("NotificationMetadata", "text", "Added to what is told."),
)
WARM_POOL = (
    Property("MinSize", "integer", "Fewest instances in the pool.", 0),
    Property("MaxGroupPreparedCapacity", "integer", "Most instances in pool and group. Default: the group's maximum."),
    Property("PoolState", "Stopped, Running or Hibernated", "In which state they wait.", "Stopped"),
    Property("ReuseOnScaleIn", "boolean", "Whether instances go back to the pool.", False),
)
TRANSITIONS = {"launching": "autoscaling:EC2_INSTANCE_LAUNCHING", "terminating": "autoscaling:EC2_INSTANCE_TERMINATING"}
PROPERTIES = (
    Property(
        "LifecycleHooks", "mapping of name to hook", "Instances wait when they start or end, see LifecycleHooks below."
    ),
    Property("WarmPool", "mapping", "Instances that are prepared and wait, see below."),
)


def lifecycle_hooks(settings: Settings, site: Site) -> list[dict[str, Any]]:
    """``LifecycleHookSpecificationList``: part of the group, so that its first instances wait as well.

    Raises DefinitionError.
    """
    section = settings.section("LifecycleHooks")
    hooks = []
    for name in section.values if section else ():
        assert section is not None
        entry = section.section(name)
        assert entry is not None
        hook = checked(entry, HOOK, site.tolerate)
        hooks.append(
            without_nothing(
                {
                    "LifecycleHookName": str(name),
                    "LifecycleTransition": TRANSITIONS[one_of(hook, "Transition", tuple(TRANSITIONS))],
                    "HeartbeatTimeout": hook.integer("HeartbeatTimeout"),
                    "DefaultResult": one_of(hook, "DefaultResult", ("CONTINUE", "ABANDON"), "ABANDON"),
                    **{
                        key: hook.get(key)
                        for key in ("NotificationTargetARN", "RoleARN", "NotificationMetadata")
                    },
                }
            )
        )  # fmt: skip
    return hooks


def warm_pool(settings: Settings, site: Site) -> dict[str, Any] | None:
    """Properties of the pool; None without. Raises DefinitionError."""
    section = checked_section(settings, "WarmPool", WARM_POOL, site.tolerate)
    if section is None:
        return None
    for name in ("Spot", "SpotPrice"):
        if name in settings:
            raise settings.wrong(f"a warm pool cannot have spot instances, which {name} asks for", "WarmPool")
    pool = {
        "AutoScalingGroupName": ref(settings.name),
        "MinSize": section.integer("MinSize"),
        "MaxGroupPreparedCapacity": section.integer("MaxGroupPreparedCapacity"),
        "PoolState": one_of(section, "PoolState", ("Stopped", "Running", "Hibernated"), "Stopped"),
    }
    if "ReuseOnScaleIn" in section:
        pool["InstanceReusePolicy"] = {"ReuseOnScaleIn": section.boolean("ReuseOnScaleIn", False)}
    return without_nothing(pool)
