"""Mustache over the tree: what comes in as a value comes out as that text, and nothing else changes."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senza.definition import Definition, Parameter, Source, bind, mustache
from senza.errors import AwsError, DefinitionError
from tests.definition.accounts import Account
from tests.definition.conftest import Loads

KEEP = "To keep braces of another tool, begin the text with {{=<% %>=}} and write senza's own tags as <% … %>."
ONE_TEXT = (
    "A section begins and ends inside one value: write all of it there. "
    "To choose between whole values, use Conditions and Fn::If."
)
INFO = {
    "StackName": "app",
    "Parameters": [{"X": {}}, {"Empty": {"Default": ""}}],
    "Numbers": [1, 2],
    "Texts": ["a", "b"],
    "Users": [{"Name": "ann"}, {"Name": "bob"}],
    "Flag": False,
    "Nothing": None,
    "Deep": {"Er": {"Still": "here"}},
    "Later": "{{SenzaInfo.Sooner}}!",
    "Sooner": "{{SenzaInfo.StackName}}-{{SenzaInfo.StackVersion}}",
}


def rendered(tree: dict[str, Any], x: str = "x", account: object = None, **info: Any) -> dict[str, Any]:
    """The template of a definition with these keys, one parameter ``X`` and the above SenzaInfo."""
    parameters = (Parameter("X", {}), Parameter("Empty", {"Default": ""}))
    definition = Definition({"SenzaInfo": {**INFO, **info}, **tree}, parameters, Source("d.yaml"))
    return dict(bind(definition, "1", [x], region="eu-central-1", account_info=account or Account()).template)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a{{Arguments.X}}b", "axb"),
        ("{{ Arguments.X }} {{{Arguments.X}}} {{& Arguments.X }}", "x x x"),
        ("{{Arguments.region}} {{Arguments.version}} {{SenzaInfo.StackVersion}}", "eu-central-1 1 1"),
        ("{{AccountInfo.TeamID}} {{AccountInfo.VpcID}}", "<TeamID> <VpcID>"),
        ("{{SenzaInfo.Later}} {{SenzaInfo.Deep.Er.Still}}", "app-1! here"),
        ("{{SenzaInfo.Flag}} {{SenzaInfo.Nothing}} {{SenzaInfo.Numbers}}", "False None [1, 2]"),
        ("{{#Arguments.X}}yes{{/Arguments.X}}{{^Arguments.X}}no{{/Arguments.X}}", "yes"),
        ("{{#Arguments.Empty}}yes{{/Arguments.Empty}}{{^Arguments.Empty}}no{{/Arguments.Empty}}", "no"),
        ("{{#SenzaInfo.Texts}}[{{.}}]{{/SenzaInfo.Texts}}", "[a][b]"),
        ("{{#SenzaInfo.Users}}{{Name}}@{{Arguments.X}} {{/SenzaInfo.Users}}", "ann@x bob@x "),
        ("{{#Arguments}}{{X}}{{/Arguments}}{{#AccountInfo}}{{Domain}}{{/AccountInfo}}", "x<Domain>"),
        ("a{{! a {{ comment }}b", "ab"),
        ("{{=<% %>=}}<%Arguments.X%> {{.State}} <%={{ }}=%>{{Arguments.X}}", "x {{.State}} x"),
        ("{{resolve:ssm:/a.b/c:1}}", "{{resolve:ssm:/a.b/c:1}}"),
        ("{{Arguments.X}} {{resolve:secretsmanager:{{Arguments.X}}:SecretString:p}}",
         "x {{resolve:secretsmanager:x:SecretString:p}}"),
        ("{ {{Arguments.X}} } {{}} {{ b", "{ x } {{}} {{ b"),
        ("{\"a\":{\"b\":{{Arguments.X}}}}", "{\"a\":{\"b\":x}}"),
        # as in the classic tool's output, the line of a section tag stays, empty
        ("#!/bin/sh\n{{#Arguments.X}}\necho\n{{/Arguments.X}}\ndone\n", "#!/bin/sh\n\necho\n\ndone\n"),
    ],
)  # fmt: skip
def test_what_tags_become(text: str, expected: str) -> None:
    assert rendered({"A": text}) == {"A": expected}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{{Arguments.Y}}", "there is no Arguments.Y\nArguments has: X, Empty, version, region."),
        (
            "{{#Arguments.empty}}{{/Arguments.empty}}",
            "there is no Arguments.empty\nDid you mean {{Arguments.Empty}}? Arguments has: X, Empty, version, region.",
        ),
        ("{{^Arguments.Y}}{{/Arguments.Y}}", "there is no Arguments.Y\nArguments has: X, Empty, version, region."),
        (
            "{{Empty}}",
            "there is nothing called Empty\nDid you mean {{Arguments.Empty}}? "
            f"Names begin with AccountInfo, Arguments, SenzaComponents, SenzaInfo. {KEEP}",
        ),
        (
            "{{AccountInfo.__class__}}",
            "there is no AccountInfo.__class__\n"
            "AccountInfo has: Region, AccountAlias, AccountID, TeamID, Domain, MintBucket, VpcID.",
        ),
        (
            "{{AccountInfo.secret}}",
            "there is no AccountInfo.secret\n"
            "AccountInfo has: Region, AccountAlias, AccountID, TeamID, Domain, MintBucket, VpcID.",
        ),
        ("{{Arguments.X.upper}}", "there is no Arguments.X.upper\nArguments.X has no names in it."),
        (
            "{{Arguments . X}}",
            "{{Arguments . X}} is not a name that Mustache knows\nWrite it without spaces around the dot: Arguments.X",
        ),
        ("{{.State}}", f"{{{{.State}}}} is not a name that Mustache knows\n{KEEP}"),
        ("{{.}}", f"{{{{.}}}} stands outside of a section, where it means nothing\n{KEEP}"),
        ("{{> /etc/passwd}}", f"{{{{> /etc/passwd}}}}: there are no partials, a definition is one file\n{KEEP}"),
        ("{{Arguments.X", "the tag {{Arguments.X is never closed\nEnd it with }}"),
        ("{{{Arguments.X}}", "the tag {{{Arguments.X}} is never closed\nEnd it with }}}"),
        (
            "{{#Arguments.X}}a",
            f"the section {{{{#Arguments.X}}}} is opened and not closed in this text\n{ONE_TEXT}",
        ),
        ("a{{/Arguments.X}}", f"{{{{/Arguments.X}}}} closes a section that is not opened in this text\n{ONE_TEXT}"),
        (
            "{{#Arguments.X}}{{^SenzaInfo.Flag}}{{/Arguments.X}}{{/SenzaInfo.Flag}}",
            f"{{{{/Arguments.X}}}} closes another section than the one that is open\n{ONE_TEXT}",
        ),
        ("{{=<%=}}", "{{=<%=}} does not set two delimiters\nWrite it like {{=<% %>=}}"),
        (
            "{{SenzaInfo.Deep}}",
            "a mapping cannot be written into a text\nName one entry of it: {{Name.Entry}}",
        ),
        ("{{Arguments}}", "a mapping cannot be written into a text\nName one entry of it: {{Name.Entry}}"),
        (
            "{{SenzaInfo.Texts}}",
            "a list cannot be written into a text\nWrite a section, which repeats: {{#Name}}{{.}} {{/Name}}",
        ),
    ],
)
def test_tags_that_mean_nothing(loaded: Loads, text: str, message: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        rendered({"A": [{"B": text}]})
    assert str(caught.value) == f"d.yaml: A[0].B: {message}"


def test_the_place_of_a_bad_tag_is_its_line(loaded: Loads) -> None:
    definition = loaded("SenzaInfo: {StackName: a}\nA:\n  - b\n  - 'x: {{SenzaInfo.StackNam}}'\n")
    with pytest.raises(DefinitionError) as caught:
        bind(definition, "1", [], region="r", account_info=Account())
    assert str(caught.value).splitlines()[0] == "d.yaml:4: A[1]: there is no SenzaInfo.StackNam"


def test_senza_info_that_goes_round_in_circles() -> None:
    with pytest.raises(DefinitionError) as caught:
        rendered({}, Sooner="{{SenzaInfo.Later}}")
    assert str(caught.value) == (
        "d.yaml: SenzaInfo.Later: SenzaInfo.Later needs its own value to be rendered\n"
        "Remove the tag that leads back to it."
    )


def test_keys_are_rendered_and_may_not_collide() -> None:
    assert rendered({"A-{{Arguments.X}}": {"{{Arguments.X}}": 1, 8080: 2}}) == {"A-x": {"x": 1, 8080: 2}}
    with pytest.raises(DefinitionError) as caught:
        rendered({"A": {"{{Arguments.X}}": 1, "x": 2}})
    assert str(caught.value) == (
        "d.yaml: A.x: with these arguments the key x is there twice\nMake the keys differ for all arguments."
    )


def test_account_facts_are_looked_up_when_a_tag_that_counts_asks_for_them() -> None:
    account = Account()
    rendered({"A": "{{^Arguments.X}}{{AccountInfo.VpcID}}{{/Arguments.X}}"}, account=account)
    assert account.asked == []
    rendered({"A": "{{AccountInfo.Domain}}"}, account=account)
    assert account.asked == ["Domain"]


def test_what_a_lookup_raises_is_passed_on() -> None:
    class Closed:
        @property
        def VpcID(self) -> str:
            raise AwsError("no", code="AccessDenied", service="ec2", operation="DescribeVpcs")

    with pytest.raises(AwsError):
        rendered({"A": "{{AccountInfo.VpcID}}"}, account=Closed())


def test_components_are_seen_as_they_stand_in_the_file() -> None:
    tree = {"SenzaComponents": [{"A": {"Type": "T", "V": "{{Arguments.X}}"}}]}
    text = "{{#SenzaComponents}}{{A.Type}} {{A.V}}{{/SenzaComponents}}"
    assert rendered({**tree, "B": text}) == {"B": "T {{Arguments.X}}"}


# -- properties ------------------------------------------------------------------------------------------------------

VALUES = st.text() | st.sampled_from(
    ["", "1.10", "007", "yes", "null", "~", "a: b", "a #b", "'", '"', "&a", "<b>", "*", "!Ref x", "{{", "}}", "{{{x}}}",
     "{{Arguments.X}}", "{{#Arguments.X}}", "{{=<% %>=}}", "\n- x", "a\nb: c", "\x00", "\x1b[1m", "\u2028", "\ud800",
     "{{resolve:ssm:/x}}", "\x000", "%s", "\\"]
)  # fmt: skip
PIECES: dict[Any, Any] = {
    "Scalar": "{{Arguments.X}}",
    "Inside": "before: {{ Arguments.X }} #after {{resolve:ssm:/a}} {{{Arguments.X}}}",
    "Section": "{{#Arguments.X}}<{{Arguments.X}}>{{/Arguments.X}}{{^Arguments.X}}<>{{/Arguments.X}}",
    "Changed": "{{=[ ]=}}[Arguments.X]{{x}}",
    "Through": "{{SenzaInfo.Passed}}",
    "Tags": [{"Key": "k", "Value": "{{Arguments.X}}"}, {"Ref": "{{Arguments.X}}"}],
    "Keys": {"k{{Arguments.X}}": {"Fn::Sub": "{{Arguments.X}}"}},
    8080: 8080,
}


@given(VALUES)
def test_a_value_arrives_verbatim_and_changes_nothing_else(x: str) -> None:
    assert rendered({"A": PIECES}, x.replace("=", "-"), Passed="{{Arguments.X}}") == {
        "A": expected(x.replace("=", "-"))
    }


def expected(x: str) -> dict[Any, Any]:
    return {
        "Scalar": x,
        "Inside": f"before: {x} #after {{{{resolve:ssm:/a}}}} {x}",
        "Section": f"<{x}>",
        "Changed": f"{x}{{{{x}}}}",
        "Through": x,
        "Tags": [{"Key": "k", "Value": x}, {"Ref": x}],
        "Keys": {f"k{x}": {"Fn::Sub": x}},
        8080: 8080,
    }


@given(st.text().filter(lambda text: "{{" not in text))
def test_a_text_without_tags_is_left_alone(text: str) -> None:
    assert rendered({"A": {"B": text}})["A"]["B"] == text


TAG_WORDS = (
    "{{ }} Arguments Arguments.X SenzaInfo.Texts resolve: <% %> {{#Arguments.X}} {{/Arguments.X}} {{=<%_%>=}} text"
)
TAGS = st.lists(st.sampled_from([*TAG_WORDS.replace("_", "\n").split(" "), *"{}#/^&!>= .\n\0"]), max_size=12)


@given(TAGS.map("".join))
def test_any_text_is_rendered_or_refused(text: str) -> None:
    try:
        result = rendered({"A": text})["A"]
    except DefinitionError:
        return
    assert isinstance(result, str)


@pytest.mark.parametrize("inner", ["x", "", "{{.}}", "{{^Many}}{{/Many}}"])
def test_sections_inside_sections_end_in_bearable_time(inner: str) -> None:
    text = "{{#Many}}" * 6 + inner + "{{/Many}}" * 6
    with pytest.raises(mustache.MustacheFault, match="repeat it too often"):
        mustache.render(text, {"Many": ["1"] * 100})
