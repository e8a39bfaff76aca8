"""What a cache can raise. Its callers see none of it: they get what their loader gives, or raises.

CacheError
├── StoreUnavailable    the second level gave no usable answer
└── Undecodable         an entry is not one of ours, or not of this version
"""


class CacheError(Exception):
    """Any failure of a cache."""


class StoreUnavailable(CacheError):
    """The second level gave no usable answer. Whether a write was done is unknown."""


class Undecodable(CacheError):
    """The bytes are no entry that we can read; whoever meets them takes them for a miss."""
