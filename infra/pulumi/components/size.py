"""How much of a node a container gets, as charts and custom resources take it."""

from typing import Any


def size(cpu_millis: int, memory_mib: int) -> dict[str, Any]:
    """Memory is what is asked for and no more; CPU is a share, without a limit that would throttle."""
    memory = f"{memory_mib}Mi"
    return {"requests": {"cpu": f"{cpu_millis}m", "memory": memory}, "limits": {"memory": memory}}
