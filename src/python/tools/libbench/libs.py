"""Which libs have a bench: one line each."""

from tools.libbench import cache, cached_read, messaging, ratelimit, resilience, web
from tools.libbench.comparison import Suite

LIBS: dict[str, Suite] = {
    "cache": cache.suite,
    "cached-read": cached_read.suite,
    "messaging": messaging.suite,
    "ratelimit": ratelimit.suite,
    "resilience": resilience.suite,
    "web": web.suite,
}
