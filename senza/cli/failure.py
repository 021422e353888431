"""How a command ends that cannot go on: one message on stderr, and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from senza.discretion import harmless

if TYPE_CHECKING:
    from pathlib import Path

    from senza.errors import SenzaError

BUG = 70
INTERRUPTED = 130
CLOSED_PIPE = 141
EXIT_CODES = {
    0: "done",
    1: "the operation failed, or what was named does not exist",
    2: "the command line or the definition is wrong",
    BUG: "a bug in senza (`EX_SOFTWARE` of sysexits.h)",
    INTERRUPTED: "interrupted (128 + SIGINT)",
    CLOSED_PIPE: "the reader of the output went away (128 + SIGPIPE)",
}
"""Exit code → when; the reference is written from this."""


def exit_code_of(command: Callable[[], Any]) -> int:
    """Run click's ``main`` (not standalone), tell what went wrong, and return the exit code.

    click returns the code of ``ctx.exit(code)``; what a command function itself returns means nothing.
    """
    try:
        code = command()
        with closed_pipes_are_fine():
            sys.stdout.flush()
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    except click.ClickException as error:
        error.message = harmless(error.message)  # type: ignore[misc]  # it may repeat what was pasted
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt) as error:
        click.echo("Interrupted.", err=True)
        step = getattr(error.__cause__, "step", None)  # click makes an Abort of every KeyboardInterrupt
        if step:
            click.echo(f"In hand was: {step.says}. {step.if_interrupted}", err=True)
        return INTERRUPTED
    except UnicodeEncodeError:
        click.echo(f"{click.style('Error:', fg='red', bold=True)} an argument holds bytes that are no UTF-8", err=True)
        return 2
    except OSError as error:  # e.g. the disk that stdout goes to is full
        click.echo(f"{click.style('Error:', fg='red', bold=True)} {harmless(str(error))}", err=True)
        return 1
    except Exception as error:  # the last resort: nobody should meet a traceback
        from senza.errors import SenzaError

        if isinstance(error, SenzaError):
            show(error)
            return error.exit_code
        if os.environ.get("SENZA_DEBUG") == "1":
            raise
        show_bug(error, os.environ)
        return BUG
    return code if isinstance(code, int) else 0


def show(error: SenzaError) -> None:
    """One message: what and where, then what to do next."""
    place = f"{error.where}: " if error.where else ""
    click.echo(f"{click.style('Error:', fg='red', bold=True)} {harmless(place + error.message)}", err=True)
    if error.hint:
        click.echo(harmless(error.hint), err=True)


def show_bug(error: Exception, environ: Mapping[str, str]) -> None:
    """Say that it is our fault and where the traceback is.

    Neither the exception's text nor a frame's locals are shown: both may hold a secret.
    """
    name = type(error).__name__
    click.echo(
        f"{click.style('Error:', fg='red', bold=True)} senza has a bug ({name}); this is not your fault.", err=True
    )
    try:
        report = write_report(error, state_dir(environ))
    except OSError:
        click.echo("The details could not be written down; SENZA_DEBUG=1 shows them.", err=True)
    else:
        click.echo(
            f"Please report it with {report} (look for secrets in it first); SENZA_DEBUG=1 shows it here.", err=True
        )


def write_report(error: Exception, directory: Path) -> Path:
    """Write the traceback, without the secrets of the run as far as it knew them, to a new file that only this user can
    read; raises OSError."""
    import time
    import traceback

    from senza.cli.files import made

    made(directory)
    path = directory / f"bug-{time.strftime('%Y%m%dT%H%M%S')}-{os.getpid()}.txt"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:
        hidden: Callable[[str], str] = getattr(error, "discretion", str)  # left there by the context
        file.write(hidden("".join(traceback.format_exception(error))))
    return path


def state_dir(environ: Mapping[str, str]) -> Path:
    """Where senza keeps files of its own: ``$XDG_STATE_HOME/senza`` (XDG Base Directory Specification)."""
    from pathlib import Path

    home = environ.get("XDG_STATE_HOME") or str(Path("~/.local/state").expanduser())
    return Path(home) / "senza"


@contextmanager
def closed_pipes_are_fine() -> Iterator[None]:
    """``senza list | head -1`` is no failure: leave quietly, as other tools of the shell do."""
    try:
        yield
    except BrokenPipeError:
        # The interpreter flushes stdout once more at exit, which must not fail again.
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - open until the process ends
        raise click.exceptions.Exit(CLOSED_PIPE) from None


def colour_wish() -> bool | None:
    """False where the user wants no colour (https://no-color.org); None leaves it to whether this is a terminal."""
    return False if os.environ.get("NO_COLOR") else None
