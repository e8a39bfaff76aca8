"""What a call of Valkey can raise.

ValkeyError
├── ValkeyUnavailable   no answer: connection refused or lost, time-out, loading, read-only replica
└── CommandFailed       the server answered with an error: wrong type, an error in a script, out of memory
"""


class ValkeyError(Exception):
    """Any failure of a call of Valkey."""


class ValkeyUnavailable(ValkeyError):
    """The server gave no usable answer. Whether a write was done is unknown."""


class CommandFailed(ValkeyError):
    """The server refused the command. The message starts with the server's error code."""
