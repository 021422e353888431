"""Single keys change; the text of all others stays."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from senza.errors import UsageError
from senza.userdata.merge import merged

TEXT = """#taupage-ami-config
# who runs it
application_id: hello-world
source: "stups/hello-world:0.1"   # pinned
environment:
  # loud
  LEVEL: info
  MODE: 0123
  SECRET: aws:kms:abc
ports: {8080: 8080}
script: |
  #!/bin/sh
  # not a comment

# the end
volumes:
- /data
- /logs
"""


def test_keys_that_are_not_named_keep_their_text() -> None:
    result = merged(TEXT, "source: stups/hello-world:0.2\nenvironment: {LEVEL: debug}")
    assert result.changed == ("source", "environment.LEVEL")
    assert result.text == TEXT.replace('"stups/hello-world:0.1"   # pinned', "stups/hello-world:0.2").replace(
        "  # loud\n  LEVEL: info", "  LEVEL: debug"
    )


@pytest.mark.parametrize(
    ("patch", "changed", "before", "after"),
    [
        ("script: null", ("script",), "script: |\n  #!/bin/sh\n  # not a comment\n\n", ""),
        (
            "environment: {MODE: null}",
            ("environment.MODE",),
            "  # loud\n  LEVEL: info\n  MODE: 0123\n",
            "  LEVEL: info\n",
        ),
        ("volumes: [/data]", ("volumes",), "volumes:\n- /data\n- /logs\n", "volumes: [/data]\n"),
        ("ports: {8080: 80}", ("ports.8080",), "ports: {8080: 8080}", "ports: {8080: 80}"),
        ("root: true", ("root",), "- /logs\n", "- /logs\nroot: true\n"),
        ("{application_id: other}", ("application_id",), "application_id: hello-world", "application_id: other"),
    ],
)
def test_changing_removing_adding(patch: str, changed: tuple[str, ...], before: str, after: str) -> None:
    result = merged(TEXT, patch)
    assert result.changed == changed
    assert result.text == TEXT.replace(before, after)


@pytest.mark.parametrize(
    "patch",
    ["application_id: hello-world", "environment: {LEVEL: info}", "gone: null", "{}", "volumes: [/data, /logs]"],
)
def test_what_is_so_already_changes_nothing(patch: str) -> None:
    assert merged(TEXT, patch).changed == ()
    assert merged(TEXT, patch).text == TEXT


def test_a_value_of_another_type_is_another_value() -> None:
    assert merged(TEXT, "environment: {LEVEL: 'info'}").changed == ()
    assert merged(TEXT, "environment: {MODE: '0123'}").changed == ("environment.MODE",)


@pytest.mark.parametrize(
    "text",
    [
        "#taupage-ami-config\n{a: 1, b: {c: 2}}\n",
        "#taupage-ami-config\nbase: &x {c: 2}\na: 1\nb: *x\n",
        '#taupage-ami-config\n{"a": 1,\n "b": {"c": 2}}',
    ],
)
def test_text_that_is_not_written_key_by_key_is_written_anew(text: str) -> None:
    result = merged(text, "a: 7")
    assert yaml.safe_load(result.text) == yaml.safe_load(text) | {"a": 7}
    assert result.text.startswith("#taupage-ami-config\n")


@pytest.mark.parametrize(
    ("text", "patch", "said"),
    [
        ("#!/bin/sh\n", "a: 1", "does not begin with #taupage-ami-config"),
        ("", "a: 1", "does not begin with #taupage-ami-config"),
        (TEXT, "a: [", "--user-data is no YAML"),
        (TEXT, "just text", "--user-data is no YAML mapping"),
        (TEXT, "", "--user-data is no YAML mapping"),
        (TEXT, "a: \x07", "--user-data is no YAML"),
        ("#taupage-ami-config\nsecret: [hunter2\n", "a: 1", "the present user data is no YAML"),
    ],
)
def test_what_cannot_be_merged(text: str, patch: str, said: str) -> None:
    with pytest.raises(UsageError) as raised:
        merged(text, patch)
    assert said in raised.value.message
    assert "hunter2" not in raised.value.message


KEYS = st.sampled_from(["a", "b", "c"])
SCALARS = st.one_of(
    st.integers(), st.booleans(), st.text(max_size=5), st.sampled_from(["0123", "null", "# no", "x: y"])
)
TREES = st.dictionaries(
    KEYS,
    st.recursive(
        SCALARS, lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(KEYS, inner, max_size=3))
    ),
)


def by_rfc_7396(target: object, patch: object) -> object:
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = by_rfc_7396(result.get(key), value) if isinstance(result.get(key), dict) else value
    return result


@given(base=TREES, patch=TREES, flow=st.sampled_from([True, False, None]))
def test_it_means_what_the_rfc_says(base: dict[str, object], patch: dict[str, object], flow: bool | None) -> None:
    text = "#taupage-ami-config\n" + yaml.safe_dump(base, default_flow_style=flow)
    result = merged(text, yaml.safe_dump(patch))
    assert yaml.safe_load(result.text) == by_rfc_7396(base, patch)
    assert (result.text == text) == (not result.changed)
