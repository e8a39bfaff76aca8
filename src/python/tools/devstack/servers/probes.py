"""Asking a server on loopback whether it is there, by a few bytes of its own protocol."""

import asyncio
import random

from tools.devstack.ports import FIRST_PORT, LAST_PORT, LOOPBACK, is_free

_TIMEOUT_SECONDS = 1.0


async def ask(port: int, request: bytes, answer_bytes: int) -> bytes:
    """Sends `request`, returns the first `answer_bytes` of the answer, or what came of them."""
    try:
        async with asyncio.timeout(_TIMEOUT_SECONDS):
            reader, writer = await asyncio.open_connection(LOOPBACK, port)
            try:
                writer.write(request)
                return await reader.readexactly(answer_bytes)
            finally:
                writer.close()
                await writer.wait_closed()  # a session that is left half open holds up DROP DATABASE
    except asyncio.IncompleteReadError as answer:
        return answer.partial
    except (OSError, TimeoutError):
        return b""


def pick_port() -> int:
    """A port that is free now, and that the kernel gives to no outgoing connection."""
    while not is_free(port := random.randint(FIRST_PORT, LAST_PORT)):
        pass
    return port
