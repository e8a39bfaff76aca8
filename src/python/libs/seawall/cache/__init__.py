"""A cache of two levels: in the process and shared, with push invalidation and one load for all who ask.

The shared level: `seawall.cache.valkey_store`, `seawall.cache.memcached_store`, or InMemoryStore.
"""

from seawall.extras import extra

with extra("cache"):
    from seawall.cache.codec import Codec, MessagePack, Raw
    from seawall.cache.errors import CacheError, StoreUnavailable, Undecodable
    from seawall.cache.in_memory import InMemoryStore
    from seawall.cache.policy import CachePolicy
    from seawall.cache.ports import Features, Lease, SharedStore, Watcher
    from seawall.cache.tiered import TieredCache, open_cache

__all__ = [
    "CacheError",
    "CachePolicy",
    "Codec",
    "Features",
    "InMemoryStore",
    "Lease",
    "MessagePack",
    "Raw",
    "SharedStore",
    "StoreUnavailable",
    "TieredCache",
    "Undecodable",
    "Watcher",
    "open_cache",
]
