"""The port of a service: listened on by one process, or by several (SO_REUSEPORT)."""

import socket

from seawall.settings import ServiceSettings

BACKLOG = 1024


def listening(settings: ServiceSettings, *, shared: bool = False) -> socket.socket:
    """Of HOST:PORT. With `shared` other processes of the same user may listen too. Raises OSError."""
    family, address = _address(settings)
    return socket.create_server(address, family=family, backlog=BACKLOG, reuse_port=shared)


def reserved(settings: ServiceSettings) -> socket.socket:
    """Keeps the port for those that share it, without a connection ever. Raises OSError where it is taken."""
    if settings.port:
        # Who shares a port hears of nobody who shares it already.
        listening(settings).close()
    family, address = _address(settings)
    kept = socket.socket(family, socket.SOCK_STREAM)
    try:
        kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        kept.bind(address)
    except OSError:
        kept.close()
        raise
    return kept


def _address(settings: ServiceSettings) -> tuple[socket.AddressFamily, tuple[str, int]]:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    return family, (settings.host, settings.port)
