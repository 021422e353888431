"""What a command is given: AWS, facts about the account, time, and ways to talk to the user."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from senza.clock import Clock, SystemClock
from senza.discretion import Discretion, harmless, secrets_in_url
from senza.errors import Refused

if TYPE_CHECKING:
    from senza.account import Account
    from senza.aws import Aws
    from senza.cli.progress import ClosingReporter
    from senza.environments import Environment, Environments
    from senza.plan import Outcome, Plan


class Context:
    """One run of one command. Nothing is connected, and nothing slow is imported, before it is asked for.

    aws: the AWS to use; None makes one from the options and the environment.
    environ: the environment variables; ``os.environ`` where None.
    interactive: whether a person sits in front of it; None finds out (stdin and stderr are terminals).
    """

    def __init__(
        self,
        aws: Aws | None = None,
        *,
        clock: Clock | None = None,
        environ: Mapping[str, str] | None = None,
        interactive: bool | None = None,
    ) -> None:
        self.region: str | None = None
        self.profile: str | None = None
        self.sandbox = False
        self.discretion = Discretion()
        """Knows the secrets of this run as they become known, and hides them in whatever is said."""
        self._definition: str | None = None
        self._environment_name: str | None = None
        self._environments: Environments | None = None
        self.asks = True
        """Whether anything may be asked; not while the shell completes a word."""
        self._told: set[str] = set()
        self._clock = clock
        self._given = aws
        self._aws: Aws | None = None
        self._account: Account | None = None
        self._environ = os.environ if environ is None else environ
        self._interactive = interactive

    def choose(self, option: str, value: str | bool) -> None:
        """Keep the value of one of the common options: region, profile, sandbox or environment_name."""
        setattr(self, option, value)

    @property
    def definition(self) -> str | None:
        """Path or URL of the definition that the command was given: senza.yaml is looked for beside it."""
        return self._definition

    @definition.setter
    def definition(self, location: str | None) -> None:
        self.discretion.keep(secrets_in_url(location or ""))
        self._definition = location

    @property
    def environment_name(self) -> str | None:
        """What ``-e`` or SENZA_ENVIRONMENT says: the name of an environment, or ``all``."""
        return self._environment_name or self._environ.get("SENZA_ENVIRONMENT") or None

    @environment_name.setter
    def environment_name(self, name: str) -> None:
        self._environment_name = name

    @property
    def whereabouts(self) -> str:
        """The options of the command line that say where, as a shell takes them; "" where there are none."""
        import shlex

        said = {"-e": self._environment_name, "--region": self.region, "--profile": self.profile}
        options = [f"{option} {shlex.quote(value)}" for option, value in said.items() if value]
        return " ".join([*options, *(["--sandbox"] if self.sandbox else [])])

    def addressed(self, text: str) -> str:
        """The text in which suggested commands go where this one went."""
        from senza.cli.addressed import addressed

        return addressed(text, self.whereabouts)

    def told(self, text: str) -> str:
        """The text as it may be said: with commands for here, without secrets, without what a terminal would obey."""
        return harmless(self.addressed(self.discretion(text)))

    @contextmanager
    def addressing(self) -> Iterator[None]:
        """Let what is raised suggest commands for here, and tell no secrets."""
        try:
            yield
        except Exception as error:
            from senza.cli.addressed import readdress

            readdress(error, self.told, self.discretion)
            raise

    @property
    def environment(self) -> Environment | None:
        """The environment to work in; None where none was chosen. Raises what :meth:`environments` raises."""
        name = self.environment_name
        return self.environments().get(name) if name else None

    def environments_file(self) -> Path | None:
        """The senza.yaml that counts here: beside the definition or above it, else from the current directory."""
        from senza.environments import look_for

        try:
            return look_for(self.definition, Path.cwd())
        except (OSError, ValueError):  # the current directory is gone, or the definition's name is none
            return None

    def environments(self) -> Environments:
        """What senza.yaml says. Raises UsageError where there is none, DefinitionError where it is wrong."""
        if self._environments is None:
            from senza.cli.entering import read_environments

            self._environments = read_environments(self)
        return self._environments

    def in_environment(self, name: str) -> Context:
        """Another context, for that environment, with its own AWS and facts about the account. Raises UsageError."""
        other = Context(self._given, clock=self.clock, environ=self._environ, interactive=self._interactive)
        other.region, other.profile, other.sandbox = self.region, self.profile, self.sandbox
        other.discretion = self.discretion
        other.definition, other._environments = self.definition, self.environments()
        other.environment_name = other._environments.get(name).name
        other.asks, other._told = self.asks, self._told
        return other

    @property
    def clock(self) -> Clock:
        """The clock to wait by: the sandbox's where the command goes there, whose time may run faster."""
        if self._clock is None:
            self._clock = self._usual_clock()
        return self._clock

    def _usual_clock(self) -> Clock:
        in_environment = self._environ.get("SENZA_SANDBOX") == "1"
        if not self.sandbox and not in_environment:
            return SystemClock()
        if in_environment and not self.sandbox and self._environ.get("AWS_ENDPOINT_URL"):
            from senza.sandbox.clocks import clock_of

            return clock_of(self._environ) or SystemClock()
        from senza.sandbox.state import read

        running = read()
        return running.clock() if running else SystemClock()

    @property
    def interactive(self) -> bool:
        if not self.asks:
            return False
        if self._interactive is not None:
            return self._interactive
        return sys.stdin.isatty() and sys.stderr.isatty()

    def aws(self) -> Aws:
        """AWS as the options and the environment say, the same one at every call.

        Says on stderr when it is not the real one. Raises UsageError for options that contradict each other.
        """
        if self._aws is None:
            self._aws = self._connected()
        return self._aws

    def _connected(self) -> Aws:
        environment = self.environment
        if environment is None:
            return self._outside()
        from senza.cli.entering import enter

        if self._environment_name is None:
            self._say_once(f"Environment {environment.name} (SENZA_ENVIRONMENT), account {environment.account}.")
        return enter(self, self._outside(environment), environment)

    def _outside(self, environment: Environment | None = None) -> Aws:
        """AWS as without an environment."""
        from senza.aws import Aws

        if self._given is not None:
            return self._given
        from senza.cli.endpoints import chosen

        endpoint = chosen(self._environ, sandbox=self.sandbox, profile=self.profile, say=self._say_once)
        profiled = environment is not None and environment.profile is not None
        region = self.region or (None if endpoint else self._usual_region(profiled))
        return Aws(region, profile=self.profile, endpoint=endpoint)

    def account(self) -> Account:
        """Facts about the account, looked up when asked for."""
        if self._account is None:
            from senza.account import Account

            self._account = Account(self.aws())
        return self._account

    @property
    def environ(self) -> Mapping[str, str]:
        """The environment variables; SENZA_ENVIRONMENT is in them where ``-e`` was said, for programs that we run."""
        return (
            {**self._environ, "SENZA_ENVIRONMENT": self._environment_name} if self._environment_name else self._environ
        )

    def _usual_region(self, profiled: bool = False) -> str | None:
        """AWS_REGION, which botocore does not know; else the user's setting, where neither AWS_DEFAULT_REGION nor a
        profile that was chosen says otherwise. profiled: whether one will be."""
        if region := self._environ.get("AWS_REGION"):
            return region
        if profiled or self.profile or any(self._environ.get(name) for name in ("AWS_DEFAULT_REGION", "AWS_PROFILE")):
            return None
        from senza.cli.settings import read_settings

        return read_settings(self._environ).get("region")

    def account_key(self) -> str:
        """Tells one account and region from another, as far as options and environment do, without asking AWS."""
        names = ("AWS_ENDPOINT_URL", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_CONFIG_FILE")
        place = [self._environ.get(name, "") for name in names]
        if self.sandbox or self._environ.get("SENZA_SANDBOX") == "1":
            from senza.sandbox.state import read

            running = read()
            place.append(running.url if running else "")
        environment = self.environment
        if environment:
            place += [environment.account, environment.region or "", environment.profile or ""]
        region = self.region or self._usual_region() or ""
        return "\n".join([self.profile or self._environ.get("AWS_PROFILE", ""), region, *place])

    def say(self, text: str) -> None:
        """A line about what is going on, on stderr, so that stdout holds results only."""
        click.echo(self.told(text), err=True)

    def _say_once(self, text: str) -> None:
        """Once, however many environments are visited."""
        if text not in self._told:
            self._told.add(text)
            self.say(text)

    def warn(self, text: str) -> None:
        """Something the user should know and that does not stop the work."""
        click.echo(f"{click.style('Warning:', fg='yellow', bold=True)} {self.told(text)}", err=True)

    def confirm(self, question: str) -> None:
        """Return when the user says yes. Raises Refused when the answer is no, or when nobody is there to answer."""
        if not self.agrees(question, "Say --force, or run the command in a terminal."):
            raise Refused("nothing was done, as you wished")

    def agrees(self, question: str, hint: str) -> bool:
        """Whether the user says yes. Raises Refused, with the hint, when nobody is there to answer."""
        try:
            return click.confirm(self.told(question), err=True)
        except click.Abort:
            if self.interactive:
                raise
            click.echo(err=True)  # the message begins a line of its own, not behind the question
            raise Refused(f"nobody answered: {question}", hint=hint) from None

    def reporter(self) -> ClosingReporter:
        """Where a plan's progress goes: a live display on a terminal, else one line per event."""
        from senza.cli.progress import LineReporter, LiveReporter

        if not sys.stderr.isatty():
            return LineReporter(self.say, self.clock)
        reporter = LiveReporter(told=self.told)
        invocation = click.get_current_context(silent=True)
        if invocation:
            invocation.call_on_close(reporter.close)  # an error or Ctrl-C must give the terminal back
        return reporter

    def carry_out(self, plan: Plan, *, dry_run: bool = False, clock: Clock | None = None) -> list[Outcome]:
        """Perform the plan, report progress and return what came of each step. For a dry run, print what it would do.

        clock: to wait by, where somebody has something to do meanwhile.
        """
        if dry_run:
            for step in plan:
                click.echo(f"Would: {self.told(step.says)}")
            return []
        from senza.plan import execute

        return execute(plan, self.aws(), clock or self.clock, self.reporter())
