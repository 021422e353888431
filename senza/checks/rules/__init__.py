"""Our own rules, in the order of their ids.

SZ1xx: security. SZ2xx: load balancers. SZ3xx: what AWS refuses, or nothing can work with. SZ4xx: availability.
SZ5xx: operations.
"""

from __future__ import annotations

from senza.checks.model import Rule
from senza.checks.rules import (
    attributes,
    availability,
    balancer_names,
    balancers,
    disks,
    groups,
    images,
    instances,
    listeners,
    logs,
    names,
    network,
    policies,
    scaling,
    secrets,
    tags,
    targets,
)

RULES: tuple[Rule, ...] = (
    network.OPEN_GROUP,
    instances.UNENCRYPTED,
    instances.METADATA,
    secrets.KEY,
    secrets.SUSPICIOUS,
    policies.WILDCARD,
    balancers.PLAIN,
    balancers.NO_TLS,
    balancers.OLD_POLICY,
    names.DOMAIN,
    names.PORT,
    attributes.ATTRIBUTE,
    targets.HEALTH,
    targets.SPOKEN,
    balancer_names.BALANCER_NAME,
    listeners.WRONG_LISTENER,
    listeners.ADDRESSES,
    listeners.PLACES,
    logs.LOG_BUCKET,
    groups.POOL,
    groups.HOOK,
    groups.SIZES,
    groups.CHOICES,
    scaling.SCALING,
    scaling.TIMES,
    disks.DISK,
    scaling.UNREACHABLE,
    groups.SIGNALS,
    balancer_names.LASTING,
    availability.SINGLE_ZONE,
    availability.BLIND,
    availability.NO_CHECK,
    availability.GRACE,
    images.UNPINNED,
    tags.MISSING,
    logs.NO_LOGS,
)
