"""What tests share: waiting for a condition, a free port, and a wire that can be broken."""

from seawall.testing.cable import Cable, Fault
from seawall.testing.ports import free_port
from seawall.testing.waiting import until

__all__ = ["Cable", "Fault", "free_port", "until"]
