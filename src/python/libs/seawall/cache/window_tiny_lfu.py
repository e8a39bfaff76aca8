"""W-TinyLFU: an LRU window before a segmented LRU; frequency decides who gets from one to the other.

Sources: Einziger, Friedman, Manes, "TinyLFU", ACM TOS 2017; Einziger, Eytan, Friedman, Manes, "Lightweight
Robust Size Aware Cache Management", ACM TOS 2022 (a newcomer must be worth all that it displaces).
A hit moves nothing: it is counted on its entry, and the order is made good when room is needed.
"""

from collections import OrderedDict
from typing import Generic, TypeVar

from seawall.cache.frequency import MOST, FrequencySketch

V = TypeVar("V")

_WINDOW = 0.01
_PROTECTED = 0.8  # of what is not the window
_WEIGHT_A_COUNTER = 256  # how wide the sketch is: several counters an entry
_SAMPLE = 10  # accesses for each entry until frequencies are halved
_LEAST_SAMPLE = 1000


class _Node(Generic[V]):
    __slots__ = ("hits", "key", "seen", "segment", "value", "weight")

    def __init__(self, key: str, value: V, weight: int, hits: int, segment: "_Segment[V]") -> None:
        self.key, self.value, self.weight, self.segment = key, value, weight, segment
        self.hits = self.seen = hits


class _Segment(OrderedDict[str, _Node[V]]):
    """Nodes from the least to the most recently used, and their weight together."""

    def __init__(self, capacity: int) -> None:
        super().__init__()
        self.capacity, self.weight = capacity, 0

    def append(self, node: _Node[V]) -> None:
        node.segment = self
        self[node.key] = node
        self.weight += node.weight

    def take(self, node: _Node[V]) -> _Node[V]:
        del self[node.key]
        self.weight -= node.weight
        return node

    def oldest(self) -> _Node[V]:
        return next(iter(self.values()))


class WindowTinyLfu(Generic[V]):
    """Values by key, whose weights together are never above `capacity`. For one thread.

    Weights are given by the caller, in bytes or whatever else is scarce. `hits`, `misses` and
    `evictions` count for ever.
    """

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.hits = self.misses = self.evictions = 0
        self._aged_at = 0
        self._nodes: dict[str, _Node[V]] = {}
        self._sketch = FrequencySketch(capacity // _WEIGHT_A_COUNTER)
        window = max(1, int(capacity * _WINDOW))
        self._window: _Segment[V] = _Segment(window)
        self._probation: _Segment[V] = _Segment(0)
        self._protected: _Segment[V] = _Segment(int((capacity - window) * _PROTECTED))

    def __len__(self) -> int:
        return len(self._nodes)

    @property
    def weight(self) -> int:
        """Of all that is held."""
        return self._window.weight + self._main_weight()

    def get(self, key: str) -> V | None:
        """The value, or None."""
        node = self._nodes.get(key)
        if node is None:
            self.misses += 1
            return None
        self.hits += 1
        node.hits += 1
        return node.value

    def put(self, key: str, value: V, weight: int) -> bool:
        """Holds a value, and drops what is worth less. False: it is not held (too heavy, or too rare)."""
        self.discard(key)
        if weight > self.capacity - self._window.capacity:
            return False
        self._age()
        node = _Node(key, value, weight, min(self._sketch.estimate(key) + 1, MOST), self._window)
        self._sketch.raise_to(key, node.hits)
        self._nodes[key] = node
        self._window.append(node)
        while self._window.weight > self._window.capacity:
            self._leave_window(self._window.take(self._window.oldest()))
        return key in self._nodes

    def discard(self, key: str) -> None:
        """Drops a value, if it is held."""
        node = self._nodes.pop(key, None)
        if node is not None:
            node.segment.take(node)

    def clear(self) -> None:
        """Drops all values; what was popular is still known."""
        self._nodes.clear()
        for segment in (self._window, self._probation, self._protected):
            segment.clear()
            segment.weight = 0

    def _leave_window(self, newcomer: _Node[V]) -> None:
        needed = self._main_weight() + newcomer.weight - (self.capacity - self._window.capacity)
        victims = self._take_victims(needed)
        if not victims or sum(_frequency(node) for node in victims) < _frequency(newcomer):
            for victim in victims:
                self._evict(victim)
            self._probation.append(newcomer)
        else:
            for victim in reversed(victims):
                self._probation.append(victim)
                self._probation.move_to_end(victim.key, last=False)
            self._evict(newcomer)

    def _take_victims(self, needed: int) -> list[_Node[V]]:
        """The least recently used ones that make so much room; who was hit meanwhile is promoted instead."""
        victims: list[_Node[V]] = []
        while needed > 0:
            victim = self._next_victim()
            victims.append(self._probation.take(victim))
            needed -= victim.weight
        return victims

    def _next_victim(self) -> _Node[V]:
        while True:
            if not self._probation:
                self._demote_one()
            node = self._probation.oldest()
            if node.hits == node.seen:
                return node
            node.seen = node.hits
            self._protected.append(self._probation.take(node))
            while self._protected.weight > self._protected.capacity:
                self._demote_one()

    def _demote_one(self) -> None:
        for _ in range(len(self._protected)):
            node = self._protected.oldest()
            if node.hits == node.seen:
                break
            node.seen = node.hits
            self._protected.move_to_end(node.key)
        if self._protected:
            self._probation.append(self._protected.take(self._protected.oldest()))

    def _evict(self, node: _Node[V]) -> None:
        self.evictions += 1
        del self._nodes[node.key]
        self._sketch.raise_to(node.key, _frequency(node))

    def _main_weight(self) -> int:
        return self._probation.weight + self._protected.weight

    def _age(self) -> None:
        accesses = self.hits + self.misses
        if accesses - self._aged_at < max(_LEAST_SAMPLE, _SAMPLE * len(self._nodes)):
            return
        self._aged_at = accesses
        self._sketch.halve()
        for node in self._nodes.values():
            was_hit = node.hits > node.seen
            node.hits //= 2
            node.seen = node.hits - was_hit


def _frequency(node: _Node[V]) -> int:
    return min(node.hits, MOST)
