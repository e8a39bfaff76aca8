"""Ports: free ones, chosen once per data dir and kept, so that addresses survive a restart."""

import errno
import random
import socket
from collections.abc import Iterable
from pathlib import Path

import msgspec

from tools.devstack.failures import DevstackError, PortInUse

PORTS_FILE = "ports.json"
# Below the range that the kernel gives to outgoing connections, so that none of those takes a port of ours.
FIRST_PORT = 15_000
LAST_PORT = 31_999
LOOPBACK = "127.0.0.1"


def is_free(port: int, host: str = LOOPBACK) -> bool:
    """Nobody listens there. Raises OSError if the address itself cannot be had."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return False
            raise
        return True


def choose_ports(names: Iterable[str], data_dir: Path, *, fixed: dict[str, int]) -> dict[str, int]:
    """A port for each name: the one it had before if that is free. `fixed` are taken as they are."""
    file = data_dir / PORTS_FILE
    kept = _read(file)
    chosen = dict(fixed)
    for name in names:
        if name not in chosen:
            before = kept.get(name)
            usable = before is not None and before not in chosen.values() and is_free(before)
            chosen[name] = before if before and usable else _free_port(chosen.values())
    file.write_bytes(msgspec.json.format(msgspec.json.encode(kept | chosen)))
    return chosen


def require_free(port: int, flag: str) -> None:
    """Raises DevstackError, in one line that names the flag, if the port cannot be listened on."""
    try:
        free = is_free(port)
    except (OSError, OverflowError) as error:
        raise PortInUse(f"port {port} cannot be listened on ({error}); choose another with {flag}") from error
    if not free:
        raise PortInUse(f"port {port} is in use; choose another with {flag} (0 takes any free one)")


def _free_port(taken: Iterable[int]) -> int:
    excluded = set(taken)
    for _ in range(1000):
        port = random.randint(FIRST_PORT, LAST_PORT)
        if port not in excluded and is_free(port):
            return port
    raise DevstackError(f"no free port between {FIRST_PORT} and {LAST_PORT} on {LOOPBACK}")


def _read(file: Path) -> dict[str, int]:
    try:
        return msgspec.json.decode(file.read_bytes(), type=dict[str, int])
    except (OSError, msgspec.DecodeError):
        return {}
