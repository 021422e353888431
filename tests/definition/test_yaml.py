"""YAML as the classic tool's files use it, and what is said about YAML that is wrong."""

import contextlib
import tempfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from senza.definition import KeyPath, load
from senza.definition.functions import LONG_FORMS
from senza.definition.yamltree import parse
from senza.errors import DefinitionError
from tests.definition.conftest import Fails, Loads

HEAD = "SenzaInfo: {StackName: app}\n"


def tree(text: str) -> Any:
    return parse(text, "d.yaml").value


def test_scalars_are_what_yaml_1_1_says_they_are() -> None:
    text = "a: yes\nb: 007\nc: 1.10\nd: 1:30\ne: ~\nf: '007'\ng: 1e3\nh: =\n8080: 8080\nyes: no\n"
    assert tree(text) == {
        "a": True, "b": 7, "c": 1.1, "d": 90, "e": None, "f": "007", "g": "1e3", "h": "=", 8080: 8080, True: False,
    }  # fmt: skip


def test_dates_stay_the_text_they_are() -> None:
    assert tree("[2012-10-17, 2001-12-14t21:59:43Z, 2012-99-17]") == [
        "2012-10-17", "2001-12-14t21:59:43Z", "2012-99-17",
    ]  # fmt: skip


def test_anchors_and_merge_keys() -> None:
    text = "a: &a {k: 1, l: 2}\nb: &b {l: 3, m: 4}\nc: {<<: [*a, *b], k: 0}\nd: {<<: {<<: *a, l: 9}}\ne: *a\n"
    assert tree(text) == {
        "a": {"k": 1, "l": 2},
        "b": {"l": 3, "m": 4},
        "c": {"k": 0, "l": 2, "m": 4},
        "d": {"k": 1, "l": 9},
        "e": {"k": 1, "l": 2},
    }


@pytest.mark.parametrize("tag", LONG_FORMS)
def test_every_short_tag_has_its_long_form(tag: str) -> None:
    long_form = LONG_FORMS[tag]
    assert tree(f"a: {tag} b.c") == {"a": {long_form: ["b", "c"] if tag == "!GetAtt" else "b.c"}}
    if tag not in ("!Ref", "!Condition"):
        assert tree(f"a: {tag} [x, !Ref y, 3]") == {"a": {long_form: ["x", {"Ref": "y"}, 3]}}
        assert tree(f"a: {tag}\n  n: !Sub '${{x}}'\n") == {"a": {long_form: {"n": {"Fn::Sub": "${x}"}}}}


def test_short_tags_in_detail() -> None:
    assert tree("!GetAtt Db.Endpoint.Port") == {"Fn::GetAtt": ["Db", "Endpoint.Port"]}
    assert tree("!GetAtt '{{Arguments.X}}.Arn'") == {"Fn::GetAtt": ["{{Arguments.X}}", "Arn"]}
    assert tree("!GetAtt '{{Arguments.X}}'") == {"Fn::GetAtt": "{{Arguments.X}}"}
    assert tree("!GetAZs") == {"Fn::GetAZs": ""}
    assert tree("!Ref 8080") == {"Ref": "8080"}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("a: {{Arguments.X}}", '2: a: the {{…}} here needs quotes around it\nWrite: a: "{{Arguments.X}}"'),
        (
            "a:\n  - b: {{Arguments.X}}-suffix # why",
            '3: a[0].b: the {{…}} here needs quotes around it\nWrite: - b: "{{Arguments.X}}-suffix" # why',
        ),
        ("a: [x, {{ X }}]", '2: a[1]: the {{…}} here needs quotes around it\nWrite: a: [x, "{{ X }}"]'),
        ("a: {b: {{X}}, c: 1}", '2: a.b: the {{…}} here needs quotes around it\nWrite: a: {b: "{{X}}", c: 1}'),
        ("a: {{{X}}}", '2: a: the {{…}} here needs quotes around it\nWrite: a: "{{{X}}}"'),
        (
            "a: {{#X}}y{{/X}}\nb: 1",
            '2: a: the {{…}} here needs quotes around it\nWrite: a: "{{#X}}y{{/X}}"',
        ),
        (
            "a: 1\n{{#X}}\nb: 1\n{{/X}}",
            "3: a section may not stand on a line of its own: the file is YAML before anything is filled in\n"
            'Put it into a value: key: "{{#X}}if it is set{{/X}}"',
        ),
        ("{{X}}: 1", '2: the {{…}} here needs quotes around it\nWrite: "{{X}}": 1'),
        ("{{X}}-y: 1", '2: {{X}}-y: the {{…}} here needs quotes around it\nWrite: "{{X}}-y": 1'),
        (
            "a: {{\n  X}}",
            "2: a: the {{…}} here needs quotes around it\nYAML reads an unquoted {{ as the start of a mapping. "
            'Put quotes around the whole value: "{{…}}"',
        ),
        (
            "a:\n\tb: 1",
            "3: a.b: a tab is used here, where YAML allows spaces only\nReplace the tab by spaces:   b: 1",
        ),
        (
            "a:\n  b: c: d",
            "3: a.b: this is not YAML: mapping values are not allowed in this context\n    b: c: d\n        ^",
        ),
        (
            "a: [1, 2\nb: 3",
            "3: this is not YAML: did not find expected ',' or ']' "
            "(while parsing a flow sequence that begins in line 2)\n  b: 3\n   ^",
        ),
        ("a: 'x", "2: a: the quote that is opened here is never closed\n  a: 'x\n     ^"),
        (
            "a: *b",
            "2: a: this is not YAML: found undefined alias\n  a: *b\n     ^",
        ),
        (
            "a: 1\nb: 2\na: 3",
            "4: a: the key a is there twice, in lines 2 and 4, with different values\nRemove one of them.",
        ),
        ("a: &x [*x]", "2: a[0]: a YAML alias stands inside what it is an alias for\nWrite it out."),
        ("a: &x {<<: *x}", "2: a.<<: these YAML merge keys lead back to themselves\nWrite it out."),
        ("a: {<<: 5}", "2: a.<<: << wants a mapping or a list of them\nGive it an alias: <<: *name"),
        (
            "---\n--- 2",
            "2: this file holds several YAML documents; a definition is one\n"
            "Remove the line --- and what does not belong to this definition.",
        ),
        ("a: !ref x", "2: a: the YAML tag !ref is not known\nDid you mean !Ref?"),
        (
            "a: !!set {x}",
            "2: a: the YAML tag !!set is not known\nPut the text into quotes if it is meant to be text.",
        ),
        ("a: !GetAtt x", "2: a: !GetAtt wants a resource and an attribute\nWrite e.g. !GetAtt Bucket.Arn"),
        ("a: !Ref", "2: a: !Ref wants a name after it\nWrite e.g. !Ref MyResource"),
        ("a: !Ref [x]", "2: a: !Ref wants a name after it\nWrite e.g. !Ref MyResource"),
        ("a: !!int", "2: a: this is not a YAML int\nPut it into quotes."),
        ("a: !!int x", "2: a: this is not a YAML int\nPut it into quotes."),
        ("a: " + "9" * 5000, "2: a: this is not a YAML int\nPut it into quotes."),
        ("? [a]\n: b", "2: a list or mapping stands where a key should be\nPut the key into quotes."),
        ("?\n: b", "2: a colon has no key before it\nWrite the key, or quote the text."),
        (
            "a: é\x1b",
            '2: the character U+001B may not stand in a YAML file\n'
            'Remove it, or write it as an escape in double quotes, e.g. "\\x1b".',
        ),
        (
            "a: " + "[" * 100_000,
            "2: more than 100 mappings and lists stand inside each other\nIs it the right file?",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_with_yaml(failure: Fails, body: str, message: str) -> None:
    assert failure(HEAD + body + "\n") == f"d.yaml:{message}"


def test_aliases_cannot_blow_up(failure: Fails) -> None:
    values = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
    keys = "b0: &b0 {k: 1}\n"
    for n in range(1, 10):
        values += f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n"
        keys += f"b{n}: &b{n} {{<<: [{', '.join([f'*b{n - 1}'] * 9)}]}}\n"
    for text in (values, keys):
        assert failure(HEAD + text).endswith("this file holds more than 200,000 values\nUse fewer YAML aliases.")


def test_a_chain_of_aliases_that_is_too_long(failure: Fails) -> None:
    chain = "a0: &a0 x\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 3000))
    assert failure(HEAD + chain) == "d.yaml: these YAML aliases are nested too deeply"


def test_the_same_key_twice_with_the_same_value_is_a_warning(loaded: Loads) -> None:
    definition = loaded(HEAD + "a:\n  b: {c: 1}\n  b:\n    c: 1\n")
    assert definition.tree["a"] == {"b": {"c": 1}}
    assert definition.warnings == ("d.yaml:4: a.b: the key b is there twice, in lines 3 and 4; with the same value",)
    assert definition.source.lines[("a", "b", "c")] == 5


def test_where_force_may_be_said_it_is_mentioned(loaded: Loads) -> None:
    with pytest.raises(DefinitionError) as caught:
        loaded(HEAD + "a: 1\nb: 2\na: 3\n", lenient=False)
    assert caught.value.hint == "Remove one of them. (The classic tool took line 4; --force does so too.)"


def test_lenient_takes_the_last_of_two_keys_and_its_lines(loaded: Loads) -> None:
    definition = loaded(HEAD + "a: {b: 1, c: {d: 1}}\na:\n  b: 2\n", lenient=True)
    assert definition.tree["a"] == {"b": 2}
    assert definition.warnings == ("d.yaml:3: a: the key a is there twice, in lines 2 and 3; line 3 counts",)
    assert [(path, line) for path, line in definition.source.lines.items() if path[:1] == ("a",)] == [
        (("a",), 3), (("a", "b"), 4),
    ]  # fmt: skip


KEYS = st.text(min_size=1, max_size=8) | st.integers(-9, 99)
TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=25,
)


def marked(value: Any, path: KeyPath, text: list[str], lines: dict[KeyPath, int], indent: str) -> None:
    """Write a tree as block YAML, one key or item a line, and note on which line each key path ended up."""
    entries = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in entries:
        place = (*path, key)
        head = f"{indent}{quoted(key)}:" if isinstance(value, dict) else f"{indent}-"
        text.append(head)
        lines[place] = len(text)
        if isinstance(inner, (dict, list)) and inner:
            if isinstance(value, list):
                lines[place] += 1  # an item that is a block begins where its first line is
            marked(inner, place, text, lines, indent + "  ")
        else:
            text[-1] += " " + quoted(inner)


def quoted(value: Any) -> str:
    """A scalar or an empty collection on one line."""
    return yaml.safe_dump(value, default_style='"' if isinstance(value, str) else None, width=10_000).split("\n")[0]


@given(TREES.filter(lambda value: isinstance(value, (dict, list)) and value))
def test_the_line_of_every_key_is_right(value: Any) -> None:
    text: list[str] = []
    lines: dict[KeyPath, int] = {}
    marked(value, (), text, lines, "")
    read = parse("\n".join(text), "d.yaml")
    assert read.value == value
    assert {path: line for path, line in read.source.lines.items() if path} == lines


@given(TREES)
def test_what_pyyaml_writes_is_read_as_it_was(value: Any) -> None:
    assert parse(yaml.safe_dump(value), "d.yaml").value == value


WORDS = "SenzaInfo: |StackName: a|SenzaComponents:|Parameters:|Type: T|!Ref |!GetAtt |!!int |!!binary |&a|*a|<<: |---\n"
YAML_PIECES = st.sampled_from([*WORDS.split("|"), *" \n\t{}[]:'\"#%,a1~\r\0é|>", "- ", "? ", "{{", "}}", "\u2028"])


@given(
    st.binary(max_size=60) | st.text().map(str.encode) | st.lists(YAML_PIECES).map(lambda bits: "".join(bits).encode())
)
def test_any_file_is_read_or_refused(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory, "d.yaml")
        file.write_bytes(content)
        with contextlib.suppress(DefinitionError):
            load(str(file))


@pytest.mark.parametrize("number", ["0x" + "f" * 20_000, "1" + ":59" * 3000, "-0b" + "1" * 2000])
def test_numbers_that_nothing_can_hold(number: str) -> None:
    with pytest.raises(DefinitionError, match="this is not a YAML int"):
        parse(f"SenzaInfo: {{StackName: {number}}}", "f.yaml")


def test_a_file_that_says_everything_twice() -> None:
    text = "".join(f"key: {number}\n" for number in range(8000))
    with pytest.raises(DefinitionError, match="more than 100 keys are there twice"):
        parse(text, "f.yaml", lenient=True)
