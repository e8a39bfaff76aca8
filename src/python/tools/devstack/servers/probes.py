"""Asking a server on loopback whether it is there, by a few bytes of its own protocol."""

import asyncio

LOOPBACK = "127.0.0.1"
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
    except asyncio.IncompleteReadError as answer:
        return answer.partial
    except (OSError, TimeoutError):
        return b""
