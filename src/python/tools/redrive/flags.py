"""The flags of redrive."""

import argparse
from dataclasses import dataclass, field
from pathlib import Path

from tools.devstack.stack import Stack, default_data_dir

STUCK_SECONDS = 300.0


class Unable(Exception):
    """There is nothing to work on; the message says why, in one line."""


@dataclass(frozen=True)
class Addresses:
    """Where to look: a broker, and databases by the service that owns them."""

    broker_url: str
    databases: dict[str, str] = field(default_factory=dict)


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Reads the command line; SystemExit(2) for a bad flag."""
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--data-dir", type=Path, default=default_data_dir(), help="of the running stack")
    shared.add_argument("--broker", metavar="URL", help="kafka://host:port, instead of a running stack")
    shared.add_argument(
        "--database",
        metavar="NAME=URL",
        action="append",
        default=[],
        help="a service's database, instead of a running stack; may be repeated",
    )
    parser = argparse.ArgumentParser(
        prog="./pants redrive", description="Lists and replays dead letters, parked messages and stuck sagas."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", parents=[shared], help="dead letters, and messages parked in an outbox")
    replay = commands.add_parser(
        "replay",
        parents=[shared],
        help="send them again, under their ids: what was handled before is refused by the inbox",
    )
    sagas = commands.add_parser("sagas", parents=[shared], help="list sagas that run for too long")
    sagas.add_argument("--older-than", metavar="SECONDS", type=float, default=STUCK_SECONDS)
    sagas.add_argument(
        "--retry",
        action="store_true",
        help="make them due now: within seconds their service undoes them, or repeats the command after "
        "the pivot",
    )
    sagas.add_argument("--id", action="append", default=[], dest="ids", help="only this saga; repeatable")
    chosen = replay.add_mutually_exclusive_group(required=True)
    chosen.add_argument("--all", action="store_true", help="all that `list` shows")
    chosen.add_argument("--id", action="append", default=[], dest="ids", help="a message; repeatable")
    for command in (replay, sagas):
        command.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")
    return parser.parse_args(arguments)


def addresses(flags: argparse.Namespace) -> Addresses:
    """By the flags, or else of the running stack. Raises Unable."""
    given = dict(entry.partition("=")[::2] for entry in flags.database)
    if malformed := [name for name, url in given.items() if not url.startswith("postgresql://")]:
        raise Unable(f"--database {malformed[0]}: NAME=postgresql://... is needed")
    if flags.broker or given:
        return Addresses(flags.broker or "", given)
    stack = Stack.find(flags.data_dir)
    if stack is None:
        raise Unable(f"no stack is up in {flags.data_dir}: start one, or give --broker and --database")
    return Addresses(stack.kafka_url, stack.databases)
