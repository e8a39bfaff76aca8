"""Numbers in headers, which may come from anybody."""

MOST_DIGITS = 18


def whole_number(text: str) -> int | None:
    """The number that the text is; None for all that is no plain number."""
    plain = text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS
    return int(text) if plain else None
