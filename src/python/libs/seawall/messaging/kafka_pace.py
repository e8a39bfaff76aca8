"""A pause that aiokafka's producer forgets to make."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

FAILED_PAUSE_SECONDS = 0.1


def pace_metadata(
    client: Any,
    pause: Callable[[], Awaitable[None]] = lambda: asyncio.sleep(FAILED_PAUSE_SECONDS),
) -> None:
    """Makes each failed update of the cluster's metadata last a moment.

    With a batch for a partition without a leader, aiokafka's sender asks for metadata again at once: while
    no broker answers it would take a processor and log a thousand lines a second (aiokafka 0.14, sender.py).
    """
    update = client._metadata_update

    async def paced(cluster: Any, topics: Any) -> bool:
        updated: bool = await update(cluster, topics)
        if not updated:
            await pause()
        return updated

    client._metadata_update = paced
