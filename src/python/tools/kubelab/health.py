"""Asking a program of the control plane whether it is well, over TLS or plain."""

import asyncio
import ssl

from tools.devstack.ports import LOOPBACK

PROBE_SECONDS = 2.0


async def is_well(port: int, path: str, *, tls: bool) -> bool:
    """Whether a GET is answered by 200. Who answers is not checked: the port is the process's own."""
    context = _anybody() if tls else None
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            reader, writer = await asyncio.open_connection(LOOPBACK, port, ssl=context)
            try:
                writer.write(f"GET {path} HTTP/1.1\r\nHost: {LOOPBACK}\r\nConnection: close\r\n\r\n".encode())
                return (await reader.readline()).split()[1:2] == [b"200"]
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return False


def _anybody() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
