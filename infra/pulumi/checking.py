"""`./pants run infra/pulumi:check -- aws-prod`: refuses a stack before anything of it is applied."""

import argparse
import sys
from collections.abc import Callable, Sequence

from policies import violations
from recording import STACKS, Recorder, record_stack, values_of
from settings import SettingsError

REFUSED = 1


def main(arguments: Sequence[str] | None = None, *, record: Callable[[str], Recorder] = record_stack) -> int:
    """Prints one line for each fault, with where it is. Returns 1 if there is one."""
    parser = argparse.ArgumentParser(prog="./pants run infra/pulumi:check --", description=__doc__)
    parser.add_argument("stack", choices=STACKS)
    options = parser.parse_args(arguments)
    try:
        resources = record(options.stack).resources
    except (SettingsError, ValueError) as error:
        print(error, file=sys.stderr)
        return REFUSED
    production = values_of(options.stack)[0].get("seawall:production") == "true"
    broken = violations(resources, production=production)
    for line in broken:
        print(line, file=sys.stderr)
    if not broken:
        print(f"{options.stack}: {len(resources)} resources, and no rule is broken")
    return REFUSED if broken else 0


if __name__ == "__main__":
    sys.exit(main())
