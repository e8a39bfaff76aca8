"""Page cursors that callers cannot build on."""

import base64


def encode_cursor(sku: str) -> str:
    """A URL-safe token that continues after this SKU."""
    return base64.urlsafe_b64encode(b"1:" + sku.encode()).decode().rstrip("=")


def decode_cursor(cursor: str) -> str:
    """The SKU that the token continues after. Raises ValueError where we did not make it."""
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
    except ValueError as error:  # also what base64 and UTF-8 raise
        raise ValueError("not a cursor") from error
    version, _, sku = raw.partition(":")
    if version != "1" or not sku or encode_cursor(sku) != cursor:
        raise ValueError("not a cursor")
    return sku
