"""What the gates of a rollout are judged by: minutes of both versions, from CloudWatch and Prometheus."""

from senza.rollout.metrics.reading import DELAY, Look, read, shares
from senza.rollout.metrics.targets import Side, Targets, find_targets

__all__ = ["DELAY", "Look", "Side", "Targets", "find_targets", "read", "shares"]
