"""The real program, or a component, run without an engine; what it asked for is kept."""

from recording import SECRET, STACKS, Recorder, Resource
from recording import record as run
from recording import record_stack as run_stack

__all__ = ["SECRET", "STACKS", "Recorder", "Resource", "run", "run_stack"]
