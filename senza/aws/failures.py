"""botocore's exceptions as ours: one message, what to do next, no traceback."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from senza.errors import AwsError, SenzaError, UsageError

EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired"}
INVALID = {
    "InvalidClientTokenId",
    "UnrecognizedClientException",
    "AuthFailure",
    "SignatureDoesNotMatch",
    "InvalidAccessKeyId",
}
DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError"}
THROTTLED = {"Throttling", "ThrottlingException", "RequestLimitExceeded", "TooManyRequestsException", "SlowDown"}
PASSING = THROTTLED | {
    *("Connection", "RequestTimeout", "InternalError", "InternalFailure", "InternalServiceError"),
    *("ServiceUnavailable", "ServiceUnavailableException", "500", "502", "503", "504"),
}

PREFIXES = {
    "elb": "elasticloadbalancing",
    "elbv2": "elasticloadbalancing",
    "resourcegroupstaggingapi": "tag",
    "service-quotas": "servicequotas",
}
"""Services as permissions name them, where boto3's client has another name ("Service Authorization Reference")."""
ACTIONS = {
    ("s3", "GetBucketLifecycleConfiguration"): "s3:GetLifecycleConfiguration",
    ("s3", "GetPublicAccessBlock"): "s3:GetBucketPublicAccessBlock",
    ("s3", "HeadBucket"): "s3:ListBucket",
    ("s3", "HeadObject"): "s3:GetObject",
    ("s3", "ListBuckets"): "s3:ListAllMyBuckets",
    ("s3", "ListObjectsV2"): "s3:ListBucket",
    ("s3", "ListObjectVersions"): "s3:ListBucketVersions",
    ("s3", "PutBucketEncryption"): "s3:PutEncryptionConfiguration",
    ("s3", "PutBucketLifecycleConfiguration"): "s3:PutLifecycleConfiguration",
    ("s3", "PutPublicAccessBlock"): "s3:PutBucketPublicAccessBlock",
}
"""Operations of S3 that are permitted under another name ("Actions, resources, and condition keys for Amazon S3")."""
NO_LOGIN = {"SSOError", "SSOTokenLoadError", "UnauthorizedSSOTokenError", "TokenRetrievalError"}
"""botocore's exceptions for an SSO log-in that was not made, or is over."""


REGION = re.compile(r"[./]([a-z]{2,}(?:-[a-z]+)+-\d+)\.amazonaws\.com")
"""In the address of an endpoint: https://docs.aws.amazon.com/general/latest/gr/rande.html"""

LOOPBACK = re.compile(r"//(?:127\.0\.0\.1|localhost)[:/]")


def camel(operation: str) -> str:
    """``create_stack`` as the API reference writes it: ``CreateStack``."""
    return "".join(part.capitalize() for part in operation.split("_")) if operation.islower() else operation


def passing(error: AwsError) -> bool:
    """Whether the same call may well succeed later, or has succeeded and only its answer was lost."""
    return error.code in PASSING


def action(service: str, operation: str) -> str:
    """What policies call it: ``elbv2``, ``DescribeRules`` is ``elasticloadbalancing:DescribeRules``."""
    return ACTIONS.get((service, operation)) or f"{PREFIXES.get(service, service)}:{operation}"


def hint_for(code: str, service: str, operation: str) -> str:
    if code in EXPIRED:
        return "Your AWS credentials have expired: log in again and repeat the command."
    if code in NO_LOGIN:
        return "Log in: aws sso login (with the --profile that you use), and repeat the command."
    if code in INVALID:
        return "AWS does not accept these credentials: check AWS_PROFILE, AWS_ACCESS_KEY_ID and the clock."
    if code in DENIED:
        return f"The permission {action(service, operation)} is missing."
    if code in THROTTLED:
        return "AWS limits the rate of calls; all retries were used up. Wait a moment and repeat the command."
    return ""


def hint_for_silence(said: str) -> str:
    """What to look at where nothing answers: most of all the region, where botocore knows none of that name."""
    import botocore.session

    if LOOPBACK.search(said):
        return (
            'A sandbox that was stopped? Start one and enter it: senza sandbox start; eval "$(senza sandbox env)". '
            'Or leave it: eval "$(senza sandbox env --unset)".'
        )
    usual = "Check the network, a proxy, and AWS_ENDPOINT_URL."
    asked = REGION.search(said)
    known = botocore.session.Session().get_available_regions("ec2") if asked else []
    if not asked or asked[1] in known:
        return usual
    from difflib import get_close_matches

    near = get_close_matches(asked[1], known, n=1)
    return f"Is there a region {asked[1]}? " + (f"Did you mean {near[0]}? " if near else "") + usual


@contextmanager
def translated(service: str, operation: str) -> Iterator[None]:
    """Turn whatever botocore raises inside into a SenzaError."""
    from botocore import exceptions
    from botocore.parsers import ResponseParserError

    operation = camel(operation)
    try:
        yield
    except SenzaError:
        raise
    except exceptions.ClientError as error:
        code = error.response.get("Error", {}).get("Code", "Unknown")
        said = error.response.get("Error", {}).get("Message", "") or str(error)
        message = f"{service} {operation} failed: {said} ({code})"
        raise AwsError(
            message, code=code, service=service, operation=operation, hint=hint_for(code, service, operation)
        ) from error
    except (exceptions.NoCredentialsError, exceptions.PartialCredentialsError) as error:
        raise UsageError(
            "no AWS credentials were found",
            hint="Log in (aws sso login), set AWS_PROFILE, or try it without an account: senza sandbox start.",
        ) from error
    except exceptions.ProfileNotFound as error:
        raise UsageError(
            str(error), hint="See ~/.aws/config for the profiles there are, or unset AWS_PROFILE."
        ) from error
    except (
        exceptions.EndpointConnectionError,
        exceptions.ConnectTimeoutError,
        exceptions.ReadTimeoutError,
        exceptions.ConnectionClosedError,
        exceptions.ConnectionError,
    ) as error:
        raise AwsError(
            f"{service} {operation} failed: {error}",
            code="Connection",
            service=service,
            operation=operation,
            hint=hint_for_silence(str(error)),
        ) from error
    except ResponseParserError as error:
        raise AwsError(
            f"{service} {operation} failed: what answers does not speak the language of AWS",
            code="Unreadable",
            service=service,
            operation=operation,
            hint="Perhaps a proxy or a log-in page of the network answers; check AWS_ENDPOINT_URL, too.",
        ) from error
    except (OSError, ValueError) as error:  # a credential process, a token file or an endpoint that is none
        raise UsageError(
            f"the AWS configuration or credentials cannot be used: {error}",
            hint="Check credential_process and the files that ~/.aws/config and AWS_... variables name.",
        ) from error
    except exceptions.BotoCoreError as error:
        code = type(error).__name__
        hint = hint_for(code, service, operation)
        message = f"{service} {operation} failed: {error}"
        raise AwsError(message, code=code, service=service, operation=operation, hint=hint) from error
