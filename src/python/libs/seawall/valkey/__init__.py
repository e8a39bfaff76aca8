"""A guarded client of Valkey: short time-outs, a bounded pool, and no command sent twice."""

from seawall.extras import extra

with extra("valkey"):
    from seawall.valkey.client import Valkey, open_valkey
    from seawall.valkey.errors import CommandFailed, ValkeyError, ValkeyUnavailable
    from seawall.valkey.script import Script

__all__ = ["CommandFailed", "Script", "Valkey", "ValkeyError", "ValkeyUnavailable", "open_valkey"]
