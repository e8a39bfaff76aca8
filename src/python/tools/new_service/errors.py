"""Why no service was made."""


class Refused(Exception):
    """A name breaks a rule or is taken, or a list has no place for it. Nothing was written."""
