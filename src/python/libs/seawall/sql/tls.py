"""TLS to PostgreSQL, as libpq's URLs say it."""

import ssl
from typing import Any

from sqlalchemy import URL

MODES = ("require", "verify-full")


def without_tls(url: URL) -> tuple[URL, dict[str, Any]]:
    """The URL without `sslmode` and `sslrootcert`, and what asyncpg is told in their place.

    `require` encrypts and believes any server; `verify-full` also wants a certificate of the host's name,
    signed by those in the file `sslrootcert` or by the system's authorities. Without a mode the server
    decides. Raises ValueError for another mode, OSError for a file that cannot be read.
    """
    mode, authorities = url.query.get("sslmode"), url.query.get("sslrootcert")
    rest = url.difference_update_query(["sslmode", "sslrootcert"])
    if mode is None and authorities is None:
        return rest, {}
    if mode not in MODES:
        raise ValueError(f"sslmode: {' or '.join(MODES)}, not {mode}")
    if mode == "require":
        if authorities is not None:
            raise ValueError("sslrootcert: belongs to sslmode=verify-full; require checks no certificate")
        return rest, {"ssl": "require"}
    cafile = authorities if isinstance(authorities, str) else None
    return rest, {"ssl": ssl.create_default_context(cafile=cafile)}
