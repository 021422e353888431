"""The report of a rollout, for whoever is woken by it and for the post mortem: one page, or one picture. Pure."""

from senza.rollout.report.model import GateRecord, Move, Record, Unit, unit_of
from senza.rollout.report.page import html
from senza.rollout.report.picture import svg

__all__ = ["GateRecord", "Move", "Record", "Unit", "html", "svg", "unit_of"]
