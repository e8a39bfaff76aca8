"""A guarded client of Valkey: short time-outs, a bounded pool, and no command sent twice."""

from seawall.extras import extra

with extra("valkey"):
    from seawall.valkey.client import Valkey, Value, open_valkey
    from seawall.valkey.errors import CommandFailed, ValkeyError, ValkeyUnavailable
    from seawall.valkey.script import Script
    from seawall.valkey.tracking import Watcher, watch

__all__ = [
    "CommandFailed",
    "Script",
    "Valkey",
    "ValkeyError",
    "ValkeyUnavailable",
    "Value",
    "Watcher",
    "open_valkey",
    "watch",
]
