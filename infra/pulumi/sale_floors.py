"""Sales as floors over time: how many pods there have to be, and from when to when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from settings import Sale


@dataclass(frozen=True)
class Step:
    """From a moment on, these are the floors of the services, and so many pods of headroom are kept."""

    at: datetime
    floors: Mapping[str, int]
    headroom: int


def steps(sales: Sequence[Sale], *, floor: int, headroom: int) -> list[Step]:
    """Each moment at which something changes, in order. Of sales that overlap the highest floor holds.

    `floor` and `headroom` are those of a day without a sale. A service that no sale names is not told.
    """
    moments = sorted({moment for sale in sales for moment in (sale.starts, sale.ends)})
    names = sorted({name for sale in sales for name in sale.replicas})
    return [_step(moment, sales, names, floor, headroom) for moment in moments]


def schedule(moment: datetime) -> str:
    """The moment as a schedule of cron, in UTC. Cron knows no year: it comes again in the next one."""
    at = moment.astimezone(UTC)
    return f"{at.minute} {at.hour} {at.day} {at.month} *"


def ended(sales: Sequence[Sale], now: datetime) -> list[str]:
    """One line for each sale that is over: what is still configured would happen again in a year."""
    return [
        f"sales.{sale.name}: it ended at {sale.ends.isoformat()}; take it out, or it comes again in a year"
        for sale in sales
        if sale.ends <= now
    ]


def _step(moment: datetime, sales: Sequence[Sale], names: Sequence[str], floor: int, headroom: int) -> Step:
    on = [sale for sale in sales if sale.starts <= moment < sale.ends]
    floors = {name: max([floor, *(sale.replicas.get(name, 0) for sale in on)]) for name in names}
    return Step(moment, floors, max([headroom, *(sale.headroom_pods for sale in on)]))
