"""Which libs have a bench: one line each."""

from tools.libbench import resilience
from tools.libbench.comparison import Suite

LIBS: dict[str, Suite] = {
    "resilience": resilience.suite,
}
