"""`./pants run src/python/tools/redrive/cli.py -- list`: what got stuck, and how to let it go on."""

import argparse
import asyncio
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from sqlalchemy.exc import SQLAlchemyError

from seawall.messaging import MessagingError, open_broker
from seawall.messaging.dead_letters import DeadLetter, open_dead_letters
from seawall.sql import Database, open_database
from tools.redrive import tables
from tools.redrive.flags import Addresses, Unable, addresses, parse

UNABLE = 3


async def run(flags: argparse.Namespace) -> None:
    """Does what the flags ask for. Raises Unable."""
    where = addresses(flags)
    async with _databases(where) as databases:
        if flags.command == "sagas":
            await _sagas(flags, databases)
        else:
            await _messages(flags, where, databases)


async def _messages(flags: argparse.Namespace, where: Addresses, databases: dict[str, Database]) -> None:
    wanted, found = set(getattr(flags, "ids", [])), set()
    for name, database in databases.items():
        rows = [r for r in await tables.parked(database) if not wanted or r.id in wanted]
        found |= {row.id for row in rows}
        for r in rows:
            _show(r.topic, f"{name}.{r.position}", r.reason, r.type, r.id, r.key, r.time_ms)
        if flags.command == "replay" and not flags.dry_run and rows:
            print(
                f"released from the outbox of {name}: {await tables.unpark(database, [r.id for r in rows])}"
            )
    if where.broker_url:
        found |= await _dead_letters(flags, where, wanted)
    if missing := sorted(wanted - found):
        raise Unable(f"no dead letter and no parked message has the id {missing[0]}")
    if not found:
        print("nothing waits")


async def _dead_letters(flags: argparse.Namespace, where: Addresses, wanted: set[str]) -> set[str]:
    async with open_dead_letters(where.broker_url) as grave:
        letters = [le for le in await grave.waiting() if not wanted or le.message.id in wanted]
        for letter in letters:
            _show_letter(letter)
        if flags.command == "replay" and not flags.dry_run and letters:
            async with (
                open_broker(where.broker_url, client="redrive") as broker,
                broker.publisher() as publisher,
            ):
                await grave.replay(letters, publisher)
            print(f"replayed: {len(letters)}")
    return {letter.message.id for letter in letters}


async def _sagas(flags: argparse.Namespace, databases: dict[str, Database]) -> None:
    wanted, found = set(flags.ids), set()
    for name, database in databases.items():
        rows = await tables.stuck_sagas(database, flags.older_than)
        ids: Sequence[str] = [row.saga_id for row in rows if not wanted or row.saga_id in wanted]
        found |= set(ids)
        for row in (row for row in rows if row.saga_id in ids):
            doing = "undoes" if row.status == "compensating" else "waits for"
            print(
                f"{name} {row.definition} {row.saga_id}: {doing} {row.step}, attempt {row.attempt}, "
                f"runs for {row.seconds:.0f} s, due in {row.due_in_seconds:.0f} s"
            )
        if flags.retry and not flags.dry_run and ids:
            print(f"made due in {name}: {await tables.retry(database, ids, flags.older_than)}")
    if missing := sorted(wanted - found):
        raise Unable(f"no saga with the id {missing[0]} runs for more than {flags.older_than:g} s")
    if not found:
        print(f"no saga runs for more than {flags.older_than:g} s")


@asynccontextmanager
async def _databases(where: Addresses) -> AsyncIterator[dict[str, Database]]:
    async with AsyncExitStack() as stack:
        yield {
            name: await stack.enter_async_context(open_database(url, pool_size=1))
            for name, url in where.databases.items()
        }


def _show_letter(letter: DeadLetter) -> None:
    message = letter.message
    position = f"{letter.partition.topic}:{letter.partition.partition}:{letter.offset}"
    _show(message.topic, position, letter.reason, message.type, message.id, message.key, message.time_ms)


def _show(topic: str, position: str, reason: str, kind: str, id: str, key: str, time_ms: int) -> None:  # noqa: A002
    age = max(0.0, time.time() - time_ms / 1000)
    print(f"{topic} {position} id={id} key={key} type={kind or '-'} age={age:.0f}s: {reason}")


def main(arguments: list[str] | None = None) -> int:
    """Returns 0; 3 if there was nothing to work on, or it cannot be reached. Bad flags: 2."""
    try:
        asyncio.run(run(parse(arguments)))
    except (Unable, ValueError) as error:
        print(f"redrive: {error}", file=sys.stderr)
        return UNABLE
    except (MessagingError, SQLAlchemyError, OSError) as error:
        print(f"redrive: cannot be done: {error}", file=sys.stderr)
        return UNABLE
    return 0


if __name__ == "__main__":
    sys.exit(main())
