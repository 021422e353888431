"""``OIDC`` and ``Cognito``: an application load balancer that lets only known users through.

("Authenticate users using an Application Load Balancer" in the guide for Application Load Balancers.)
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from senza.components.functions import is_dynamic, is_function
from senza.components.model import Property, Site
from senza.components.sections import checked_section, one_of
from senza.components.settings import Settings, shown

_COMMON = (
    Property("Scope", "text", "What is asked of the identity provider.", "openid"),
    Property("OnUnauthenticatedRequest", "authenticate, deny or allow", "What strangers get.", "authenticate"),
    Property("SessionTimeout", "seconds", "How long a session lasts.", 604800),
    Property("SessionCookieName", "text", "Name of its cookie.", "AWSELBAuthSessionCookie"),
    Property("AuthenticationRequestExtraParams", "mapping", "At most ten more parameters of the request."),
)
OIDC = (
    Property("Issuer", "URL", "The identity provider.", required=True),
    Property("AuthorizationEndpoint", "URL", "Where users log in.", required=True),
    Property("TokenEndpoint", "URL", "Where the load balancer gets tokens.", required=True),
    Property("UserInfoEndpoint", "URL", "Where it asks who the user is.", required=True),
    Property("ClientId", "text", "What the provider calls the application.", required=True),
    Property(
        "ClientSecret",
        "dynamic reference or function",
        "`{{resolve:secretsmanager:NAME:SecretString:KEY}}`, or a Ref of a NoEcho parameter; never in clear text.",
        required=True,
    ),
    *_COMMON,
)
COGNITO = (
    Property("UserPoolArn", "ARN", "The user pool.", required=True),
    Property("UserPoolClientId", "text", "The application's client in the pool.", required=True),
    Property("UserPoolDomain", "text", "The pool's domain, or its prefix.", required=True),
    *_COMMON,
)
ENDPOINTS = ("Issuer", "AuthorizationEndpoint", "TokenEndpoint", "UserInfoEndpoint")
WEEK = 604_800
MOST_PARAMETERS = 10
KINDS = {"OIDC": ("authenticate-oidc", "AuthenticateOidcConfig", OIDC),
         "Cognito": ("authenticate-cognito", "AuthenticateCognitoConfig", COGNITO)}  # fmt: skip
_SECRET = re.compile(r"\{\{resolve:secretsmanager:(?:[^{}]|\$\{[^{}]+\})+\}\}")


def authentication(settings: Settings, site: Site) -> dict[str, Any] | None:
    """The action that comes before forwarding; None where anybody may come. Raises DefinitionError."""
    given = [name for name in KINDS if name in settings]
    if not given:
        return None
    if len(given) > 1:
        raise settings.wrong("OIDC and Cognito exclude each other", given[1], hint="Remove one of them.")
    kind, config, properties = KINDS[given[0]]
    section = checked_section(settings, given[0], properties, site.tolerate)
    assert section is not None
    values = dict(section.values)
    check_values(section)
    if "OnUnauthenticatedRequest" in section and not is_function(section.get("OnUnauthenticatedRequest")):
        values["OnUnauthenticatedRequest"] = one_of(
            section, "OnUnauthenticatedRequest", ("authenticate", "deny", "allow")
        )
    if "ClientSecret" in section and not is_secret(section.get("ClientSecret"), site):
        raise section.wrong(
            "the ClientSecret would stand in the template for everybody to read",
            "ClientSecret",
            hint='Keep it in Secrets Manager and write "{{resolve:secretsmanager:NAME:SecretString:KEY}}", '
            "or declare a parameter with NoEcho: true and write {Ref: PARAMETER}.",
        )
    return {"Type": kind, "Order": 1, config: values}


def check_values(section: Settings) -> None:
    """Raises DefinitionError for what CreateListener refuses (API reference, AuthenticateOidcActionConfig)."""
    for name in ENDPOINTS:
        url = section.get(name)
        if isinstance(url, str) and not is_dynamic(url) and not url.startswith("https://"):
            raise section.wrong(f"{name} must begin with https://, not {shown(url)}", name)
    seconds = None if is_dynamic(section.get("SessionTimeout")) else section.integer("SessionTimeout")
    if isinstance(seconds, int) and not 1 <= seconds <= WEEK:
        raise section.wrong(f"SessionTimeout must be 1 to {WEEK} seconds, not {seconds}", "SessionTimeout")
    more = section.get("AuthenticationRequestExtraParams")
    if isinstance(more, Mapping) and len(more) > MOST_PARAMETERS:
        raise section.wrong(f"at most {MOST_PARAMETERS} parameters can be added to the request",
                            "AuthenticationRequestExtraParams")  # fmt: skip
    pool = section.get("UserPoolArn")
    if isinstance(pool, str) and not is_dynamic(pool) and not (pool.startswith("arn:") and ":userpool/" in pool):
        raise section.wrong(
            f"{shown(pool)} is no ARN of a user pool", "UserPoolArn", hint="Write arn:aws:cognito-idp:…"
        )


def is_secret(value: Any, site: Site) -> bool:
    """Whether nobody who reads the template can read the value: from Secrets Manager, NoEcho, or decrypted from KMS.

    ``ssm-secure`` is none of these: CloudFormation does not resolve it in a listener ("Resources that support dynamic
    parameter patterns for secure strings" in its guide).
    """
    if isinstance(value, Mapping) and is_function(value):
        name, argument = next(iter(value.items()))
        if name == "Ref":
            return str(argument) in no_echo_parameters(site)
        if name == "Fn::If" and isinstance(argument, list):
            return all(is_secret(item, site) for item in argument[1:])
        return name == "Fn::GetAtt" or bool(_SECRET.fullmatch(put_together(name, argument)))
    encrypted = {site.bound.info.get(key) for key in site.secrets}
    return isinstance(value, str) and (bool(_SECRET.fullmatch(value)) or value in encrypted)


def put_together(name: str, argument: Any) -> str:
    """The text of an Fn::Sub or Fn::Join, with something where other functions stand; "" of anything else."""
    text = argument[0] if name == "Fn::Sub" and isinstance(argument, list) and argument else argument
    if name == "Fn::Sub":
        return str(text)
    if name == "Fn::Join" and isinstance(argument, list) and len(argument) == 2 and isinstance(argument[1], list):
        return str(argument[0]).join(item if isinstance(item, str) else "${X}" for item in argument[1])
    return ""


def no_echo_parameters(site: Site) -> set[str]:
    declared = site.bound.template.get("Parameters")
    plain = declared.items() if isinstance(declared, Mapping) else ()
    found = {parameter.name for parameter in site.bound.parameters if parameter.no_echo}
    return found | {
        str(name)
        for name, one in plain
        if isinstance(one, Mapping) and str(one.get("NoEcho")).lower() == "true"
    }  # fmt: skip
