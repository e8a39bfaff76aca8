"""Which libs have a bench: one line each."""

from tools.libbench import cache, resilience
from tools.libbench.comparison import Suite

LIBS: dict[str, Suite] = {
    "cache": cache.suite,
    "resilience": resilience.suite,
}
