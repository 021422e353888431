"""The only room that imports boto3: sessions, retries, paging, counting, errors, and the way into accounts."""

from senza.aws.client import Aws, Call
from senza.aws.endpoint import MARK, Endpoint
from senza.aws.entrance import Way

__all__ = ["MARK", "Aws", "Call", "Endpoint", "Way"]
