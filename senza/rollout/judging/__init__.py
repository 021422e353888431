"""What gates say of the metrics of a rollout: pure statistics, from values to values. docs/gates.md explains it."""

from senza.rollout.judging.judge import judge
from senza.rollout.judging.spending import shares

__all__ = ["judge", "shares"]
