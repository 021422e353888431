"""The ``senza`` of the shell, and ``python -m senza``."""

import os
import sys


def run() -> None:
    """Start the command line; an impatient Ctrl-C while it is still being imported is no traceback either."""
    try:
        from senza.cli.main import run as main

        main()
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted.\n")
        sys.stderr.flush()
        os._exit(130)  # the interpreter may be in the middle of an import


if __name__ == "__main__":
    run()
