"""`./pants rehearse`: a flash sale, and the proof."""

import asyncio
import sys

import aiohttp
import uvloop
from sqlalchemy.exc import SQLAlchemyError

from seawall.valkey import ValkeyError
from tools.rehearsal.flags import Flags, parse
from tools.rehearsal.invariants import check
from tools.rehearsal.report import figures, write
from tools.rehearsal.run import Rehearsal, rehearse
from tools.rehearsal.sale import PreparationError
from tools.rehearsal.stack import StackError, stage_for_run
from tools.rehearsal.table import summary

BROKEN = 1
UNABLE = 3
REPLICAS_IN_CHAOS = ("--replicas", "inventory=2,orders=2,payments=2")


async def run(flags: Flags) -> Rehearsal:
    """Rehearses on the stack that is up, or on one of its own: in chaos with two of each that share work."""
    options = REPLICAS_IN_CHAOS if flags.chaos == "kill" else ()
    async with stage_for_run(flags.data_dir, options) as stage:
        return await rehearse(stage, flags)


def main() -> int:
    """Returns 0 if every promise was kept, 1 if not, 3 if there was nothing to rehearse on. Bad flags: 2."""
    flags = parse()
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            rehearsal = runner.run(run(flags))
    except (StackError, PreparationError) as error:
        print(f"rehearse: {error}", file=sys.stderr)
        return UNABLE
    except (aiohttp.ClientError, SQLAlchemyError, ValkeyError, OSError) as error:
        print(f"rehearse: the stack cannot be used: {error!r}", file=sys.stderr)
        return UNABLE
    except KeyboardInterrupt:
        return 130
    verdicts = check(rehearsal.snapshot)
    report = figures(rehearsal, verdicts)
    as_json, as_html = write(report, rehearsal, flags.report_dir)
    print(f"\n{summary(report)}\n\n{as_html}\n{as_json}", flush=True)
    return 0 if report["holds"] else BROKEN


if __name__ == "__main__":
    sys.exit(main())
