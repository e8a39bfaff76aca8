"""`./pants libbench`: each lib of the chassis beside its peers."""

import argparse
import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

import uvloop

from tools.libbench.libs import LIBS
from tools.libbench.report import as_table, write
from tools.libbench.rounds import Result, measure

UNABLE = 3
INTERRUPTED = 130


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Reads the command line; SystemExit(2) for a bad flag."""
    parser = argparse.ArgumentParser(
        prog="./pants libbench",
        description="Measures the libs beside their peers, in interleaved rounds; median and spread.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("--only", nargs="+", choices=sorted(LIBS), default=sorted(LIBS), help="which libs")
    parser.add_argument("--rounds", type=_at_least(1), default=9, help="turns of each contender")
    parser.add_argument("--turn-ms", type=_at_least(1), default=100, help="how long a turn takes, about")
    parser.add_argument("--json", type=Path, help="where the figures go as well")
    return parser.parse_args(arguments)


async def run(flags: argparse.Namespace, results: list[Result]) -> None:
    """Fills `results`, lib by lib."""
    for lib in flags.only:
        print(f"{lib}: {flags.rounds} rounds", file=sys.stderr, flush=True)
        async with LIBS[lib]() as comparisons:
            results += await measure(lib, comparisons, rounds=flags.rounds, turn_seconds=flags.turn_ms / 1000)


def main(arguments: list[str] | None = None) -> int:
    """Returns 0 with a table of what was measured, 3 if something it needs is missing, 130 if stopped."""
    flags = parse(arguments)
    results: list[Result] = []
    code = 0
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(run(flags, results))
    except KeyboardInterrupt:
        code = INTERRUPTED
    except OSError as error:
        print(f"libbench: {error}", file=sys.stderr)
        code = UNABLE
    print(as_table(results))
    if flags.json:
        write(results, flags.rounds, flags.json)
    return code


def _at_least(least: int) -> Callable[[str], int]:
    def read(given: str) -> int:
        if not given.isdecimal() or int(given) < least:
            raise argparse.ArgumentTypeError(f"must be a whole number from {least}, not {given!r}")
        return int(given)

    return read


if __name__ == "__main__":
    sys.exit(main())
