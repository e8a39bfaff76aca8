"""What a value takes of memory."""

import gc
import sys
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

# Shared with the whole program: no value brings its own.
_SHARED = (type, ModuleType, FunctionType, BuiltinFunctionType, MethodType)


def deep_size(value: Any) -> int:
    """Bytes of a value and of all that it refers to, each object once.

    What many values share (an interned string, an enum's member) counts for each of them: the figure
    errs upwards.
    """
    seen: set[int] = set()
    waiting, total = [value], 0
    while waiting:
        item = waiting.pop()
        if id(item) in seen or isinstance(item, _SHARED):
            continue
        seen.add(id(item))
        total += sys.getsizeof(item)
        waiting.extend(gc.get_referents(item))
    return total
