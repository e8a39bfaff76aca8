"""Tasks of asyncio that are ended for sure."""

from seawall.tasks.ending import end

__all__ = ["end"]
