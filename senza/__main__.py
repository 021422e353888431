"""``python -m senza`` is ``senza``."""

from senza.cli.main import run

if __name__ == "__main__":
    run()
