"""Arguments become values, values become text in the tree, and mistakes become one message."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senza.definition import Bound, Definition, Parameter, Source, bind
from senza.errors import DefinitionError, SenzaError, UsageError
from tests.definition.accounts import Account
from tests.definition.conftest import Loads

Binds = Callable[..., Bound]


@pytest.fixture
def bound(loaded: Loads) -> Binds:
    """Load a text and bind it: version 1, region ``eu-central-1``, an account that says what it is asked."""

    def load_and_bind(text: str, *arguments: str, version: str = "1", **more: Any) -> Bound:
        given = {"region": "eu-central-1", "account_info": Account(), **more}
        return bind(loaded(text), version, arguments, **given)

    return load_and_bind


def refusal(bound: Binds, text: str, *arguments: str, **more: Any) -> str:
    with pytest.raises(SenzaError) as caught:
        bound(text, *arguments, **more)
    return str(caught.value)


HELLO = """\
SenzaInfo:
  StackName: hello
  Parameters:
    - ImageVersion: {Description: "the
        image"}
    - Stage: {Default: live, Description: where it runs}
    - Token: {NoEcho: true, Default: hush}
Metadata: {Image: "hello:{{Arguments.ImageVersion}}"}
"""
LISTED = """\
Parameters, in this order or as Name=value:
  ImageVersion  the image
  Stage         where it runs (default: live)
  Token         (default: ****)"""


# -- arguments -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["1.10"], ("1.10", "live", "hush")),
        (["007", "test"], ("007", "test", "hush")),
        (["1", "Token=a=b==", "Stage="], ("1", "", "a=b==")),
        (["Stage=x", "ImageVersion=2"], ("2", "x", "hush")),
    ],
)
def test_positional_arguments_keywords_and_defaults(
    bound: Binds, arguments: list[str], expected: tuple[str, str, str]
) -> None:
    values = bound(HELLO, *arguments).arguments
    assert (values["ImageVersion"], values["Stage"], values["Token"]) == expected
    assert dict(values) == {"ImageVersion": expected[0], "Stage": expected[1], "Token": expected[2], "version": "1",
                            "region": "eu-central-1"}  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], f"d.yaml: no value for the parameter ImageVersion\n{LISTED}"),
        (["1", "2", "3", "4"], f"d.yaml: too many arguments: 4 given, 3 needed at most\n{LISTED}"),
        (["1", "ImageVersion=2"], f"d.yaml: the parameter ImageVersion is given twice\n{LISTED}"),
        (["ImageVersion=2", "x"], f"d.yaml: argument 2 comes after Name=value and has no name of its own\n{LISTED}"),
        (["1", "Stag=x"], f"d.yaml: this definition has no parameter Stag\nDid you mean Stage?\n{LISTED}"),
        (
            ["1", "x", "c2VjcmV0PQ=="],
            "d.yaml: argument 3 has a = in it, and what stands before it is no parameter\n"
            f"If all of it is a value, write Token=VALUE\n{LISTED}",
        ),
    ],
)
def test_arguments_that_do_not_fit(bound: Binds, arguments: list[str], message: str) -> None:
    assert refusal(bound, HELLO, *arguments) == message


def test_a_value_with_an_equals_sign_is_asked_to_have_a_name(bound: Binds) -> None:
    text = "SenzaInfo: {StackName: a, Parameters: [{Key: {}}]}\n"
    assert refusal(bound, text, "c2VjcmV0PQ==") == (
        "d.yaml: this definition has no parameter c2VjcmV0PQ\nIf all of it is a value, write Key=c2VjcmV0PQ==\n"
        "Parameters, in this order or as Name=value:\n  Key"
    )
    assert refusal(bound, "SenzaInfo: {StackName: a}\n", "x") == (
        "d.yaml: too many arguments: 1 given, 0 needed at most\nThis definition has no parameters."
    )


def test_values_of_a_parameter_file(bound: Binds) -> None:
    values = {"ImageVersion": "1.10"}
    assert bound(HELLO, "Stage=x", parameter_values=values).arguments["ImageVersion"] == "1.10"
    assert refusal(bound, HELLO, "2", parameter_values=values) == (
        f"d.yaml: the parameter ImageVersion is given twice\n{LISTED}"
    )
    assert refusal(bound, HELLO, "2", parameter_values={"Stagge": "1"}) == (
        f"d.yaml: the parameter file sets Stagge, which this definition does not have\nDid you mean Stage?\n{LISTED}"
    )


def test_defaults_that_are_no_text_are_written_the_python_way(bound: Binds) -> None:
    text = "SenzaInfo: {StackName: a, Parameters: [{A: {Default: false}}, {B: {Default: 7}}, {C: {Default: 1.10}}]}\n"
    result = bound(
        text + "Metadata: '{{Arguments.A}} {{Arguments.B}} {{Arguments.C}} {{#Arguments.A}}true{{/Arguments.A}}'\n"
    )
    assert result.template["Metadata"] == "False 7 1.1 true"
    assert result.parameters[0] == Parameter("A", {"Default": False})


def test_an_empty_default_that_breaks_its_own_rule_is_a_warning(bound: Binds) -> None:
    result = bound("SenzaInfo: {StackName: x, Parameters: [{N: {Type: Number, Default: ''}}]}")
    assert result.arguments["N"] == ""
    assert [text.partition(": ")[2] for text in result.warnings] == [
        "SenzaInfo.Parameters[0].N: the default '' of the parameter N must be a number; CloudFormation may refuse it"
    ]


def test_defaults_may_use_the_account_and_nothing_else(bound: Binds) -> None:
    text = "SenzaInfo:\n  StackName: a\n  Parameters:\n    - A: {Default: '%s'}\n    - B: {Default: x}\n"
    result = bound(text % "{{AccountInfo.TeamID}}-{{AccountInfo.Region}}")
    assert result.arguments["A"] == "<TeamID>-<Region>"
    assert result.parameters[0].settings == {"Default": "<TeamID>-<Region>"}
    assert refusal(bound, text % "{{Arguments.B}}") == (
        "d.yaml:4: SenzaInfo.Parameters[0].A.Default: in the default of the parameter A: there is nothing called "
        "Arguments.B\nA default may use AccountInfo only. Names begin with AccountInfo. To keep braces of another tool,"
        " begin the text with {{=<% %>=}} and write senza's own tags as <% … %>."
    )


# -- what parameters allow -------------------------------------------------------------------------------------------

AT = "d.yaml:4: SenzaInfo.Parameters[0].P: the value"


@pytest.mark.parametrize(
    ("rules", "value", "message"),
    [
        ("AllowedValues: [a, 2, true]", "2", None),
        ("AllowedValues: [a, 2, true]", "true", None),
        ("AllowedValues: [a, 2, true]", "b", f"{AT} 'b' of the parameter P must be one of: a, 2, true"),
        ("AllowedPattern: '[a-z]+'", "abc", None),
        ("AllowedPattern: '[a-z]+'", "abc1", f"{AT} 'abc1' of the parameter P must match [a-z]+"),
        ("AllowedPattern: '\\w+'", "é", f"{AT} 'é' of the parameter P must match \\w+"),
        (
            "AllowedPattern: '[a-z]+', ConstraintDescription: lower case",
            "A",
            f"{AT} 'A' of the parameter P must match [a-z]+\nP: lower case",
        ),
        ("MinLength: 2", "a", f"{AT} 'a' of the parameter P must be at least 2 characters long"),
        ("MaxLength: '2'", "abc", f"{AT} 'abc' of the parameter P must be at most 2 characters long"),
        ("Type: Number", "1e3", None),
        ("Type: Number", "1x", f"{AT} '1x' of the parameter P must be a number"),
        ("Type: Number, MinValue: 3", "2.5", f"{AT} '2.5' of the parameter P must be at least 3"),
        ("Type: Number, MaxValue: 3", "4", f"{AT} '4' of the parameter P must be at most 3"),
        ("Type: CommaDelimitedList, AllowedValues: [a, b]", "b, a", None),
        (
            "Type: CommaDelimitedList, AllowedValues: [a, b]",
            "a,c",
            f"{AT} 'a,c' of the parameter P must be one of: a, b",
        ),
        ("Type: List<Number>", "1, 2", None),
        ("Type: List<Number>", "1,x", f"{AT} '1,x' of the parameter P must be numbers with commas between them"),
        ("NoEcho: true, MinLength: 9", "hush", f"{AT} of the parameter P must be at least 9 characters long"),
        (
            "Default: xyz, AllowedValues: [a]",
            None,
            "d.yaml:4: SenzaInfo.Parameters[0].P: the default 'xyz' of the parameter P must be one of: a",
        ),
        (
            "MinLength: two",
            "a",
            "d.yaml:4: SenzaInfo.Parameters[0].P: MinLength of the parameter P must be a number",
        ),
        (
            "AllowedValues: a",
            "a",
            "d.yaml:4: SenzaInfo.Parameters[0].P: AllowedValues of the parameter P must be a list of values\n"
            "Write e.g. AllowedValues: [small, large]",
        ),
    ],
)
def test_what_a_parameter_allows(bound: Binds, rules: str, value: str | None, message: str | None) -> None:
    text = f"SenzaInfo:\n  StackName: a\n  Parameters:\n    - P: {{{rules}}}\n"
    arguments = [] if value is None else [f"P={value}"]
    if message is None:
        assert bound(text, *arguments).arguments["P"] == value
    else:
        assert refusal(bound, text, *arguments) == message


@pytest.mark.parametrize("pattern", [r"\p{Alpha}+", "[a-z&&[^b]]+"])
def test_a_pattern_that_only_java_understands_is_left_to_cloudformation(bound: Binds, pattern: str) -> None:
    text = f"SenzaInfo:\n  StackName: a\n  Parameters:\n    - P: {{AllowedPattern: '{pattern}'}}\n"
    assert bound(text, "1").warnings == (
        "d.yaml:4: SenzaInfo.Parameters[0].P: the AllowedPattern of P is not checked here, as it is one that only Java "
        f"understands; CloudFormation checks it: {pattern}",
    )


# -- names -----------------------------------------------------------------------------------------------------------


def test_a_stack_name_may_be_made_from_arguments(bound: Binds) -> None:
    text = (
        "SenzaInfo: {StackName: 'app-{{Arguments.Env}}', Parameters: [{Env: }], Tags: {N: '{{SenzaInfo.StackName}}'}}\n"
    )
    result = bound(text, "live", version="v7")
    assert (result.stack_name, result.version, result.full_name) == ("app-live", "v7", "app-live-v7")
    assert result.info["Tags"] == {"N": "app-live"}
    assert refusal(bound, text, "a_b") == (
        "d.yaml:1: SenzaInfo.StackName: 'app-a_b' cannot be a stack name: it must start with a letter and may hold a-z,"
        " A-Z, 0-9 and dashes only\nChange SenzaInfo.StackName, or the argument that it is made from."
    )


def test_names_and_versions_that_aws_refuses(bound: Binds) -> None:
    assert refusal(bound, HELLO, "1", version="1.0") == (
        "'1.0' cannot be a stack version: it may hold the letters a-z, A-Z and the digits 0-9 only\n"
        "Give a version such as 1, 42 or v3."
    )
    longest = "a" * 126
    assert bound(f"SenzaInfo: {{StackName: {longest}}}\n").full_name == f"{longest}-1"
    assert refusal(bound, f"SenzaInfo: {{StackName: {longest}}}\n", version="12") == (
        f"d.yaml:1: SenzaInfo.StackName: the stack name {longest}-12 has 129 characters; AWS allows 128, version "
        "included\nShorten SenzaInfo.StackName or the version."
    )


# -- what a bound definition is --------------------------------------------------------------------------------------


def test_components_template_and_lines(bound: Binds) -> None:
    text = (
        "SenzaInfo: {StackName: app, Parameters: [{Name: }]}\n"
        "SenzaComponents:\n  - '{{Arguments.Name}}Server':\n      Type: Senza::AutoScalingGroup\n"
        "      Ports: {8080: 1}\n"
        "Resources:\n  'X{{Arguments.Name}}':\n    Type: T\n"
    )
    result = bound(text, "My")
    (component,) = result.components
    assert (component.name, component.type) == ("MyServer", "Senza::AutoScalingGroup")
    assert component.settings == {"Ports": {8080: 1}}
    assert component.path == ("SenzaComponents", 0, "MyServer")
    assert result.template == {"Resources": {"XMy": {"Type": "T"}}}
    assert str(result.source.where(*component.path, "Ports")) == "d.yaml:5: SenzaComponents[0].MyServer.Ports"
    assert str(result.source.where("Resources", "XMy", "Type")) == "d.yaml:8: Resources.XMy.Type"


def test_the_region_is_found_out_only_when_it_is_needed(loaded: Loads) -> None:
    asked = []

    def region() -> str:
        asked.append(1)
        return "eu-west-1"

    plain = bind(loaded("SenzaInfo: {StackName: a}\n"), "1", [], region=region, account_info=Account())
    assert asked == []
    assert plain.arguments["region"] == "eu-west-1"
    text = "SenzaInfo: {StackName: a}\nA: '{{Arguments.region}} {{Arguments.region}}'\n"
    used = bind(loaded(text), "1", [], region=region, account_info=Account())
    assert used.template == {"A": "eu-west-1 eu-west-1"}
    assert len(asked) == 2


def test_no_echo_values_are_never_shown(bound: Binds) -> None:
    result = bound(HELLO, "1", "x", "s3cr3t")
    assert "s3cr3t" not in repr(result)
    assert result.warnings == ()


def test_a_no_echo_value_in_the_template_is_a_warning(bound: Binds) -> None:
    uses = "A: '{{#Arguments.Token}}{{.}}{{/Arguments.Token}}'\nB: '{{^Arguments.Token}}none{{/Arguments.Token}}'\n"
    assert bound(HELLO + uses, "1").warnings == (
        "d.yaml:9: A: {{Arguments.Token}} writes a NoEcho value in clear text into the template; refer to the "
        "parameter instead: {Ref: Token}",
    )


def test_warnings_of_loading_are_kept(bound: Binds) -> None:
    (warning,) = bound("SenzaInfo: {StackName: a}\nA: 1\nA: 1\n").warnings
    assert warning == "d.yaml:3: A: the key A is there twice, in lines 2 and 3; with the same value"


# -- properties ------------------------------------------------------------------------------------------------------

ARGUMENTS = st.lists(
    st.text(max_size=12) | st.sampled_from(["A", "A=1", "B=", "=", "A==", "B=x=y", "C=1", "{{Arguments.A}}", "1.10"]),
    max_size=5,
)
RULES: dict[str, Any] = {"B": {"Default": "{{AccountInfo.VpcID}}", "AllowedPattern": "[a-z<>VpcID]*"}, "A": {}}


@given(ARGUMENTS, st.text(max_size=4))
def test_any_arguments_are_bound_or_refused(arguments: Sequence[str], version: str) -> None:
    parameters = tuple(Parameter(name, rules) for name, rules in RULES.items())
    info = {"StackName": "a{{Arguments.A}}", "Parameters": [{name: rules} for name, rules in RULES.items()]}
    definition = Definition({"SenzaInfo": info}, parameters, Source("d.yaml"))
    try:
        result = bind(definition, version, arguments, region="r", account_info=Account())
    except (UsageError, DefinitionError):
        return
    assert set(result.arguments) == {"A", "B", "region", "version"}
    assert result.full_name == f"a{result.arguments['A']}-{version}"
