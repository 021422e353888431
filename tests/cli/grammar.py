"""Command lines as hypothesis makes them up: from the options and arguments that the commands themselves declare.

Half right, so that they get past the parser, and half odd. A new command is in it by being in ``COMMANDS``.
"""

from __future__ import annotations

from collections.abc import Sequence

import click
from hypothesis import strategies as st

from senza.cli.main import COMMANDS, cli

LEFT_OUT = {"sandbox"}
"""It starts and ends processes."""
ENDLESS = {"watch", "watching"}
"""Options that go on until Ctrl-C."""
ODD = (
    *(
        "",
        " ",
        "-",
        "--",
        "---",
        "-x",
        "--nope",
        "--=x",
        "=",
        "=x",
        "a=",
        "a=b=c",
        "x" * 300,
        "Ünïcödé",
        "\udcff",
        "\n",
    ),
    *("0", "-1", "007", "1.10", "1e5", "NaN", "inf", "50%", "0.25", "99999999999999999999", "٣", "true", "null"),
    *(
        "[",
        "(",
        "*",
        "(?",
        "a{99999}",
        "(a|b)+",
        "\\",
        ".*",
        "hello-.*",
        "%s",
        "{0}",
        "{{Arguments.x}}",
        "${x}",
        "$(x)",
    ),
    *(".", "..", "/", "no/such/file.yaml", "folder", "folder/", "file://", "file:///no/such", "ftp://x/y.yaml"),
    *("https://localhost:9/d.yaml", "http://localhost/d.yaml", "https://", "https://[::1", "x.yaml", ".yaml"),
    *("!", "#", "&", "'", '"', "a\tb", "a b", "\x1b[31m", "-h", "--help", "--version", "@x", "~", "~nobody", "i-0123"),
)
"""Words that somebody might type, paste or compute; none of them may name a file outside of the test's folder."""
STACKS = (
    "hello-world",
    "hello-world 1",
    "hello-world 2",
    "hello-world 1 hello-world 2",
    "hello-.*",
    "small.yaml",
    "none",
)
KNOWN: dict[str, tuple[str, ...]] = {
    "definition": ("hello.yaml", "hello.yaml", "small.yaml", "broken.yaml"),
    "version": ("1", "2", "3", "v4"),
    "parameters": ("0.1", "ImageVersion=0.1", "ImageVersion="),
    "refs": STACKS,
    "words": STACKS,
    "stack_name": ("hello-world", "small"),
    "environment_name": ("staging", "live", "staging,live", "all"),
    "source": ("staging",),
    "target": ("live",),
    "percent": ("0", "0.5", "50", "100"),
    "file": ("new.yaml", "folder/new.yaml", "small.yaml"),
    "parameter_file": ("values.yaml", "broken.yaml"),
    "tags": ("team=hello", "Name=x"),
    "answers": ("application_id=shop", "docker_image=acme/shop", "http_port=80", "application_id="),
    "answer": ("application_id=shop", "docker_image=acme/shop", "http_port=80", "application_id="),
    "template": ("webapp", "bgapp", "redisnode"),
    "fields": ("stack_name", "version", "status"),
    "image": ("latest", "ami-0a000000000000002"),
    "instance_type": ("t3.small",),
    "user_data": ("source: acme/shop:2", "{source: null}", "[", "3"),
    "group": ("AppServer",),
    "key": ("region",),
    "value": ("eu-central-1",),
    "region": ("eu-central-1",),
    "desired": ("1", "2"),
    "app": ("hello-world", "none"),
    "ident": ("20260601T120000Z-abcdef",),
    "since": ("7d", "12h", "90d"),
    "plot": ("metrics.svg", "folder/metrics.svg"),
    "path": ("report.html", "folder/report.svg"),
    "against": ("1", "2", "9"),
    "strategy": ("canary", "recreate", "rolling", "blue-green", "linear", "Canary10Percent5Minutes"),
    "force_unlock": ("0123abcd",),
    "component": ("AppServer", "Config"),
    "variables": ("A=b", "A=", "=b"),
}
"""What makes sense, by the name of the parameter; several words where a blank is in it."""


def real_commands() -> dict[str, click.Command]:
    """By the words that invoke them: a group stands for its subcommands."""
    context = click.Context(cli)
    found: dict[str, click.Command] = {}
    for name in COMMANDS:
        command = None if name in LEFT_OUT else cli.get_command(context, name)
        if isinstance(command, click.Group):
            found |= {f"{name} {child}": one for child, one in command.commands.items()}
        elif command is not None:
            found[name] = command
    return found


odd = st.sampled_from(ODD)


def mostly(sensible: Sequence[str]) -> st.SearchStrategy[str]:
    """One of them in six of seven cases, else something odd."""
    if not sensible:
        return odd
    return st.integers(0, 6).flatmap(lambda chance: st.sampled_from(list(sensible)) if chance else odd)


def sensible_values(parameter: click.Parameter) -> tuple[str, ...]:
    known = KNOWN.get(parameter.name or "", ())
    if isinstance(parameter.type, click.Choice):
        return tuple(str(choice) for choice in parameter.type.choices)
    if isinstance(parameter.type, click.IntRange):
        return known or tuple(str(one) for one in {parameter.type.min or 0, 3, 60})
    return known


@st.composite
def option_words(draw: st.DrawFn, option: click.Option) -> list[str]:
    name = draw(st.sampled_from([*option.opts, *option.secondary_opts]))
    if option.is_flag:
        return [name]
    value = draw(mostly(sensible_values(option)))
    return [f"{name}={value}"] if name.startswith("--") and draw(st.booleans()) else [name, value]


@st.composite
def argument_words(draw: st.DrawFn, argument: click.Argument) -> list[str]:
    most = 1 if argument.nargs == 1 else 3
    least = 1 if argument.required and draw(st.integers(0, 9)) else 0
    values = draw(st.lists(mostly(sensible_values(argument)), min_size=least, max_size=most))
    return [word for value in values for word in (value.split(" ") if value in STACKS else [value])]


@st.composite
def command_lines(draw: st.DrawFn) -> list[str]:
    """The words after ``senza``."""
    commands = real_commands()
    name = draw(st.sampled_from(sorted(commands)))
    options = [one for one in commands[name].params if isinstance(one, click.Option) and one.name not in ENDLESS]
    chosen = draw(st.lists(st.sampled_from(options), max_size=3)) if options else []
    parts = [draw(option_words(option)) for option in chosen]
    positional = [draw(argument_words(one)) for one in commands[name].params if isinstance(one, click.Argument)]
    words = [word for part in (*parts, *positional) for word in part]
    if not draw(st.integers(0, 4)):
        words.insert(draw(st.integers(0, len(words))), draw(odd))
    *group, last = name.split(" ")
    typed = draw(st.sampled_from([last] * 20 + [last[:3], f"{last}s", "", "-"]))
    return [*(draw(st.lists(odd, max_size=1)) if not draw(st.integers(0, 19)) else []), *group, typed, *words]
