"""The journal: what was done in an account and region, by whom, with what result; and one lock per app.

It lives in an S3 bucket of the account, so that any machine can go on with what another one began.
"""

from senza.journal.bucket import ForeignBucket
from senza.journal.caller import Caller
from senza.journal.locks import LEASE, Lock
from senza.journal.model import Ask, Entry, Holder, Summary, redacted
from senza.journal.operations import Journal, Operation
from senza.journal.store import NoJournal

__all__ = [
    "LEASE",
    "Ask",
    "Caller",
    "Entry",
    "ForeignBucket",
    "Holder",
    "Journal",
    "Lock",
    "NoJournal",
    "Operation",
    "Summary",
    "redacted",
]
