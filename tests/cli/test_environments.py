"""``-e``: the account, region and parameters of an environment; and the commands that know of all of them."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from senza.aws import Aws, Way
from senza.cli.compiling import Request
from senza.cli.context import Context
from senza.cli.entering import ask_code, enter, session_name
from senza.cli.main import cli
from senza.errors import Refused, UsageError
from senza.sandbox.embedded import EmbeddedSandbox
from senza.sandbox.load.settings import Load
from tests.cli.conftest import HELLO_WORLD
from tests.conftest import FakeClock

SENZA_YAML = """\
environments:
  staging:
    account: "111111111111"
    region: eu-central-1
    profile: acme-staging
    parameters: {ImageVersion: 0.1, MinSize: 1}
  live:
    account: "222222222222"
    region: eu-west-1
    role: arn:aws:iam::222222222222:role/deploy
  wrong:
    account: "123456789012"
    region: eu-central-1
"""
ENTER = ["sts:AssumeRole", "sts:GetCallerIdentity"]


class Run:
    """Commands in a repository with that senza.yaml and the hello-world definition (``DEF``)."""

    def __init__(self, aws: Aws, clock: FakeClock, sandbox: EmbeddedSandbox) -> None:
        self.aws, self.clock, self.sandbox = aws, clock, sandbox
        self.environ: dict[str, str] = {}

    def context(self) -> Context:
        return Context(self.aws, clock=self.clock, environ=self.environ, interactive=False)

    def __call__(self, command: str, *words: str, exit_code: int = 0) -> Result:
        arguments = ["hello-world.yaml" if word == "DEF" else word for word in command.split()]
        result = CliRunner().invoke(cli, [*arguments, *words], obj=self.context())
        assert result.exit_code == exit_code, f"{command}: {result.output}"
        return result

    def calls(self, command: str, **settings: int) -> list[str]:
        before = len(self.sandbox.log)
        self(command, **settings)
        return [str(call) for call in self.sandbox.log[before:]]


@pytest.fixture
def run(aws: Aws, clock: FakeClock, sandbox: EmbeddedSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    (tmp_path / "senza.yaml").write_text(SENZA_YAML)
    (tmp_path / "hello-world.yaml").write_text(Path(HELLO_WORLD).read_text())
    monkeypatch.chdir(tmp_path)
    return Run(aws, clock, sandbox)


def test_each_environment_has_its_own_stacks_and_load(run: Run) -> None:
    run("-e staging create DEF 1")
    run("create DEF 1 0.2 -e live")
    for name, image in {"staging": "0.1", "live": "0.2"}.items():
        (stack,) = json.loads(run(f"list -e {name} -o json").stdout)
        assert (stack["stack_name"], stack["description"]) == ("hello-world", f"Hello World (ImageVersion: {image})")
    assert json.loads(run("list -o json").stdout) == []
    run.sandbox.load("hello-world", Load(600))
    run.sandbox.advance(120)
    for name in ("staging", "live"):
        metrics = run.context().in_environment(name).aws().call("cloudwatch", "list_metrics", Namespace="AWS/ELB")
        assert "RequestCount" in {metric["MetricName"] for metric in metrics["Metrics"]}
    run("--environment live delete hello-world 1")
    assert json.loads(run("list -e live -o json").stdout) == []
    assert len(json.loads(run("list -e staging -o json").stdout)) == 1


def test_what_an_environment_costs(run: Run) -> None:
    """The guard is one call, and each role one; the sandbox needs a role to tell its accounts apart."""
    assert run.calls("list -e staging") == [*ENTER, "cloudformation:ListStacks"]
    assert run.calls("list -e live") == [*ENTER, "cloudformation:ListStacks"]
    assert run.calls("list") == ["cloudformation:ListStacks"]
    plain, entered = Counter(run.calls("print DEF 1 0.1")), Counter(run.calls("print DEF 1 -e staging"))
    assert entered - plain == Counter(ENTER)
    assert plain - entered == Counter()


def test_the_environment_of_the_shell(run: Run) -> None:
    run.environ = {"SENZA_ENVIRONMENT": "staging"}
    result = run("print DEF 1")
    assert "Environment staging (SENZA_ENVIRONMENT), account 111111111111.\n" in result.stderr
    assert "stups/hello-world:0.1" in result.stdout
    assert run.calls("list -e live")[1:] == ["sts:GetCallerIdentity", "cloudformation:ListStacks"]
    assert "SENZA_ENVIRONMENT" not in run("list -e live").stderr
    run.environ = {"SENZA_ENVIRONMENT": ""}
    assert run.calls("list") == ["cloudformation:ListStacks"]


def test_the_command_line_goes_before_the_file_and_that_before_the_environment(run: Run) -> None:
    def version(environment: str, *parameters: str, file: str | None = None) -> str:
        request = Request("hello-world.yaml", "1", parameters, file, force=False)
        return request.bind(run.context().in_environment(environment)).arguments["ImageVersion"]

    Path("given.yaml").write_text("ImageVersion: 0.3")
    assert version("staging") == "0.1"
    assert version("staging", "0.2") == "0.2"
    assert version("staging", "ImageVersion=0.2") == "0.2"
    assert version("staging", file="given.yaml") == "0.3"
    with pytest.raises(UsageError, match="no value for the parameter ImageVersion"):
        version("live")
    definition = Path("hello-world.yaml").read_text()
    rule = "AllowedPattern: '0[.][2-9]'"
    Path("hello-world.yaml").write_text(definition.replace('Description: "Docker image version of Hello World."', rule))
    with pytest.raises(UsageError) as raised:
        version("staging")
    place = f"environment staging ({Path.cwd() / 'senza.yaml'}:2: environments.staging)"
    assert raised.value.hint.startswith(f"The value comes from {place}.")
    with pytest.raises(UsageError) as raised:
        version("staging", "1.0")
    assert "The value comes from" not in raised.value.hint
    assert run.sandbox.log == []


def test_check_takes_the_parameters_too_and_stays_offline(run: Run) -> None:
    definition = Path("hello-world.yaml").read_text()
    Path("hello-world.yaml").write_text(
        definition.replace('Description: "Docker image version of Hello World."', "AllowedPattern: '0[.].*'")
    )
    assert run.calls("check DEF -e staging --no-lint") == []
    Path("senza.yaml").write_text(SENZA_YAML.replace("ImageVersion: 0.1", "ImageVersion: latest"))
    assert "latest" in run("check DEF -e staging --no-lint", exit_code=2).stderr


def test_names_that_are_nearly_right_and_secrets_in_clear_text(run: Run) -> None:
    Path("senza.yaml").write_text(SENZA_YAML.replace("ImageVersion: 0.1", "ImageVerson: 0.1, Password: geheim"))
    Path("hello-world.yaml").write_text(
        Path("hello-world.yaml")
        .read_text()
        .replace("  Parameters:\n", "  Parameters:\n    - Password: {NoEcho: true, Default: x}\n")
    )
    result = run("print DEF 1 ImageVersion=0.1 -e staging")
    place = f"{Path.cwd() / 'senza.yaml'}:2: environments.staging"
    assert [line for line in result.stderr.splitlines() if "senza.yaml" in line] == [
        f"Warning: {place}: the parameter ImageVerson is not one of this definition. Is ImageVersion meant?",
        f"Warning: {place}: the secret parameter Password stands in clear text where everybody can read it",
    ]
    assert "geheim" not in result.output


def test_the_file_beside_the_definition_counts(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = tmp_path / "here"
    here.mkdir()
    (here / "senza.yaml").write_text("environments: {staging: {account: '333333333333', region: eu-west-1}}")
    monkeypatch.chdir(here)
    definition = str(tmp_path / "hello-world.yaml")
    assert "hello-world:0.1" in run("print -e staging", definition, "1").stdout
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "app.yaml").write_text(Path(definition).read_text())
    assert "no value" in run("print -e staging", str(elsewhere / "app.yaml"), "1", exit_code=2).stderr


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("list -e liv", "there is no environment 'liv' in"),
        ("events -e all", "one environment is needed here, and all means each of them"),
        ("list -e live --region us-east-1", "environment live is in eu-west-1, and --region says us-east-1"),
    ],
)
def test_what_cannot_be_meant(run: Run, command: str, said: str) -> None:
    assert said in run(command, exit_code=2).stderr
    assert run.sandbox.log == []


def test_where_the_environment_has_no_region_that_of_the_surroundings_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "senza.yaml").write_text(
        "environments:\n  any: {account: '111111111111', profile: nobodys}\n"
        "  here: {account: '111111111111', profile: nobodys, region: eu-west-1}\n"
    )
    for name, region in (("any", "eu-north-1"), ("here", "eu-west-1")):
        context = Context(environ={"AWS_REGION": "eu-north-1", "SENZA_ENVIRONMENT": name})
        assert context.aws().region == region


def test_the_region_of_the_environment_may_be_said_again(run: Run) -> None:
    assert run.calls("list -e live --region eu-west-1") == [*ENTER, "cloudformation:ListStacks"]


def test_no_file(run: Run) -> None:
    Path("senza.yaml").unlink()
    result = run("list -e live", exit_code=2)
    assert result.stderr == (
        "Error: there is no senza.yaml that says which environments there are\n"
        "Write one beside the definitions or at the root of their repository: docs/environments.md.\n"
    )
    assert run("list").exit_code == 0
    Path("senza.yaml").write_text("SenzaInfo: {StackName: app}")
    result = run("list -e live", exit_code=2)
    assert "The senza.yaml in this directory is a definition. Give that another name.\n" in result.stderr


def test_a_file_that_is_wrong_is_in_the_way_of_environments_only(run: Run) -> None:
    Path("senza.yaml").write_text("environments: {live: {account: 1}}")
    assert "environments.live.account: '1' is not an account id" in run("list -e live", exit_code=2).stderr
    assert run("list").exit_code == 0


def test_two_environments_at_once(run: Run) -> None:
    context = run.context()
    context.choose("environment_name", "staging")
    live = context.in_environment("live")
    assert (context.environment_name, live.environment_name) == ("staging", "live")
    assert (live.clock, live.interactive) == (context.clock, False)
    accounts = [one.account().identity for one in (context, live, context.in_environment("staging"))]
    assert accounts == ["111111111111", "222222222222", "111111111111"]
    assert context.account().vpc().id != live.account().vpc().id
    with pytest.raises(UsageError, match="there is no environment 'liv'"):
        context.in_environment("liv")


def test_programs_that_we_run_are_told(run: Run) -> None:
    run.environ = {"SENZA_ENVIRONMENT": "staging", "HOME": "/home/alice"}
    live = run.context().in_environment("live")
    assert dict(live.environ) == {"SENZA_ENVIRONMENT": "live", "HOME": "/home/alice"}


def test_names_in_the_cache_are_those_of_one_environment(run: Run) -> None:
    keys = [
        run.context().account_key(),
        *(run.context().in_environment(name).account_key() for name in ("staging", "live")),
    ]
    assert len(set(keys)) == 3


def test_completion_knows_the_names(run: Run) -> None:
    (option,) = [one for one in cli.params if one.name == "environment_name"]

    def offered(incomplete: str) -> list[str]:
        context = cli.make_context("senza", ["list"], resilient_parsing=True, obj=run.context())
        return [item.value for item in option.shell_complete(context, incomplete)]

    assert {"staging", "live", "wrong"} <= set(offered(""))
    assert offered("l") == ["live"]
    Path("senza.yaml").write_text("environments: {")
    assert offered("") == []


def test_the_doctor_enters_no_environment_that_nobody_named(run: Run) -> None:
    """The file may be a stranger's: by assuming a role of its account we would say who we are."""
    Path("senza.yaml").write_text(SENZA_YAML + "  far: {account: '333333333333', region: eu-far-1}\n")
    before = len(run.sandbox.log)
    rows = json.loads(run("doctor -o json --strict").stdout)
    assert "sts:AssumeRole" not in map(str, run.sandbox.log[before:])
    (row,) = [row for row in rows if row["check"] == "environments"]
    assert (row["level"], row["message"]) == (
        "info",
        "not entered, because no -e says which: staging, live, wrong, far",
    )
    assert row["advice"] == "Check each where it is: senza doctor -e all, or one: senza doctor -e staging"


def test_the_doctor_enters_those_that_it_is_told_to(run: Run) -> None:
    Path("senza.yaml").write_text(SENZA_YAML + "  far: {account: '333333333333', region: eu-far-1}\n")
    rows = json.loads(run("doctor -e all -o json").stdout)
    found = {row["message"]: (row["environment"], row["level"]) for row in rows if row["check"] == "credentials"}
    assert found == {
        "environment staging is account 111111111111 in eu-central-1": ("staging", "ok"),
        "environment live is account 222222222222 in eu-west-1": ("live", "ok"),
        "environment wrong is account 123456789012 in eu-central-1": ("wrong", "ok"),
        "environment far is account 333333333333 in eu-far-1": ("far", "ok"),
    }
    (region,) = [row for row in rows if row["check"] == "region" and row["level"] == "warning"]
    assert (region["environment"], region["subject"]) == ("far", "eu-far-1")
    assert len([row for row in rows if row["check"] == "zones"]) == 4, "every check of every environment"
    one = json.loads(run("doctor -e live -o json").stdout)
    assert "environments" not in {row["check"] for row in one}
    (way,) = [row["advice"] for row in one if row["check"] == "credentials"]
    assert way == "Entered by the credentials of the sandbox, then role arn:aws:iam::222222222222:role/deploy."
    run.sandbox.settings.denied = ["sts:AssumeRole"]
    failed = run("doctor -e staging,live", exit_code=1)
    assert "of environment live cannot be assumed" in failed.stdout
    assert "\nerror live credentials: could not look: the role" in failed.stdout
    assert "2 errors and 0 warnings found in these environments" in failed.stderr
    elsewhere = run("doctor -e staging,live --region eu-west-1", exit_code=1)
    assert "staging is in eu-central-1, and --region says eu-west-1" in elsewhere.stderr
    assert "\nerror live credentials: could not look: the role" in elsewhere.stdout, (
        "advice, as far as anything was asked"
    )


def test_the_doctor_asks_about_the_permissions_of_the_environments_role(run: Run) -> None:
    asked = json.loads(run("-e live doctor -o json").stdout)
    assert [row["message"] for row in asked if row["check"] == "permissions" and row["level"] != "ok"] == []
    run.sandbox.settings.denied = ["kms:Decrypt"]
    denied = [row for row in json.loads(run("-e live doctor -o json").stdout) if row["check"] == "permissions"]
    assert [row["message"] for row in denied] == [
        "not allowed for all resources, but needed to create, change and delete stacks, and to switch traffic: "
        "kms:Decrypt"
    ]


def test_the_doctor_says_what_is_wrong_with_the_file(run: Run) -> None:
    Path("senza.yaml").write_text("environments: {live: {account: 1}}")
    (row,) = [row for row in json.loads(run("doctor -o json", exit_code=1).stdout) if row["check"] == "environments"]
    assert (row["level"], row["message"]) == ("error", "could not look: '1' is not an account id")
    Path("senza.yaml").unlink()
    assert "environments" not in run("doctor").stdout


def test_the_guard_stops_every_command_before_anything_else(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sandbox as AWS itself, with credentials of its first account: no command gets further than the guard."""
    endpoint = run.sandbox.endpoint
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint.url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", endpoint.access_key_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", endpoint.secret_access_key)
    for command in ("-e wrong delete hello-world 1", "create DEF 1 0.1 -e wrong", "list -e wrong"):
        context = Context(clock=run.clock, environ={"AWS_ENDPOINT_URL": endpoint.url}, interactive=False)
        run.sandbox.log.clear()
        words = ["hello-world.yaml" if word == "DEF" else word for word in command.split()]
        result = CliRunner().invoke(cli, words, obj=context)
        assert (result.exit_code, [str(one) for one in run.sandbox.log]) == (1, ["sts:GetCallerIdentity"])
        assert "Error: environment wrong is account 123456789012, and what answers is a sandbox" in result.stderr


def test_the_sandbox_uses_no_profile_of_the_user(run: Run) -> None:
    context = run.context()
    context.choose("environment_name", "staging")
    assert context.aws().arrive()[1] == (
        "the credentials of the sandbox, then role arn:aws:iam::111111111111:role/senza-sandbox"
    )
    assert Refused.exit_code == 1


def test_a_directory_that_is_gone(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert "there is no senza.yaml" in run("list -e live", exit_code=2).stderr
    assert run.context().environments_file() is None


def test_a_code_has_six_digits() -> None:
    @click.command("ask")
    def ask() -> None:
        click.echo(f"got {ask_code('Code of the MFA device x')}")

    result = CliRunner().invoke(ask, input="12345\nabcdef\n 123456 \n")
    assert result.stdout == "got 123456\n"
    assert result.stderr.count("Code of the MFA device x: ") == 3
    assert result.stderr.count("a code has six digits") == 2


@pytest.mark.parametrize(
    ("user", "name"), [("alice", "senza-alice"), ("al ice/ö", "senza-al-ice--"), ("a" * 80, f"senza-{'a' * 58}")]
)
def test_names_of_sessions_are_what_sts_takes(monkeypatch: pytest.MonkeyPatch, user: str, name: str) -> None:
    monkeypatch.setenv("LOGNAME", user)
    assert session_name() == name


def test_who_is_asked_for_a_code(run: Run) -> None:
    """On AWS a person in a terminal, but not while a word is completed; in the sandbox nobody."""
    mfa = "{arn: 'arn:aws:iam::222222222222:role/deploy', mfa: 'arn:aws:iam::222222222222:mfa/alice', duration: 8h}"
    Path("senza.yaml").write_text(SENZA_YAML.replace("arn:aws:iam::222222222222:role/deploy", mfa))
    assert run.calls("list -e live") == [*ENTER, "cloudformation:ListStacks"]
    environment = run.context().environments().get("live")
    context = Context(Aws("eu-west-1"), clock=run.clock, environ={}, interactive=True)
    assert way_of(enter(context, context.aws(), environment)).ask is ask_code
    context.asks = False
    assert way_of(enter(context, context.aws(), environment)).ask is None
    assert [role.mfa for role in way_of(enter(context, run.aws, environment)).roles] == [None]


def way_of(aws: Aws) -> Way:
    assert aws._entrance is not None
    return aws._entrance.way


@pytest.mark.parametrize("option", ["-e", "--region", "--profile"])
def test_an_option_that_is_empty_is_a_mistake_and_never_the_default_account(option: str, run: Run) -> None:
    """``-e "$STAGE"`` where that is not set."""
    before = len(run.sandbox.log)
    assert "it is empty" in run("list", option, "", exit_code=2).stderr
    assert len(run.sandbox.log) == before
