"""The cycle collector, fitted to a server: a large heap that stays, and much that is soon gone by itself."""

import gc

# Net allocations before the young are scanned. A batch of messages alone holds thousands of objects, none
# of them garbage: the default of 700 scans them over and over.
YOUNG = 25_000


def fit_collector() -> None:
    """To be called once the process has started: what lives then is never scanned again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, 20, 20)
