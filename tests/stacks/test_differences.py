"""Differences are what is different, folded only where nothing but the version is, and without secrets."""

from __future__ import annotations

import base64
import json
from html import escape
from typing import Any
from urllib.parse import quote, urlencode

import pytest
import yaml
from hypothesis import assume, example, given
from hypothesis import strategies as st

from senza.stacks.change_sets import ChangeSet, Detail, ResourceChange
from senza.stacks.comparison import MISSING, Difference, Side
from senza.stacks.differences import compare, differences, effective
from senza.stacks.hiding import DISTINCT
from senza.stacks.summaries import parsed

LEAVES = st.none() | st.booleans() | st.integers(0, 9) | st.text("ab1", max_size=4)
TREES = st.recursive(
    LEAVES, lambda node: st.lists(node, max_size=3) | st.dictionaries(st.text("abc", min_size=1), node, max_size=3)
)


def side(properties: Any, version: str = "1", **more: Any) -> Side:
    resources = {"App": {"Type": "AWS::SQS::Queue", "Properties": properties}}
    values = {"parameters": {}, "tags": {}} | {key: more.pop(key) for key in ("parameters", "tags") if key in more}
    return Side({"Resources": resources, **more}, name="shop", version=version, **values)


@given(TREES)
def test_a_tree_does_not_differ_from_itself(tree: Any) -> None:
    assert list(differences(tree, tree)) == []
    assert not compare(side(tree), side(tree, "2")).different


@given(TREES, TREES)
def test_both_directions_find_the_same_places(left: Any, right: Any) -> None:
    there = [(one.path, one.old, one.new) for one in differences(left, right)]
    back = [(one.path, one.new, one.old) for one in differences(right, left)]
    assert there == back


@pytest.mark.parametrize(
    ("old", "new", "folded"),
    [
        ("shop-1", "shop-2", True),
        ("http://shop-1.example.org/", "http://shop-2.example.org/", True),
        ("a\napplication_version: '1'\nb", "a\napplication_version: '2'\nb", True),
        ({"StackVersion": "1"}, {"StackVersion": "2"}, True),
        ("1", "2", False),
        ("shop-11", "shop-21", False),
        ("image: app:1", "image: app:2", False),
        ("a\nimage_version: 1\nb", "a\nimage_version: 2\nb", False),
    ],
)
def test_only_what_names_the_version_is_folded(old: Any, new: Any, folded: bool) -> None:
    found = compare(side({"Text": old}), side({"Text": new}, "2"))
    assert (found.different, found.folded) == (not folded, int(folded))
    assert compare(side({"Text": old}), side({"Text": new}, "2"), fold=False).different
    assert compare(side({"Text": old}), side({"Text": new})).different


def test_a_long_version_is_folded_wherever_it_is_a_word() -> None:
    found = compare(side({"Tag": "app:cd871c54"}, "cd871c54"), side({"Tag": "app:ab12cd34"}, "ab12cd34"))
    assert (found.different, found.folded) == (False, 1)


def test_paths_say_where() -> None:
    old = {"Tags": [{"Key": "Team", "Value": "a"}], "Rules": [{"Port": 1}], "Gone": 1}
    new = {"Tags": [{"Key": "Team", "Value": "b"}], "Rules": [{"Port": 1}, {"Port": 2}]}
    found = compare(side(old), side(new)).resources[0].differences
    assert [(one.key_path, one.old, one.new) for one in found] == [
        ("Properties.Gone", 1, MISSING),
        ("Properties.Rules[1]", MISSING, {"Port": 2}),
        ("Properties.Tags[Team]", "a", "b"),
    ]


def test_spelling_is_no_difference() -> None:
    joined = {"Fn::Base64": {"Fn::Join": ["\n", ["a", {"Ref": "B"}]]}}
    assert list(differences({"A": "20", "B": "true", "C": joined}, {"A": 20, "B": True, "C": "a\n${B}"})) == []


def test_secrets_are_hidden_old_ones_too() -> None:
    found = compare(
        side({"One": "pw-former1", "Many": "user: x\npassword: former1\n"}),
        side({"One": "pw-hunter2", "Many": "user: y\npassword: hunter2\n"}),
        secrets={"hunter2"},
    )
    assert found.resources[0].differences == (
        Difference(("Properties", "Many"), "user: x\npassword: ***", "user: y\npassword: ***\n"),
        Difference(("Properties", "One"), "***", "pw-***"),
    )


def spellings(secret: str) -> dict[str, str]:
    """How programs write a text that is part of another one."""
    return {
        "itself": f"https://user:{secret}@db/",
        "yaml": yaml.safe_dump({"environment": {"URL": f"postgres://somebody:{secret}@db.example.org/shop"}}),
        "yaml in double quotes": yaml.safe_dump({"PASSWORD": secret}, default_style='"'),
        "yaml as a block": yaml.safe_dump({"PASSWORD": secret}, default_style="|", allow_unicode=True),
        "json": json.dumps({"password": secret}),
        "json in json": json.dumps(json.dumps({"password": secret}, ensure_ascii=False)),
        "a URL": f"https://db/?password={quote(secret, safe='')}",
        "a form": urlencode({"password": secret, "user": "x"}),
        "HTML": escape(secret),
        "base64": base64.b64encode(f"user:{secret}@".encode()).decode(),
    }


@given(st.text(st.sampled_from("aB7-_/ \n\t'\"\\#:%&<>$+é\xa0☃😀{}[],!"), min_size=20, max_size=90).filter(str.strip))
@example('it\'s 50% "q": #x')
@example("-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkq+/hkiG9w0B\nAQEFAASC=\n-----END PRIVATE KEY-----\n")
def test_a_secret_is_hidden_however_it_is_written(secret: str) -> None:
    assume(len(secret.strip()) >= DISTINCT)
    for how, text in spellings(secret).items():
        (found,) = compare(side({"Text": "-"}), side({"Text": text}), secrets={secret}).resources[0].differences
        assert "***" in found.new, how


FORMER = """\
source: app:1
environment:
  KEY: '-----BEGIN KEY-----

    MIIformer

    -----END KEY-----'
  MOVED: former2
  LEVEL: info
ports: 1
"""


def test_a_former_secret_of_several_lines_is_hidden_as_a_whole() -> None:
    new = "source: app:2\nenvironment:\n  KEY: hunter2\n  RENAMED: x-hunter2\n  LEVEL: debug\nports: 1\n"
    (found,) = compare(side({"Text": FORMER}), side({"Text": new}), secrets={"hunter2"}).resources[0].differences
    assert found.old == "source: app:1\nenvironment:\n  KEY: ***\n  LEVEL: info\nports: 1"
    assert found.new == new.replace("hunter2", "***")


def test_defaults_of_no_echo_parameters_are_hidden() -> None:
    def declared(default: str) -> dict[str, Any]:
        return {"Password": {"Type": "String", "NoEcho": "true", "Default": default}, "Level": {"Default": default}}

    found = compare(side({}, Parameters=declared("former1")), side({}, Parameters=declared("hunter2"))).other
    assert [(one.key_path, one.old, one.new) for one in found] == [
        ("Parameters.Level.Default", "former1", "hunter2"),
        ("Parameters.Password.Default", "***", "***"),
    ]
    for other in (side({}), side({}, Parameters={"Level": {}})):  # the section, or the parameter, comes and goes
        secret = side({}, Parameters={"Password": {"NoEcho": True, "Default": "hunter2"}, "Level": {}})
        shown = [
            str(part)
            for pair in ((other, secret), (secret, other))
            for one in compare(*pair).other
            for part in (one.old, one.new)
        ]
        assert sum("'Default': '***'" in part for part in shown) == 2
        assert "hunter2" not in str(shown)


def test_a_no_echo_parameter_differs_where_cloudformation_says_so() -> None:
    declared = {"Password": {"Type": "String", "NoEcho": True}}
    old = side({}, parameters={"Password": "****"}, Parameters=declared)
    new = side({}, parameters={"Password": "hunter2"}, Parameters=declared)
    assert compare(old, new).unknown == ("Password",)
    stack = parsed({"StackName": "shop-1", "StackId": "x", "StackStatus": "CREATE_COMPLETE", "CreationTime": None})
    for cause in ("Password", "Other"):
        detail = Detail("Properties", "Key", "Never", True, "ParameterReference", cause)
        change_set = ChangeSet(
            "x", stack, (ResourceChange("Modify", "App", "", "AWS::SQS::Queue", "False", (detail,)),)
        )
        found = compare(old, new, change_set=change_set)
        assert [(one.old, one.new) for one in found.parameters] == ([("***", "***")] if cause == "Password" else [])
        assert found.resources[0].because == (cause,)


DOOR = {
    "Type": "AWS::EC2::SecurityGroup",
    "DeletionPolicy": "Retain",
    "Properties": {"GroupDescription": {"Fn::Sub": "pw ${AWS::StackName} hunter2"}, "Rules": [{"Cidr": "::/0"}]},
}


def test_what_is_added_is_shown_with_its_properties() -> None:
    new = side({})
    new = Side({"Resources": {**new.template["Resources"], "Door": DOOR}}, {}, {}, "shop", "1")
    (found,) = compare(side({}), new, secrets={"hunter2"}).resources
    assert (found.logical_id, found.change) == ("Door", "added")
    assert found.differences == (
        Difference(("DeletionPolicy",), MISSING, "Retain"),
        Difference(("Properties", "GroupDescription"), MISSING, "pw ${AWS::StackName} ***"),
        Difference(("Properties", "Rules"), MISSING, [{"Cidr": "::/0"}]),
    )
    nothing = Side({}, {}, {}, "", "1")
    assert [one.differences for one in compare(nothing, new).resources] == [(), ()]  # senza print shows all of it


def test_a_resource_that_its_condition_kept_from_being_made_is_not_deleted() -> None:
    stack = parsed({"StackName": "shop-1", "StackId": "x", "StackStatus": "CREATE_COMPLETE", "CreationTime": None})
    old = side({})
    old = Side({"Resources": {**old.template["Resources"], "Door": DOOR}}, {}, {}, "shop", "1")
    (found,) = compare(old, side({}), change_set=ChangeSet("x", stack, ())).resources
    assert (found.change, found.effect, found.differences) == ("removed", "", ())
    assert found.note == "not there, by its condition"


@pytest.mark.parametrize(("action", "what", "effect"), [("Add", "added", "create"), ("Remove", "removed", "delete")])
def test_what_a_condition_or_a_transform_makes_or_deletes_is_told(action: str, what: str, effect: str) -> None:
    stack = parsed({"StackName": "shop-1", "StackId": "x", "StackStatus": "CREATE_COMPLETE", "CreationTime": None})
    changes = tuple(ResourceChange(action, name, "", "AWS::SQS::Queue") for name in ("App", "Made"))
    app, made = compare(side({"Size": 1}), side({"Size": 1}), change_set=ChangeSet("x", stack, changes)).resources
    assert (app.logical_id, app.change, app.effect) == ("App", what, effect)
    assert [one.key_path for one in app.differences] == (["Properties.Size"] if what == "added" else [])
    assert (made.logical_id, made.type, made.change, made.effect) == ("Made", "AWS::SQS::Queue", what, effect)


def test_parameters_without_a_form_are_looked_over() -> None:
    odd = side({}, Parameters={"Size": 5, "Other": None})
    assert compare(side({}), odd).unknown == ()
    assert effective(odd.template, {"Size": "1"}) == {"Size": "1"}
