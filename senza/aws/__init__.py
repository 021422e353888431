"""The only room that imports boto3: sessions, retries, paging, counting, errors."""

from senza.aws.client import Aws, Call, Endpoint

__all__ = ["Aws", "Call", "Endpoint"]
