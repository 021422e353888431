"""What programs read: JSON, SARIF 2.1.0 as its schema wants it, GitHub's workflow commands."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from senza.checks.examine import Report
from senza.checks.formats import as_github, as_json, as_sarif, as_text, data_text, property_text, uri
from senza.checks.ignores import Ignored
from senza.checks.model import Finding
from senza.errors import Where

ODD = Finding(
    "SZ101",
    "warning",
    "50 % of: a, b\nand c",
    Where("my app/a,b:c.yaml", ("SenzaComponents", 1, "App"), 7),
    "Do\r\nthis.",
    "App",
    "AppGroup",
    "https://example.org/rule",
)
WHOLE = Finding("SZ001", "error", "this file is empty", Where("empty.yaml"))
LINTED = Finding("E3012", "error", "no number", Where("a.yaml", ("Resources",), 1), link="https://example.org/E3012")
REPORT = Report((ODD, WHOLE, LINTED), (Ignored(ODD, "we like it"),))


def test_text() -> None:
    assert as_text(REPORT, "1").splitlines() == [
        "my app/a,b:c.yaml:7: warning SZ101: 50 % of: a, b",
        "and c",
        "  SenzaComponents[1].App",
        "  Do",
        "  this.",
        "  https://example.org/rule",
        "empty.yaml: error SZ001: this file is empty",
        "a.yaml:1: error E3012: no number",
        "  Resources",
        "  https://example.org/E3012",
    ]


def test_json_has_native_values() -> None:
    rows = json.loads(as_json(REPORT, "1"))
    assert [row.get("because") for row in rows] == [None, None, None, "we like it"]
    assert (rows[0]["line"], rows[0]["path"], rows[0]["resource"]) == (7, ["SenzaComponents", 1, "App"], "AppGroup")
    assert (rows[1]["line"], rows[1]["path"]) == (None, [])


def test_github_commands_are_escaped() -> None:
    first, second, _ = as_github(REPORT, "1").split("\n")
    assert first == (
        "::warning file=my app/a%2Cb%3Ac.yaml,line=7,title=senza check SZ101"
        "::50 %25 of: a, b%0Aand c%0ASenzaComponents[1].App%0ADo%0D%0Athis."
    )
    assert second == "::error file=empty.yaml,title=senza check SZ001::this file is empty"


@given(st.text())
def test_nothing_ends_a_workflow_command_early(text: str) -> None:
    assert not {"\r", "\n"} & set(data_text(text))
    assert not {"\r", "\n", ":", ","} & set(property_text(text))
    plain = property_text(text)
    for escape, letter in (("%2C", ","), ("%3A", ":"), ("%0A", "\n"), ("%0D", "\r"), ("%25", "%")):
        plain = plain.replace(escape, letter)
    assert plain == text


def test_sarif_has_what_its_schema_requires() -> None:
    """OASIS SARIF 2.1.0, appendix with the JSON schema: required properties, and references that lead somewhere."""
    log = json.loads(as_sarif(REPORT, "1.2"))
    assert set(log) == {"$schema", "version", "runs"}
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    driver = run["tool"]["driver"]
    assert (driver["name"], driver["version"]) == ("senza check", "1.2")
    ids = [rule["id"] for rule in driver["rules"]]
    assert ids == sorted(set(ids))
    for rule in driver["rules"]:
        assert rule["shortDescription"]["text"]
        assert rule["defaultConfiguration"]["level"] in ("error", "warning", "note", "none")
    for result in run["results"]:
        check_result(result, ids)
    places = [result["locations"][0]["physicalLocation"] for result in run["results"]]
    assert [place["region"]["startLine"] for place in places] == [7, 1, 1, 7]
    assert places[0]["artifactLocation"]["uri"] == "my%20app/a%2Cb%3Ac.yaml"
    assert [result.get("suppressions") for result in run["results"]] == [
        *[None] * 3,
        [{"kind": "inSource", "justification": "we like it"}],
    ]


def check_result(result: dict[str, Any], ids: list[str]) -> None:
    assert result["message"]["text"]
    assert ids[result["ruleIndex"]] == result["ruleId"]
    assert result["level"] in ("error", "warning", "note", "none")
    assert all(location["physicalLocation"]["region"]["startLine"] >= 1 for location in result["locations"])


def test_uris() -> None:
    assert uri("a/b c.yaml") == "a/b%20c.yaml"
    assert uri("/a/b c.yaml") == "file:///a/b%20c.yaml"
    assert uri("https://example.org/a.yaml") == "https://example.org/a.yaml"


def test_an_empty_report_is_a_document() -> None:
    assert json.loads(as_json(Report(()), "1")) == []
    assert json.loads(as_sarif(Report(()), "1"))["runs"][0]["results"] == []
    assert (as_text(Report(()), "1"), as_github(Report(()), "1")) == ("", "")
