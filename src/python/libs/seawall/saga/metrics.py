"""What sagas show of themselves."""

from prometheus_client import Counter, Gauge

from seawall.saga.statements import AGES
from seawall.sql import Database

# Longer than all steps of any saga of ours may take together.
STUCK_SECONDS = 300.0

ENDED = Counter("seawall_sagas_ended_total", "Sagas that ended", ["definition", "status"])
REPEATED = Counter("seawall_saga_commands_repeated_total", "Commands sent again", ["definition", "step"])
UNDONE_AGAIN = Counter(
    "seawall_saga_compensations_repeated_total", "Compensations sent again", ["definition", "step"]
)
IGNORED = Counter("seawall_saga_replies_ignored_total", "Replies that were late or repeated", ["definition"])
_RUNNING = Gauge("seawall_sagas_running", "Sagas that have not ended, counted to 100,000", ["definition"])
_COMPENSATING = Gauge("seawall_sagas_compensating", "Those of them that are being undone", ["definition"])
_OLDEST = Gauge("seawall_saga_oldest_seconds", "Age of the oldest saga that has not ended", ["definition"])
_STUCK = Gauge("seawall_sagas_stuck", "Sagas that run for longer than they ever should", ["definition"])


async def measure(database: Database, definition: str, stuck_seconds: float) -> None:
    """Sets the gauges of the sagas that have not ended; reads these only."""
    parameters = {"definition": definition, "stuck_seconds": stuck_seconds}
    async with database.connection() as connection:
        ages = (await connection.execute(AGES, parameters)).one()
    _RUNNING.labels(definition).set(ages.running)
    _COMPENSATING.labels(definition).set(ages.compensating)
    _OLDEST.labels(definition).set(float(ages.oldest_seconds))
    _STUCK.labels(definition).set(ages.stuck)
