"""What counts as a secret, what does not, and that none is ever shown."""

from __future__ import annotations

import base64
import json
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senza.checks.formats import FORMATS
from senza.checks.rules.secrets import entropy, known_kind, suspicion
from tests.checks.conftest import Judge

# put together here, so that no scanner takes this file for a leak
KNOWN = {
    "an AWS access key": "AKIA" + "IOSFODNN7QWERTYU",
    "a GitHub token": "ghp_" + "0123456789abcdefghijABCDEFGHIJ456789",
    "a GitLab token": "glpat-" + "aB3dE6gH9jK2mN5pQ8sT",
    "a Slack token": "xoxb-" + "123456789012-abcdefABCDEF",
    "a Slack webhook": "https://hooks.slack.com/services/" + "T0123456/B0123456/abcdefghijklmnopqrstuvwx",
    "a Stripe key": "sk_live_" + "0123456789abcdefABCDEF01",
    "a Google API key": "AIza" + "SyA0123456789abcdefghijklmnopqrstuv",
    "an npm token": "npm_" + "abcdefghijklmnopqrstuvwxyz0123456789",
    "a PyPI token": "pypi-" + "AgEIcHlwaS5vcmcCJDEyMzQ1Njc4LTEyMzQtMTIzNC0xMjM0LTEyMzQ1Njc4OTBhYgACKlszLCJhYmNkZWYiXQ",
    "a Docker Hub token": "dckr_pat_" + "aB3dE6gH9jK2mN5pQ8sTuVwXyZ0",
    "a SendGrid key": "SG." + "aB3dE6gH9jK2mN5pQ8sTuV.aB3dE6gH9jK2mN5pQ8sTuVaB3dE6gH9jK2mN5pQ8sTu",
    "a key of an Azure storage account": "AccountName=shop;AccountKey=" + "aB3dE6gH9j" * 8 + "aB3dE6==",
    "a HashiCorp Vault token": "hvs." + "aB3dE6gH9jK2mN5pQ8sTuVwX",
    "a private key": "-----BEGIN RSA " + "PRIVATE KEY-----\nMIIEow\n",
}
LIKELY = {
    ("AUTH", "eyJhbGciOiJIUzI1NiJ9." + "eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJlMTIz"): "a JSON web token",
    ("DB_URL", "postgres://shop:tr0ub4dor@db.example.org/shop"): "a password in a URL",
    ("DB_PASSWORD", "correct-horse-battery"): "a secret in clear text",
    ("scalyrApiKey", "0a1b2c3d4e5f60718293"): "a secret in clear text",
    ("UserData", "#!/bin/sh\nexport API_KEY='q8w7e6r5t4z3'\n"): "a text that sets",
    ("SEED", "Zk3vQ9xT1bL7mW5cR8yN2hJ6pF4dS0aG+uEiXo/KqV"): "a random text",
}
FINE = {
    "DB_PASSWORD": "aws:kms:" + base64.b64encode(bytes(range(90))).decode(),
    "TOKEN_URL": "https://auth.example.org/oauth2/access_token",
    "SECRET_ARN": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:shop-AbCdEf",
    "API_KEY": "{{resolve:secretsmanager:shop:SecretString:key}}",
    "PASSWORD": "changeme-later",
    "PASSWORD_FILE": "/run/secrets/database-password",
    "URL": "postgres://shop:${DB_PASSWORD}@db.example.org/shop",
    "source": "registry.example.org/team/shop@sha256:" + "0123456789abcdef" * 4,
    "COMMIT": "3f786850e387550fdab836ed7e6dc881de23001b",
    "PUBLIC": "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQDZk3vQ9xT1bL7mW5cR8yN2hJ6pF4dS0aG me@example.org",
    "CERT": "-----BEGIN CERTIFICATE-----\nZk3vQ9xT1bL7mW5cR8yN2hJ6pF4dS0aGuEiXoKqV\n-----END CERTIFICATE-----",
    "CLASS": "org.example.shop.configuration.AbstractSingletonProxyFactoryBean2026",
    "TEXT": "The token is read from the environment; the password is not.",
    "EXAMPLE_KEY": "AKIA" + "IOSFODNN7EXAMPLE",
}


@pytest.mark.parametrize("kind", KNOWN)
def test_keys_are_known_by_their_form_and_in_base64(kind: str) -> None:
    for text in (KNOWN[kind], f"#!/bin/sh\nlogin {KNOWN[kind]} --now", base64.b64encode(KNOWN[kind].encode()).decode()):
        assert known_kind("x", text) == kind
        assert suspicion("x", text) == ""


@pytest.mark.parametrize(("name", "text"), LIKELY)
def test_others_are_likely(name: str, text: str) -> None:
    assert known_kind(name, text) == ""
    assert LIKELY[name, text] in suspicion(name, text)


@pytest.mark.parametrize("name", FINE)
def test_these_are_none(name: str) -> None:
    assert (known_kind(name, FINE[name]), suspicion(name, FINE[name])) == ("", "")


def test_no_secret_is_shown(judge: Judge) -> None:
    values = {f"K{number}": text for number, text in enumerate([*KNOWN.values(), *(text for _, text in LIKELY)])}
    values["MY_PASSWORD"] = "correct-horse-battery"
    config = {"runtime": "Docker", "source": "shop:1", "environment": values}
    app = {"Type": "Senza::TaupageAutoScalingGroup", "InstanceType": "t3.micro", "TaupageConfig": config}
    made = judge(json.dumps({"SenzaComponents": [{"App": app}]}))
    assert (made.count("error"), made.count("warning")) == (len(KNOWN), len(LIKELY) - 1)
    for write in FORMATS.values():
        told = write(made, "1")
        assert [text for text in values.values() if text in told or text[6:16] in told] == []


def test_where_the_name_stands(judge: Judge) -> None:
    """A secret in a list of names and values, in a default, in plain CloudFormation."""
    found = judge(
        """
SenzaInfo:
  StackName: shop
  Parameters: [{DbPassword: {NoEcho: true, Default: correct-horse-battery}}]
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ContainerDefinitions: [{Image: "a:1", Environment: [{Name: API_TOKEN, Value: q8w7e6r5t4z3}]}]
"""
    ).findings
    assert [(finding.rule, finding.message.split()[0]) for finding in found] == [
        ("SZ105", "DbPassword"),
        ("SZ105", "API_TOKEN"),
    ]


@given(st.text(alphabet=string.printable, min_size=1))
def test_entropy_is_between_nothing_and_all_different(text: str) -> None:
    import math

    assert -1e-9 <= entropy(text) <= math.log2(len(text)) + 1e-9


@given(st.text(max_size=500), st.text(max_size=20))
def test_any_text_can_be_judged(text: str, name: str) -> None:
    assert isinstance(known_kind(name, text) + suspicion(name, text), str)
