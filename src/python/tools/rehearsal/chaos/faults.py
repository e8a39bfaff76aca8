"""The faults that a plan is made of, and what became of them."""

from dataclasses import dataclass
from enum import StrEnum

PROVIDER = "provider"


class Kind(StrEnum):
    """What is done to the target."""

    KILL = "kill"  # SIGKILL; the devstack starts it again
    RESTART = "restart"  # its own stop signal, then the same
    PAUSE = "pause"  # SIGSTOP, and SIGCONT after the duration: what it holds by a lease is lost
    FLUSH = "flush"  # Valkey forgets everything and runs on
    WIPE = "wipe"  # Valkey is killed and starts with nothing
    SLOW = "slow"
    FAILING = "failing"
    HANGING = "hanging"  # neither charged nor answered
    HANGING_CHARGED = "hanging after the charge"


PROVIDER_KINDS = (Kind.SLOW, Kind.FAILING, Kind.HANGING_CHARGED, Kind.HANGING)
LASTING_KINDS = frozenset({Kind.PAUSE, *PROVIDER_KINDS})


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of a plan. The duration is 0 where the end is not ours: the target's recovery."""

    at_seconds: float
    kind: Kind
    target: str
    duration_seconds: float = 0.0

    def __str__(self) -> str:
        lasting = f" for {self.duration_seconds:.1f} s" if self.duration_seconds else ""
        return f"{self.target}: {self.kind}{lasting}"


@dataclass(slots=True)
class Entry:
    """A fault as it happened, in seconds since the load began; `ended_seconds` is None if it never ended.

    A fault that could not be done (its target was down just then) has `skipped`, the reason.
    """

    fault: Fault
    began_seconds: float
    ended_seconds: float | None = None
    skipped: str = ""

    @property
    def open(self) -> bool:
        """It was done, and has no end yet."""
        return not self.skipped and self.ended_seconds is None
