"""What stops `up`: each with one line that says what to do."""


class DevstackError(Exception):
    """Shown to the user as it is; the exit code is 1."""
