"""The flags of the bench, each with its limits."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tools.devstack.stack import default_data_dir

PURCHASE, SKUS, ACCEPT = "purchase", "skus", "accept"
MEASURES = (PURCHASE, SKUS, ACCEPT)


@dataclass(frozen=True)
class Flags:
    """What was asked for."""

    only: list[str]
    rounds: int
    seconds: int
    steps: int
    reference_rate: int
    seawall_rate: int
    skus: int
    customers: int
    reference_connections: int
    seawall_connections: int
    limit_minutes: int
    seed: int
    report_dir: Path


def parse(arguments: list[str] | None = None) -> Flags:
    """Reads the command line. A bad flag is named with its limit on stderr, and SystemExit(2) raised."""
    parser = argparse.ArgumentParser(
        prog="./pants bench",
        description="Measures the shop beside what it is compared with, in interleaved rounds: purchase "
        "(the synchronous reference), skus (one hot SKU and many), accept (a bare POST through the same "
        "Envoy). Each round starts every system anew, alone, and raises the "
        "rate until it is held no more.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    add("--only", nargs="+", choices=MEASURES, default=list(MEASURES), help="what to measure")
    add("--rounds", type=_whole(1, 100), default=3, help="rounds; the tables show median and spread")
    add("--seconds", type=_whole(4, 3600), default=12, help="seconds of load in each step")
    add("--steps", type=_whole(1, 100), default=8, help="steps of a climb, at most")
    add("--reference-rate", type=_whole(1, 50_000), default=60, help="arrivals per second to begin with")
    add("--seawall-rate", type=_whole(1, 50_000), default=400, help="the same for Seawall")
    add("--skus", type=_whole(2, 10_000), default=1000, help="how many SKUs the hot one is compared with")
    add("--customers", type=_whole(1, 1_000_000), default=5000, help="how many different customers")
    add("--reference-connections", type=_whole(1, 10_000), default=64, help="connections to the reference")
    add("--seawall-connections", type=_whole(1, 10_000), default=256, help="connections to the gateway")
    add("--limit-minutes", type=_whole(1, 1440), default=30, help="no step begins after this time")
    add("--seed", type=_whole(0, 2**63 - 1), default=1, help="the same seed gives the same visits")
    add("--report-dir", type=Path, default=default_data_dir() / "bench", help="where the JSON goes")
    return Flags(**vars(parser.parse_args(arguments)))


def _whole(least: int, most: int) -> Callable[[str], int]:
    def read(given: str) -> int:
        if not given.isdecimal() or not least <= int(given) <= most:
            raise argparse.ArgumentTypeError(
                f"must be a whole number from {least:,} to {most:,}, not {given!r}"
            )
        return int(given)

    return read
