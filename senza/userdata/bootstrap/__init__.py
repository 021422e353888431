"""The container of a ``TaupageConfig`` on stock images: what is allowed, what it means, and the user data."""

from __future__ import annotations

from senza.userdata.bootstrap.arguments import docker_run, log_group_of, secrets_of
from senza.userdata.bootstrap.check import check
from senza.userdata.bootstrap.model import OSES, Problem
from senza.userdata.bootstrap.script import bootstrap

__all__ = ["OSES", "Problem", "bootstrap", "check", "docker_run", "log_group_of", "secrets_of"]
