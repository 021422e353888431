"""What application and network load balancers have in common: access logs, a firewall, two families of addresses."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from troposphere import AWSObject, wafv2

from senza.components.domains import ADDRESSES
from senza.components.functions import is_dynamic, is_function, ref
from senza.components.model import Property, Site
from senza.components.references import is_reference, resolved
from senza.components.sections import checked_section, one_of
from senza.components.settings import Settings, shown
from senza.components.shapes import Shaper

TLS_POLICY = "ELBSecurityPolicy-TLS13-1-2-2021-06"
"""TLS 1.3 and 1.2 only ("Security policies for your Application Load Balancer")."""
LOG_KEYS = (
    Property("Bucket", "name or function", "An S3 bucket of the region.", required=True),
    Property("Prefix", "text", "What the names of the logs begin with."),
)
ACCESS_LOGS = Property(
    "AccessLogs", "bucket, or {Bucket, Prefix}", "Where requests are logged. The bucket's policy must let ELB write."
)
FAMILIES = {
    "ipv4": ("A",),
    "dualstack": ("A", "AAAA"),
    "dualstack-without-public-ipv4": ("AAAA",),
}
"""IpAddressType -> the types of records that lead to such a load balancer."""
_WEB_ACL = re.compile(r"arn:[^:]+:wafv2:(?P<region>[^:]*):[^:]*:regional/webacl/")


def record_types(settings: Settings) -> tuple[str, ...]:
    """Of the alias records. Raises DefinitionError for an unknown ``IpAddressType``."""
    if "IpAddressType" not in settings:
        return ("A",)
    types = FAMILIES[one_of(settings, "IpAddressType", tuple(FAMILIES))]
    assert set(types) <= set(ADDRESSES)
    return types


def check_subnets(settings: Settings, site: Site, types: tuple[str, ...], scheme: str) -> None:
    """Raises DefinitionError where there are to be IPv6 addresses, and a subnet of the network has none.

    ("IP address types for your Application Load Balancer" in its guide.)
    """
    asked = getattr(site.network, "without_ipv6", None)
    if "AAAA" not in types or asked is None or "Subnets" in settings or "SubnetMappings" in settings:
        return
    if missing := asked(scheme):
        site.tolerate(
            settings.wrong(
                f"a {settings.get('IpAddressType')} load balancer needs IPv6 in its subnets, and "
                f"{', '.join(missing)} {'has' if len(missing) == 1 else 'have'} none",
                "IpAddressType",
                hint="Give the VPC and these subnets IPv6 ranges, or remove IpAddressType.",
            )
        )


def with_access_logs(attributes: list[Any], settings: Settings, site: Site) -> list[Any]:
    """The attributes of a load balancer and those that ``AccessLogs`` adds, unless they are given themselves."""
    if "AccessLogs" not in settings:
        return attributes
    bucket, prefix = access_logs(settings, site)
    wanted = {"access_logs.s3.enabled": "true", "access_logs.s3.bucket": bucket, "access_logs.s3.prefix": prefix}
    given = {item.get("Key") for item in attributes if isinstance(item, Mapping)}
    return [
        *attributes,
        *({"Key": key, "Value": value} for key, value in wanted.items() if value != "" and key not in given),
    ]


def access_logs(settings: Settings, site: Site) -> tuple[Any, Any]:
    """Bucket and prefix. Raises DefinitionError."""
    value = settings.get("AccessLogs")
    if not isinstance(value, Mapping) or is_function(value):
        if not isinstance(value, str) and not is_function(value):
            raise settings.wrong(f"AccessLogs must name a bucket, not {shown(value)}", "AccessLogs")
        return value, ""
    section = checked_section(settings, "AccessLogs", LOG_KEYS, site.tolerate)
    assert section is not None
    prefix = section.get("Prefix", "")
    if isinstance(prefix, str) and (prefix != prefix.strip("/") or "AWSLogs" in prefix):
        raise section.wrong(
            f"the prefix {prefix} must neither begin nor end with a slash nor contain AWSLogs", "Prefix"
        )
    return section.get("Bucket"), prefix


def bucket_policies(settings: Settings, site: Site) -> list[str]:
    """The policies in the definition of the bucket for logs: the load balancer must wait for them."""
    if "AccessLogs" not in settings:
        return []
    bucket, _ = access_logs(settings, site)
    resources = site.bound.template.get("Resources")
    return [
        str(name)
        for name, resource in (resources.items() if isinstance(resources, Mapping) else ())
        if isinstance(resource, Mapping)
        and resource.get("Type") == "AWS::S3::BucketPolicy"
        and isinstance(resource.get("Properties"), Mapping)
        and resource["Properties"].get("Bucket") == bucket
    ]


def web_acl(settings: Settings, site: Site, shaper: Shaper) -> dict[str, AWSObject]:
    """The association with the web ACL that ``WebACL`` names; none without. Raises DefinitionError, NotFound."""
    value = settings.get("WebACL")
    if value is None:
        return {}
    if is_reference(value):
        with settings.blaming("WebACL"):
            value = resolved(value, site.account)
    plain = isinstance(value, str) and not is_dynamic(value)
    acl = _WEB_ACL.match(value) if plain else None
    if plain and acl is None:
        raise settings.wrong(
            f"{value} is no ARN of a regional web ACL",
            "WebACL",
            hint="Write e.g. arn:aws:wafv2:eu-central-1:123456789012:regional/webacl/NAME/ID "
            "(aws wafv2 list-web-acls --scope REGIONAL).",
        )
    if acl and not site.account.made_up and acl["region"] != site.account.region:
        raise settings.wrong(
            f"the web ACL is in {acl['region']}, and the load balancer in {site.account.region}",
            "WebACL",
            hint="A web ACL guards what is in its own region: create one here.",
        )
    if not isinstance(value, str) and not is_function(value):
        raise settings.wrong(f"WebACL must be an ARN or a function, not {shown(value)}", "WebACL")
    name = f"{settings.name}WebACLAssociation"
    return {
        name: shaper.resource(wafv2.WebACLAssociation, name, {"ResourceArn": ref(settings.name), "WebACLArn": value})
    }
