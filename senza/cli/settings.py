"""The user's settings: a small YAML file, ``$XDG_CONFIG_HOME/senza/config.yaml``, which only the user can read.

The classic tool kept a file of its own beside it (``senza.yaml``), into which any key could be written and of which
nothing here has a meaning; it is neither read nor touched.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from senza.cli.files import made, own_directory, write_whole
from senza.errors import UsageError

POLICY_FILE = "policy.file"


@dataclass(frozen=True)
class Setting:
    """help: what it does. check: the value as it is kept; raises ValueError, which says what a value looks like."""

    key: str
    help: str
    check: Callable[[str], str]


def _region(value: str) -> str:
    if not re.fullmatch(r"[a-z]{2,4}(?:-[a-z]+)+-[0-9]{1,2}", value):
        raise ValueError("it is a region such as eu-central-1")
    return value


def _policy(value: str) -> str:
    """A path counts from anywhere. Raises UsageError for a policy that cannot be read or is wrong."""
    from senza.provenance import read_policy

    location = value if "://" in value else os.path.abspath(os.path.expanduser(value))
    read_policy(location)
    return location


SETTINGS = (
    Setting(
        "region",
        "Region where neither --region nor AWS_REGION, AWS_DEFAULT_REGION or a profile names one.",
        _region,
    ),
    Setting(
        POLICY_FILE,
        "Path or https URL of the policy that container images must pass; see --verify.",
        _policy,
    ),
)


def settings_file(environ: Mapping[str, str]) -> Path:
    return own_directory(environ, "XDG_CONFIG_HOME", ".config") / "config.yaml"


def read_settings(environ: Mapping[str, str]) -> dict[str, str]:
    """What is set, unknown keys included. Raises UsageError for a file that is none of ours."""
    path = settings_file(environ)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"your settings {path} cannot be read: {error}", hint="Correct or remove the file.") from error
    import yaml

    try:
        values = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise UsageError(f"your settings {path} are no YAML", hint="Correct or remove the file.") from error
    if values is None:
        return {}
    if not isinstance(values, dict) or not all(isinstance(value, str) for value in values.values()):
        raise UsageError(
            f"your settings {path} are not a mapping of names to texts", hint="Correct or remove the file."
        )
    return {str(key): value for key, value in values.items()}


def write_settings(environ: Mapping[str, str], values: Mapping[str, str]) -> None:
    """Raises UsageError where the file cannot be written."""
    import yaml

    path = settings_file(environ)
    try:
        made(path.parent)
        write_whole(path, yaml.safe_dump(dict(values), allow_unicode=True))
    except OSError as error:
        raise UsageError(f"your settings {path} cannot be written: {error.strerror}") from error


def setting(key: str) -> Setting:
    """The setting of that name. Raises UsageError."""
    for known in SETTINGS:
        if known.key == key:
            return known
    from difflib import get_close_matches

    names = [known.key for known in SETTINGS]
    near = get_close_matches(key, names, n=1)
    hint = f"Did you mean {near[0]}?" if near else f"There is {', '.join(names)}."
    raise UsageError(f"there is no setting {key}", hint=hint)


def checked(key: str, value: str) -> str:
    """The value as it is kept. Raises UsageError for one that the setting cannot have, or an unknown setting."""
    try:
        return setting(key).check(value)
    except ValueError as error:
        raise UsageError(f"{key} cannot be {value!r}: {error}") from None
