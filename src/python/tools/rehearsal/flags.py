"""The flags of a run, each with its limits."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from tools.devstack.stack import default_data_dir
from tools.rehearsal.arrivals import PROFILES

N = TypeVar("N", int, float)
Add = Callable[..., argparse.Action]
CHAOS = ("none", "kill")
TRIES_IN_CHAOS = 6


@dataclass(frozen=True)
class Flags:
    """What was asked for."""

    rate: float
    duration: float
    customers: int
    stock: int
    skus: int
    cap: int
    seed: int
    profile: str
    browse_ratio: float
    connections: int
    settle: float
    chaos: str
    chaos_seed: int
    chaos_every: float
    tries: int
    report_dir: Path
    data_dir: Path


def parse(arguments: list[str] | None = None) -> Flags:
    """Reads the command line. A bad flag is named with its limit on stderr, and SystemExit(2) raised."""
    parser = argparse.ArgumentParser(
        prog="./pants rehearse",
        description="Drives a flash sale through the whole system, then proves from the stores that every "
        "promise was kept.",
        epilog="exit codes: 0 all promises kept, 1 one broken, 2 a wrong flag, 3 nothing to rehearse on",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    for add_flags in (_add_sale, _add_load, _add_chaos, _add_folders):
        add_flags(parser.add_argument)
    given = vars(parser.parse_args(arguments))
    given["report_dir"] = given["report_dir"] or given["data_dir"] / "rehearsals"
    given["tries"] = given["tries"] or (TRIES_IN_CHAOS if given["chaos"] != CHAOS[0] else 1)
    return Flags(**given)


def _add_sale(add: Add) -> None:
    add("--stock", type=_number(int, 0, 1_000_000), default=1000, help="units of each SKU")
    add("--skus", type=_number(int, 1, 1000), default=1, help="SKUs in the sale, all equally wanted")
    add("--cap", type=_number(int, 1, 100), default=2, help="units of a SKU that one customer may have")


def _add_load(add: Add) -> None:
    add(
        "--rate",
        type=_number(float, 0.1, 50_000),
        default=200,
        help="arrivals per second; overload: in normal times",
    )
    add("--duration", type=_number(float, 1, 86_400), default=30, help="seconds of load")
    add(
        "--profile",
        choices=sorted(PROFILES),
        default="poisson",
        help="even arrivals, a flash crowd, or 4x for half of the time",
    )
    add("--customers", type=_number(int, 1, 1_000_000), default=5000, help="how many different customers")
    add("--browse-ratio", type=_number(float, 0, 1), default=0.3, help="share of visits that only look")
    add("--seed", type=_number(int, 0, 2**63 - 1), default=1, help="the same seed gives the same visits")
    add("--connections", type=_number(int, 1, 20_000), default=512, help="connections to the gateway")
    add("--settle", type=_number(float, 1, 3600), default=300, help="seconds to wait until all is quiet")


def _add_chaos(add: Add) -> None:
    add("--chaos", choices=CHAOS, default="none", help="what is broken on purpose while the load runs")
    add("--chaos-seed", type=_number(int, 0, 2**63 - 1), default=1, help="the same seed, the same faults")
    add("--chaos-every", type=_number(float, 0.5, 3600), default=3, help="seconds between two kills")
    add("--tries", type=_number(int, 1, 20), help="how often a purchase is sent (default: 1; with chaos 6)")


def _add_folders(add: Add) -> None:
    add("--report-dir", type=Path, help="where the reports go (default: rehearsals in the data dir)")
    add("--data-dir", type=Path, default=default_data_dir(), help="data of the stack to use if it is up")


def _number(kind: type[N], least: N, most: N) -> Callable[[str], N]:
    def read(given: str) -> N:
        try:
            value = kind(given)
        except ValueError:
            value = None
        if value is None or not least <= value <= most:
            sort = "a whole number" if kind is int else "a number"
            raise argparse.ArgumentTypeError(f"must be {sort} from {least:,} to {most:,}, not {given!r}")
        return value

    return read
