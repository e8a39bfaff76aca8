"""What is broken when: a pure function of the seed, the duration and the targets."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from tools.rehearsal.chaos.faults import PROVIDER, PROVIDER_KINDS, Fault, Kind

T = TypeVar("T")

# For each so many kills of a service there is one pause, one fault of a server, one of the provider.
KILLS_PER_OTHER = 5
PAUSE_SECONDS = (12.0, 20.0)
# The share of its own period that a fault of the provider lasts: the next one begins after its end.
PROVIDER_SHARE = (0.4, 0.65)
JITTER_SHARE = 0.3
SERVER_KINDS = {
    "postgres": (Kind.KILL, Kind.RESTART),
    "valkey": (Kind.KILL, Kind.RESTART, Kind.FLUSH, Kind.WIPE),
    "kafka": (Kind.KILL, Kind.RESTART),
}


@dataclass(frozen=True)
class Targets:
    """What may be broken: `services` are killed, those `pausable` paused; `servers` as SERVER_KINDS says."""

    services: Sequence[str]
    pausable: Sequence[str]
    servers: Sequence[str]


def make_plan(seed: int, duration_seconds: float, every_seconds: float, targets: Targets) -> list[Fault]:
    """Returns the faults in the order of their times; the same arguments give the same plan.

    A service is killed about every `every_seconds`. Each kind of fault on a server and on the provider
    comes once before any comes again.
    """
    rng = random.Random(f"chaos-{seed}")
    other_seconds = every_seconds * KILLS_PER_OTHER
    faults = [
        *_kills(rng, duration_seconds, every_seconds, targets.services),
        *_pauses(rng, duration_seconds, other_seconds, targets.pausable),
        *_server_faults(rng, duration_seconds, other_seconds, targets.servers),
        *_provider_faults(rng, duration_seconds, other_seconds),
    ]
    return sorted(faults, key=lambda fault: fault.at_seconds)


def _times(rng: random.Random, duration: float, period: float, offset_share: float) -> Iterator[float]:
    """Yields one time per period; the offset keeps the streams of one plan apart."""
    begin = 0.0
    while (at := begin + period * (offset_share + rng.uniform(0, JITTER_SHARE))) < duration:
        yield round(at, 3)
        begin += period


def _kills(rng: random.Random, duration: float, period: float, services: Sequence[str]) -> Iterator[Fault]:
    deck = _deck(rng, services)
    for at in _times(rng, duration, period, 0.5):
        yield Fault(at, Kind.KILL, next(deck))


def _pauses(rng: random.Random, duration: float, period: float, services: Sequence[str]) -> Iterator[Fault]:
    deck = _deck(rng, services)
    for at in _times(rng, duration, period, 0.1):
        yield Fault(at, Kind.PAUSE, next(deck), round(rng.uniform(*PAUSE_SECONDS), 1))


def _server_faults(
    rng: random.Random, duration: float, period: float, servers: Sequence[str]
) -> Iterator[Fault]:
    deck = _deck(rng, [(kind, server) for server in servers for kind in SERVER_KINDS[server]])
    for at in _times(rng, duration, period, 0.6):
        kind, server = next(deck)
        yield Fault(at, kind, server)


def _provider_faults(rng: random.Random, duration: float, period: float) -> Iterator[Fault]:
    deck = _deck(rng, PROVIDER_KINDS)
    for at in _times(rng, duration, period, 0.3):
        yield Fault(at, next(deck), PROVIDER, round(period * rng.uniform(*PROVIDER_SHARE), 1))


def _deck(rng: random.Random, cards: Sequence[T]) -> Iterator[T]:
    """Yields all cards in a random order, then all again in another; random and yet nothing is left out."""
    while True:
        yield from rng.sample(cards, len(cards))
