"""Lua scripts that run atomically on the server."""

import hashlib
from collections.abc import Sequence
from typing import Any

from redis.exceptions import NoScriptError

from seawall.valkey.client import Valkey, Value
from seawall.valkey.errors import CommandFailed


class Script:
    """A Lua script, sent by its SHA-1 digest; its text follows only where the server does not know it.

    The fallback is safe: NOSCRIPT means that nothing was run. EVAL also makes the server remember
    the script (as after a restart, a failover or SCRIPT FLUSH).
    """

    def __init__(self, lua: str) -> None:
        self._lua = lua
        # The server's name for the script, not a safeguard: the protocol fixes the algorithm.
        self._sha1 = hashlib.sha1(lua.encode(), usedforsecurity=False).hexdigest()

    async def __call__(self, valkey: Valkey, keys: Sequence[str] = (), args: Sequence[Value] = ()) -> Any:
        """Runs the script. Errors: ValkeyUnavailable; CommandFailed for an error of the script."""
        try:
            return await valkey.execute("EVALSHA", self._sha1, len(keys), *keys, *args)
        except CommandFailed as error:
            if not isinstance(error.__cause__, NoScriptError):
                raise
        return await valkey.execute("EVAL", self._lua, len(keys), *keys, *args)
