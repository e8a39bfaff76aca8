"""`./pants run src/python/tools/compose/cli.py > compose.yaml`: the shop's services as a compose project."""

import argparse
import sys
from pathlib import Path

from tools.compose.document import compose_text

DRIFTED = 1


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Reads the command line; SystemExit(2) for a bad flag."""
    parser = argparse.ArgumentParser(
        prog="./pants run src/python/tools/compose/cli.py --", description=__doc__
    )
    parser.add_argument("--check", type=Path, metavar="FILE", help="print nothing; end with 1 if it differs")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Prints the file, or returns 1 where the one that is checked has drifted."""
    options = parse(arguments)
    if options.check is None:
        sys.stdout.write(compose_text())
        return 0
    if options.check.read_text(encoding="utf-8") == compose_text():
        return 0
    print(f"{options.check} is not of these services: write it again, as its head says", file=sys.stderr)
    return DRIFTED


if __name__ == "__main__":
    sys.exit(main())
