"""`./pants bench`: the shop beside the synchronous reference."""

import asyncio
import signal
import sys

import aiohttp
import uvloop
from sqlalchemy.exc import SQLAlchemyError

from seawall.valkey import ValkeyError
from tools.bench.flags import parse
from tools.bench.report import as_table, write
from tools.bench.rounds import Bench
from tools.devstack.failures import DevstackError
from tools.rehearsal.sale import PreparationError
from tools.rehearsal.stack import StackError

UNABLE = 3
INTERRUPTED = 130


async def run(bench: Bench) -> str | None:
    """Returns why it ended early, in one line; None if it did not. SIGTERM cancels it."""
    task = asyncio.current_task()
    assert task is not None  # noqa: S101
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    try:
        await bench.run()
    except (DevstackError, StackError, PreparationError) as error:
        return str(error)
    except (aiohttp.ClientError, SQLAlchemyError, ValkeyError, OSError) as error:
        return f"a system cannot be used: {error!r}"
    return None


def main() -> int:
    """Returns 0 with a table of what was measured, 3 if something could not be, 130 if stopped."""
    flags = parse()
    bench = Bench(flags)
    interrupted = False
    failure = None
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            failure = runner.run(run(bench))
    except (KeyboardInterrupt, asyncio.CancelledError):
        interrupted = True
    print(f"\n{as_table(bench.rounds)}\n\n{write(bench.rounds, flags)}", flush=True)
    if failure:
        print(f"bench: {failure}", file=sys.stderr)
    return INTERRUPTED if interrupted else UNABLE if failure else 0


if __name__ == "__main__":
    sys.exit(main())
