"""Read-only facts about the AWS account that a definition is compiled for."""

from senza.account.account import Account
from senza.account.dns import HostedZone
from senza.account.needs import Needs
from senza.account.stacks import NoStack

__all__ = ["Account", "HostedZone", "Needs", "NoStack"]
