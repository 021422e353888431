"""The only room that imports boto3: sessions, retries, paging, counting, errors."""

from senza.aws.client import MARK, Aws, Call, Endpoint

__all__ = ["MARK", "Aws", "Call", "Endpoint"]
