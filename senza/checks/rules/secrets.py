"""Secrets in clear text, in the definition as the stack will have it: found by their form, else by name and randomness.

Neither a finding nor anything else made here holds any part of a secret.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from senza.checks.model import Hit, Rule, Subject
from senza.definition.model import KeyPath

KNOWN: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("a private key", re.compile(r"-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----")),
    ("an AWS access key", re.compile(r"(?<![A-Za-z0-9])(?:AKIA|ASIA)[A-Z2-7]{16}(?![A-Za-z0-9])")),
    ("a GitHub token", re.compile(r"(?<![A-Za-z0-9])(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{60,})")),
    ("a GitLab token", re.compile(r"(?<![A-Za-z0-9])gl(?:pat|dt|rt|ptt|cbt|soat|ft)-[A-Za-z0-9_-]{20,}")),
    ("a Slack token", re.compile(r"(?<![A-Za-z0-9])xox[abeoprs]-[A-Za-z0-9-]{10,}")),
    ("a Slack webhook", re.compile(r"https://hooks\.slack\.com/services/T[A-Za-z0-9]+/B[A-Za-z0-9]+/[A-Za-z0-9]{16,}")),
    ("a Stripe key", re.compile(r"(?<![A-Za-z0-9])[rs]k_live_[A-Za-z0-9]{16,}")),
    ("a Google API key", re.compile(r"(?<![A-Za-z0-9])AIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])")),
    ("an npm token", re.compile(r"(?<![A-Za-z0-9])npm_[A-Za-z0-9]{36}(?![A-Za-z0-9])")),
    ("a PyPI token", re.compile(r"(?<![A-Za-z0-9])pypi-AgEIcHlwaS5vcmc[A-Za-z0-9_-]{50,}")),
    ("a Docker Hub token", re.compile(r"(?<![A-Za-z0-9])dckr_[po]at_[A-Za-z0-9_-]{27,}")),
    ("a SendGrid key", re.compile(r"(?<![A-Za-z0-9])SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])")),
    ("a key of an Azure storage account", re.compile(r"AccountKey=[A-Za-z0-9+/]{86}==")),
    ("a HashiCorp Vault token", re.compile(r"(?<![A-Za-z0-9])hv[sbr]\.[A-Za-z0-9_-]{24,}")),
)
"""Kinds of secrets that nothing else looks like."""

LIKELY: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("a JSON web token", re.compile(r"(?<![A-Za-z0-9])eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}")),
    (
        "a password in a URL",
        re.compile(r"[a-z][a-z0-9+.-]*://[^\s/:@'\"<>{}$]+:(?![\s*]+@)[^\s/@'\"<>{}$]{3,}@[^\s/@]"),
    ),
)
EXAMPLES = ("EXAMPLE", "example", "changeme", "xxxx", "****", "<", "${", "{{")
"""What stands in values that are there to be replaced."""
SECRET_NAME = re.compile(
    r"(?:^|[_\-. ])(?:pass|passwd|password|passphrase|secret|token|credentials?|api_?key|access_?key|private_?key)"
    r"(?:$|[_\-. ]\d*$)"
)
NOT_THE_SECRET = re.compile(r"(?:_|^)(?:arn|id|name|file|path|url|uri|ttl|expiry|length|type|policy|endpoint|header)$")
REFERENCE = re.compile(
    r"aws:(?:kms|ssm|secretsmanager):|senza:kms:|\{\{resolve:|arn:|vault:|s3://|/|\.{1,2}/|~/|file:|https?://"
)
"""How values begin that say where a secret is, without being one."""
ASSIGNED = re.compile(
    r"(?i)(?:password|passwd|passphrase|secret|token|api_?key|secret_?(?:access_?)?key)"
    r"(?:[\"']?\s*=\s*|[\"']?:\s+|[\"']\s*:\s*)[\"']?(?P<value>[^\s\"'$<>{}()|;,&\\]{8,})"
)
"""``PASSWORD=...`` of a script, ``password: ...`` of YAML, ``"password":"..."`` of JSON."""
TOKEN = re.compile(r"(?<![A-Za-z0-9+/=_-])[A-Za-z0-9+/_-]{32,128}={0,2}(?![A-Za-z0-9+/=_-])")
ENCRYPTED_BEFORE = re.compile(r"(?:kms:|ssh-[a-z0-9]+ |ecdsa-[a-z0-9-]+ |sha(?:256|384|512)[-:])$")
CERTIFICATE = re.compile(
    r"-----BEGIN (?:CERTIFICATE|PUBLIC KEY)-----.*?-----END (?:CERTIFICATE|PUBLIC KEY)-----", re.DOTALL
)

RANDOM_TOKEN = 4.5
"""Bits a character from which a long word counts as random: words of a language and paths stay below."""
RANDOM_SECRET = 2.5
"""The same where the name already says that it is a secret; "changeme" and "password1" are above it, "aaaa" is not."""
SHORTEST = 8
MAX_LINE = 20_000
"""Characters of one text that are looked at."""


def known_keys(subject: Subject) -> Iterator[Hit]:
    yield from hits(subject, known_kind)


def suspicious(subject: Subject) -> Iterator[Hit]:
    yield from hits(subject, suspicion)


def hits(subject: Subject, judge: Any) -> Iterator[Hit]:
    for path, name, text in texts(subject):
        kind = judge(name, text)
        if kind:
            hint = (
                "Keep it in SSM Parameter Store or Secrets Manager and name it there, or encrypt it with KMS; and "
                "replace it, since whoever can read the stack has read it."
            )
            yield Hit(f"{place_name(path, name)} holds {kind}", place=path, hint=hint)


def place_name(path: KeyPath, name: str) -> str:
    return name or next((part for part in reversed(path) if isinstance(part, str)), "the definition")


def texts(subject: Subject) -> Iterator[tuple[KeyPath, str, str]]:
    """Every text of the definition: key path, name of what it is for, text without the values of arguments.

    What was given on the command line is not in the file; binding warns where a NoEcho value is written out.
    """
    bound = subject.bound
    given = sorted((value for value in bound.arguments.values() if len(value) >= SHORTEST), key=len, reverse=True)
    parts: list[tuple[Any, KeyPath]]
    parts = [
        (bound.info, ("SenzaInfo",)),
        *((one.settings, one.path) for one in bound.components),
        (bound.template, ()),
    ]
    for tree, root in parts:
        for path, name, text in walk(tree, root):
            if path[:2] != ("SenzaInfo", "Parameters"):  # where defaults stand
                for value in given:
                    text = text.replace(value, "<argument>")
            yield path, name, text


def walk(node: Any, path: KeyPath, name: str = "") -> Iterator[tuple[KeyPath, str, str]]:
    if isinstance(node, Mapping):
        named = next((node[key] for key in ("Key", "Name", "ParameterKey") if isinstance(node.get(key), str)), "")
        for key, value in node.items():
            place = (*path, key if isinstance(key, (str, int)) else str(key))
            if key in ("Value", "ParameterValue") and named:
                yield from walk(value, place, named)
            elif key == "Default":
                yield from walk(value, place, name)
            else:
                yield from walk(value, place, str(key))
    elif isinstance(node, list):
        for number, value in enumerate(node):
            yield from walk(value, (*path, number), name)
    elif isinstance(node, str) and len(node) >= SHORTEST:
        yield path, name, node[:MAX_LINE]


def readings(text: str) -> tuple[str, ...]:
    """The text, and what it is in base64."""
    compact = "".join(text.split())
    if len(compact) >= 24 and re.fullmatch(r"[A-Za-z0-9+/]+={0,2}", compact) and len(compact) % 4 == 0:
        try:
            return text, base64.b64decode(compact, validate=True).decode("utf-8")
        except (binascii.Error, UnicodeDecodeError):
            pass
    return (text,)


def known_kind(name: str, text: str) -> str:
    """What kind of secret this certainly is, "" for none."""
    return next((kind for kind, pattern in KNOWN if any(certain(pattern, part) for part in readings(text))), "")


def certain(pattern: re.Pattern[str], text: str) -> bool:
    return any(not any(word in match[0] for word in EXAMPLES) for match in pattern.finditer(text))


def suspicion(name: str, text: str) -> str:
    """What this looks like, "" for nothing, or where another rule knows better."""
    if known_kind(name, text):
        return ""
    for part in readings(CERTIFICATE.sub("", text)):
        for kind, pattern in LIKELY:
            if certain(pattern, part):
                return f"what looks like {kind}"
        if is_secret_name(name) and is_value(part, RANDOM_SECRET):
            return "what looks like a secret in clear text"
        if any(is_value(match["value"], RANDOM_SECRET + 0.5) for match in ASSIGNED.finditer(part)):
            return "a text that sets what looks like a secret"
        if any(
            is_random(match[0]) and not ENCRYPTED_BEFORE.search(part[: match.start()]) for match in TOKEN.finditer(part)
        ):
            return "a random text that looks like a key"
    return ""


def is_secret_name(name: str) -> bool:
    """``DB_PASSWORD``, ``SpotinstAccessToken``, ``api-key``; not ``SECRET_ARN`` or ``TOKEN_URL``."""
    snake = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).lower()
    return bool(SECRET_NAME.search(snake)) and not NOT_THE_SECRET.search(snake)


def is_value(text: str, bits: float) -> bool:
    """Whether this may be a secret itself, not where one is found, nor what stands in for one."""
    if len(text) < SHORTEST or any(char.isspace() for char in text) or REFERENCE.match(text):
        return False
    return not any(word in text for word in EXAMPLES) and entropy(text) >= bits


def is_random(token: str) -> bool:
    """Whether this is too random to be words: all three kinds of characters, and many different ones."""
    kinds = (str.islower, str.isupper, str.isdigit)
    if not all(any(kind(char) for char in token) for kind in kinds) or any(word in token for word in EXAMPLES):
        return False
    return entropy(token) >= RANDOM_TOKEN


def entropy(text: str) -> float:
    """Shannon's entropy of the characters, bits each."""
    counts = Counter(text)
    return -sum(count / len(text) * math.log2(count / len(text)) for count in counts.values())


KEY = Rule(
    id="SZ104",
    severity="error",
    title="A key or token stands in the definition",
    why=(
        "Whoever can read the file, the template, the user data of an instance or a history of any of them can use it. "
        "It is an error because its form leaves no doubt: private keys, and those of AWS, GitHub, GitLab, Slack, "
        "Stripe, Google, npm, PyPI, Docker Hub, SendGrid, Azure and Vault."
    ),
    link="https://docs.aws.amazon.com/secretsmanager/latest/userguide/hardcoded.html",
    find=known_keys,
    bad="""\
SenzaComponents:
  - AppServer:
      Type: Senza::TaupageAutoScalingGroup
      InstanceType: t3.micro
      TaupageConfig:
        runtime: Docker
        source: "stups/hello-world:1.0"
        environment:
          DEPLOYER: "glpat-notReallyA-token_0123"
""",
    good="""\
SenzaComponents:
  - AppServer:
      Type: Senza::TaupageAutoScalingGroup
      InstanceType: t3.micro
      TaupageConfig:
        runtime: Docker
        source: "stups/hello-world:1.0"
        environment:
          DEPLOYER: "aws:kms:AQICAHh0bm90YXJlYWxjaXBoZXJ0ZXh0YnV0aXRsb29rc2xpa2VvbmU="
""",
)
SUSPICIOUS = Rule(
    id="SZ105",
    severity="warning",
    title="Something looks like a secret in clear text",
    why=(
        "As above, but only likely: a JSON web token, a password in a URL, a text whose name says that it is a secret, "
        "or one that is too random to be words. If it is none, say so under Ignore."
    ),
    link="https://docs.aws.amazon.com/secretsmanager/latest/userguide/hardcoded.html",
    find=suspicious,
    bad="""\
SenzaComponents:
  - AppServer:
      Type: Senza::TaupageAutoScalingGroup
      InstanceType: t3.micro
      TaupageConfig:
        runtime: Docker
        source: "stups/hello-world:1.0"
        environment:
          DB_PASSWORD: correct-horse-battery
""",
    good="""\
SenzaComponents:
  - AppServer:
      Type: Senza::TaupageAutoScalingGroup
      InstanceType: t3.micro
      TaupageConfig:
        runtime: Docker
        source: "stups/hello-world:1.0"
        environment:
          DB_PASSWORD: "aws:secretsmanager:shop/db"
""",
)
