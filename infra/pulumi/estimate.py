"""`./pants run infra/pulumi:estimate -- aws-prod`: what a stack costs in a month, before it is made."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from itertools import groupby

from bill import Line, bill_of
from price_table import PriceTable, Unpriced, price_table
from recording import STACKS, record_stack
from settings import SettingsError

REFUSED = 1


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Reads the command line; SystemExit(2) for a stack that is none."""
    parser = argparse.ArgumentParser(prog="./pants run infra/pulumi:estimate --", description=__doc__)
    stacks = [stack for stack in STACKS if stack.startswith("aws")]
    parser.add_argument("stack", choices=stacks, help="whose resources are counted")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the stack's program without an engine, and prints its bill. Returns 1 if it cannot be told."""
    stack = parse(arguments).stack
    try:
        made, table = record_stack(stack), price_table()
        region = made.one("pulumi:providers:aws").inputs["region"]
        lines = bill_of(made.resources, table, region)
    except (SettingsError, Unpriced) as error:
        print(error, file=sys.stderr)
        return REFUSED
    print("\n".join(written(lines, table, stack, region)))
    return 0


def written(lines: Sequence[Line], table: PriceTable, stack: str, region: str) -> Iterator[str]:
    """The bill as text: each component with its lines, the sum, and where the prices are from."""
    row = "{:<38} {:>16} {:>10} {:>10}"
    factor = table.regions[region]
    yield f"{stack}: US dollars a month in {region} (prices of {table.region} x {factor:g}), without tax"
    yield row.format("", "least to most", "low", "high")
    by_component = sorted(lines, key=lambda line: line.quantity.component)
    for component, group in groupby(by_component, key=lambda line: line.quantity.component):
        own = list(group)
        yield row.format(component, "", *_sums(own))
        for line in own:
            yield row.format(f"  {_named(line)}", _range(line), f"{line.low:,.0f}", f"{line.high:,.0f}")
    yield row.format("all", "", *_sums(lines))
    yield ""
    yield "low: as few nodes as the autoscaler keeps; high: as many as it may make, all month long."
    yield "~ is a guess at use. Not in it: traffic between zones, backups, support, and volumes that a"
    yield "chart claims unasked; those that pods claim by our values and resources are the `ebs.gp3.gib`."
    used = {table.prices[line.quantity.key].source for line in lines}
    for name in sorted(used | {table.spot.source}):
        source = table.sources[name]
        yield f"{name}: {source.what} ({source.date})"


def _sums(lines: Sequence[Line]) -> tuple[str, str]:
    low, high = sum(line.low for line in lines), sum(line.high for line in lines)
    return f"{low:,.0f}", f"{high:,.0f}"


def _named(line: Line) -> str:
    return ("~ " if line.by_use else "") + line.quantity.key + (" (spot)" if line.quantity.spot else "")


def _range(line: Line) -> str:
    least, most = line.quantity.least, line.quantity.most
    return f"{least:,.0f}" if least == most else f"{least:,.0f} to {most:,.0f}"


if __name__ == "__main__":
    sys.exit(main())
