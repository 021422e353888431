"""Exports of stacks: unique, imported, and kept as long as they are."""

from __future__ import annotations

import json
from typing import Any

import pytest

from senza.errors import AwsError
from senza.sandbox.world import Failure
from tests.sandbox.stacks import Stacks, topic

KEPT = "Delete canceled. Cannot delete export base-name as it is in use by user."


def exporting(name: str = "shared", export: str = "base-name", **more: Any) -> dict[str, Any]:
    """Resources and outputs of a stack that exports the name of a topic."""
    output = {"Name": {"Value": {"Fn::GetAtt": ["Topic", "TopicName"]}, "Export": {"Name": export}}}
    return {"resources": {"Topic": topic(TopicName=name, **more)}, "Outputs": output}


def importing(export: str = "base-name") -> dict[str, Any]:
    return {"Topic": topic(DisplayName={"Fn::ImportValue": export})}


def importers(stacks: Stacks, export: str = "base-name") -> list[str]:
    found: list[str] = stacks.call("list_imports", ExportName=export)["Imports"]
    return found


@pytest.fixture
def base(stacks: Stacks) -> Stacks:
    """A stack that exports, and one that imports."""
    stacks.create("base", **exporting())
    stacks.create("user", importing())
    return stacks


def test_importers_are_listed(base: Stacks) -> None:
    assert importers(base) == ["user"]
    base.delete("user")
    with pytest.raises(AwsError, match="'base-name' is not imported by any stack"):
        importers(base)
    with pytest.raises(AwsError, match="not imported"):
        importers(base, "unknown")


def test_a_stack_whose_export_is_imported_stays_as_it_was(base: Stacks) -> None:
    base.delete("base")
    assert base.status("base") == "CREATE_COMPLETE"
    assert base.events("base")[-1] == f"base CREATE_COMPLETE: {KEPT}"
    assert "Topic DELETE_IN_PROGRESS" not in base.events("base")
    base.delete("user")
    base.delete("base")
    with pytest.raises(AwsError, match="does not exist"):
        base.describe("base")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (exporting("other"), "Export base-name cannot be updated as it is in use by user."),
        (exporting(export="new-name"), "Export base-name cannot be deleted as it is in use by user."),
    ],
)
def test_an_update_that_takes_away_what_is_imported_is_rolled_back(
    base: Stacks, given: dict[str, Any], said: str
) -> None:
    base.update("base", **given)
    assert base.status("base") == "UPDATE_ROLLBACK_COMPLETE"
    assert f"base UPDATE_ROLLBACK_IN_PROGRESS: {said}" in base.events("base")
    assert (
        base.describe("base")["Outputs"][0] | {"OutputValue": "shared", "ExportName": "base-name"}
        == (base.describe("base")["Outputs"][0])
    )


def test_an_update_that_keeps_the_export_is_fine(base: Stacks) -> None:
    base.update("base", **exporting(DisplayName="nicer"))
    assert base.status("base") == "UPDATE_COMPLETE"


def test_a_name_is_exported_once(base: Stacks) -> None:
    base.create("second", **exporting("another"))
    assert base.status("second") == "ROLLBACK_COMPLETE"
    said = "Export with name base-name is already exported by stack base. Rollback requested by user."
    assert f"second ROLLBACK_IN_PROGRESS: {said}" in base.events("second")
    exports = base.call("list_exports")["Exports"]
    assert [(one["Name"], one["Value"]) for one in exports] == [("base-name", "shared")]


def test_an_import_that_nobody_exports_makes_nothing(base: Stacks) -> None:
    base.create("lost", importing("none"))
    said = "No export named none found. Rollback requested by user."
    assert base.status("lost") == "ROLLBACK_COMPLETE"
    assert base.events("lost")[1] == f"lost ROLLBACK_IN_PROGRESS: {said}"
    base.update("user", importing("none"))
    assert base.status("user") == "UPDATE_ROLLBACK_COMPLETE"
    assert importers(base) == ["user"]


def test_a_change_set_with_such_an_import_fails(base: Stacks) -> None:
    given = {"StackName": "user", "ChangeSetName": "review"}
    base.call("create_change_set", TemplateBody=json.dumps({"Resources": importing("none")}), **given)
    found = base.call("describe_change_set", **given)
    assert (found["Status"], found["StatusReason"]) == ("FAILED", "No export named none found.")


def test_a_failed_stack_imports_nothing(base: Stacks) -> None:
    base.delete("user")
    base.sandbox.settings.failures = [Failure("second", "Topic")]
    base.create("second", importing())
    assert base.status("second") == "ROLLBACK_COMPLETE"
    base.delete("base")
    with pytest.raises(AwsError, match="does not exist"):
        base.describe("base")
