"""The rounds: each system is started anew, alone, and climbs to its limit; then the next one."""

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from tools.bench.accept import AcceptFigures
from tools.bench.flags import ACCEPT, PURCHASE, SKUS, Flags
from tools.bench.reference_system import reference_system
from tools.bench.seawall_system import SeawallSystem, seawall_system
from tools.bench.step import Figures

REFERENCE, HOT, MANY = "reference", "Seawall, 1 SKU", "Seawall, many SKUs"
WARM_UP_SECONDS = 4

GROWTH = 1.25
MISSES = 2

Step = Callable[[str, float, int, int], Awaitable[Figures]]


@dataclass
class Round:
    """What one round showed: the steps of each climb by its name, and the accept latency."""

    climbs: dict[str, list[Figures]] = field(default_factory=dict)
    accept: AcceptFigures | None = None


class Bench:
    """Runs rounds until all are done or the time is over."""

    def __init__(self, flags: Flags) -> None:
        self._flags = flags
        self._ends_at = time.monotonic() + flags.limit_minutes * 60
        self._run_id = f"bench-{int(time.time())}"
        self._sales = 0
        self.rounds: list[Round] = []

    async def run(self) -> None:
        """Fills `rounds`. Errors: DevstackError, StackError, PreparationError."""
        for number in range(1, self._flags.rounds + 1):
            if self._time_is_over():
                break
            this = Round()
            self.rounds.append(this)
            if PURCHASE in self._flags.only:
                await self._reference(number, this)
            if not self._time_is_over():
                await self._seawall(number, this)

    async def _reference(self, number: int, this: Round) -> None:
        self._say(number, "starting the reference")
        async with reference_system(self._flags) as system:
            rate = self._flags.reference_rate
            await self._warm_up(system.step, rate)
            await self._climb(number, this, REFERENCE, system.step, rate, sku_count=1)

    async def _seawall(self, number: int, this: Round) -> None:
        self._say(number, "starting Seawall")
        async with seawall_system(self._flags) as system:
            rate = self._flags.seawall_rate
            await self._warm_up(system.step, rate)
            climbs = [(HOT, 1)] + ([(MANY, self._flags.skus)] if SKUS in self._flags.only else [])
            # Who comes second finds fuller tables: they take turns.
            for name, sku_count in climbs if number % 2 else reversed(climbs):
                await self._climb(number, this, name, system.step, rate, sku_count)
            if ACCEPT in self._flags.only and this.climbs[HOT] and not self._time_is_over():
                await self._accept(number, this, system)

    async def _warm_up(self, step: Step, rate: float) -> None:
        await step(self._sale_id(), rate, WARM_UP_SECONDS, 1)

    async def _climb(
        self, number: int, this: Round, name: str, step: Step, first_rate: float, sku_count: int
    ) -> None:
        steps = this.climbs.setdefault(name, [])
        rate: float | None = first_rate
        while rate and len(steps) < self._flags.steps and not self._time_is_over():
            found = await step(self._sale_id(), rate, self._flags.seconds, sku_count)
            steps.append(found)
            self._say(number, f"{name}: {_line(found)}")
            rate = next_rate(steps)

    async def _accept(self, number: int, this: Round, system: SeawallSystem) -> None:
        steps = this.climbs[HOT]
        knee = max((step.offered for step in steps if step.held), default=steps[0].confirmed)
        found = await system.accept(self._sale_id(), max(10.0, knee / 2), self._flags.seconds)
        this.accept = found
        self._say(
            number,
            f"p99 of the 202 at {found.rate:.0f}/s: bare {found.bare_p99_ms:.1f} ms, ours "
            f"{found.ours_p99_ms:.1f} ms, with a provider of 5 s {found.slow_p99_ms:.1f} ms",
        )

    def _time_is_over(self) -> bool:
        return time.monotonic() > self._ends_at

    def _sale_id(self) -> str:
        self._sales += 1
        return f"{self._run_id}-{self._sales}"

    def _say(self, number: int, text: str) -> None:
        print(f"round {number}/{self._flags.rounds}  {text}", flush=True)


def next_rate(steps: Sequence[Figures]) -> float | None:
    """Up while rates are held, and once more after a miss; down from a first one that was not held.

    None: the highest rate that is held is known, and so is what comes through beyond it.
    """
    held = max((step.offered for step in steps if step.held), default=0.0)
    if not held:
        return steps[-1].offered / GROWTH**2
    missed = sum(step.offered > held for step in steps)
    came_down = not steps[0].held
    return None if missed >= MISSES or came_down else steps[-1].offered * GROWTH


def _line(found: Figures) -> str:
    verdict = "held" if found.held else "not held"
    return (
        f"{found.arrivals:.0f}/s came, {found.confirmed:.0f}/s confirmed ({verdict}), "
        f"answer p50 {found.answer_p50_ms:.0f} p99 {found.answer_p99_ms:.0f} ms, "
        f"to confirmed p50 {found.confirm_p50_ms:.0f} p99 {found.confirm_p99_ms:.0f} ms, "
        f"{found.turned_away} turned away, {found.cpu_ms_per_order:.1f} ms of CPU per order, "
        f"{found.others_cores:.1f} cores used by others"
    )
