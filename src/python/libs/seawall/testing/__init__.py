"""What tests share: waiting for a condition, and a free port."""

from seawall.testing.ports import free_port
from seawall.testing.waiting import until

__all__ = ["free_port", "until"]
