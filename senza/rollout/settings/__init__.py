"""``SenzaInfo.Rollout`` of a bound definition, read with every mistake at its place."""

from senza.rollout.settings.section import SECTION_KEYS, override, parse, rollout_of

__all__ = ["SECTION_KEYS", "override", "parse", "rollout_of"]
