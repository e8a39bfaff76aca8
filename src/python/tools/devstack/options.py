"""The command line of `up`, as a value."""

import argparse
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.devstack.containers import TAG
from tools.devstack.services import NAMES, REPLICABLE
from tools.devstack.stack import default_data_dir

DEFAULT_PORT = 8000
MAX_REPLICAS = 16

_DESCRIPTION = """\
Starts the whole shop on real servers (PostgreSQL, Valkey, Kafka, Envoy) with nothing installed,
and keeps it running until Ctrl-C. Data stays in the data dir; logs are in <data dir>/logs.
"""
_EXAMPLES = """\
examples:
  ./pants up                                  the shop at http://127.0.0.1:8000
  ./pants up --port 0 --data-dir /tmp/shop    a second one beside it, on a free port
  ./pants up --replicas orders=2              two processes of the orders service
  ./pants up --only catalog,inventory         these services, what they call, and the servers they need
  ./pants up --images latest                  the services from their images (docs/images.md)
  ./pants up --detach, and then --status, --stop: in the background

exit codes: 0 done, 1 something failed (one line says what), 2 a wrong option
"""


@dataclass(frozen=True)
class UpOptions:
    """What the user asked for."""

    data_dir: Path
    port: int = DEFAULT_PORT
    replicas: tuple[tuple[str, int], ...] = ()
    only: tuple[str, ...] = ()
    images: str = ""
    fresh: bool = False
    action: str = "run"  # run, detach, stop, status


def parse_options(arguments: Sequence[str]) -> UpOptions:
    """The options of a command line. Exits with 2 and a line on stderr if they are wrong."""
    parsed = _parser().parse_args(arguments)
    return UpOptions(
        data_dir=(parsed.data_dir or default_data_dir()).absolute(),
        port=parsed.port,
        replicas=tuple(sorted(dict(parsed.replicas).items())),
        only=tuple(name for names in parsed.only for name in names),
        images=parsed.images or "",
        fresh=parsed.fresh,
        action=parsed.action,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="./pants up",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--replicas", type=_replicas, action="extend", default=[], metavar="SERVICE=N[,SERVICE=N]",
        help="how many processes of a service to run; may be repeated")  # fmt: skip
    add("--only", type=_services, action="append", default=[], metavar="SERVICE[,SERVICE]",
        help="only these services, and those that they call")  # fmt: skip
    add("--images", type=_tag, metavar="TAG",
        help="run the services from their images, seawall/<service>:TAG, by Docker")  # fmt: skip
    add("--fresh", action="store_true", help="drop all data of the data dir first")
    add(
        "--data-dir",
        type=Path,
        metavar="DIR",
        help="where data, logs and passwords are (default: .seawall here)",
    )
    add("--port", type=_port, default=DEFAULT_PORT, metavar="N",
        help=f"the shop's port on 127.0.0.1; 0 takes a free one (default: {DEFAULT_PORT})")  # fmt: skip
    actions = parser.add_mutually_exclusive_group()
    for action, text in (
        ("detach", "run in the background; returns when the shop is ready"),
        ("stop", "stop the stack of the data dir"),
        ("status", "show what runs in the data dir"),
    ):
        actions.add_argument(f"--{action}", dest="action", action="store_const", const=action, help=text)
    parser.set_defaults(action="run")
    return parser


def _replicas(text: str) -> list[tuple[str, int]]:
    return [_replica(part) for part in text.split(",")]


def _replica(text: str) -> tuple[str, int]:
    name, _, count = text.partition("=")
    if not count.isdecimal() or not 1 <= int(count) <= MAX_REPLICAS:
        raise argparse.ArgumentTypeError(f"{text!r} is not SERVICE=N with N from 1 to {MAX_REPLICAS}")
    if name not in REPLICABLE:
        raise argparse.ArgumentTypeError(f"{name!r} cannot have replicas; can: {', '.join(REPLICABLE)}")
    return name, int(count)


def _services(text: str) -> list[str]:
    names = text.split(",")
    for name in names:
        if name not in NAMES:
            raise argparse.ArgumentTypeError(f"{name!r} is not a service; known: {', '.join(NAMES)}")
    return names


def _tag(text: str) -> str:
    if not TAG.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not the tag of an image")
    if shutil.which("docker") is None:
        raise argparse.ArgumentTypeError("needs Docker, and there is no program docker here")
    return text


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port from 0 to 65535")
    return int(text)
