"""What every directory promises."""

from collections.abc import Collection
from typing import Protocol

from seawall.discovery.endpoint import Endpoint


class Resolver(Protocol):
    """Tells where the instances of one service are. One at a time asks."""

    async def following(self) -> Collection[Endpoint]:
        """All endpoints that serve now: at once the first time, later when there may be news.

        Errors: LookupFailed; the next call then asks at once.
        """
