"""Everything that payments is made of, wired once."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path

from aiohttp import web

from seawall.messaging import Broker, Outbox, OutboxRelay, measure_tables, open_broker
from seawall.sql import STORE_AWAY, Database, GroupCommit, is_outage, open_database, upgrade
from seawall.web import READINESS, background, every, web_service
from services.payments.adapters import events
from services.payments.adapters.charges_sql import SqlChargeBook, SqlChargeQueue, settle
from services.payments.adapters.provider_http import open_provider
from services.payments.domain import Outcome
from services.payments.entrypoints import command_consumer
from services.payments.entrypoints.charger import Charger
from services.payments.entrypoints.command_consumer import CommandConsumer
from services.payments.ports import Provider
from services.payments.settings import Settings

MIGRATIONS = Path(__file__).parent / "migrations"
TOPICS = {command_consumer.TOPIC: 4, events.TOPIC: 4}
# The provider takes longer: outcomes that wait for each other are few transactions, and delay nobody.
SETTLE_SECONDS = 0.02

OpenBroker = Callable[..., AbstractAsyncContextManager[Broker]]


def build(settings: Settings, open_broker: OpenBroker = open_broker) -> web.Application:
    """The service, not started yet. Tests open a corner of the broker of their own."""
    lifetime = partial(_lifetime, settings, open_broker)
    return web_service(settings, name="payments", routes=[], lifetime=lifetime)


async def _lifetime(settings: Settings, open_broker: OpenBroker, app: web.Application) -> AsyncIterator[None]:
    async with (
        open_database(settings.database_url) as database,
        open_broker(settings.broker_url, client="payments", topics=TOPICS) as broker,
        broker.publisher() as publisher,
        open_provider(settings.provider_url, timeout_seconds=settings.provider_timeout_seconds) as provider,
    ):
        await app[READINESS].needs("database", database.ping, is_outage)
        if settings.migrate_on_start:
            await upgrade(settings.database_url, MIGRATIONS)
        relay, outbox = OutboxRelay(database, publisher, service="payments"), Outbox()
        commands = broker.subscriber([command_consumer.TOPIC], command_consumer.CONSUMER)
        async with _charger(settings, database, relay, provider) as charger:
            open_book = partial(SqlChargeBook, outbox, settings.lease_seconds)
            consumer = CommandConsumer(database, open_book, charger)
            async with background(
                relay=relay.run(),
                charger=charger.run(),
                commands=commands.run(consumer.handle),
                measure=every(5.0, partial(measure_tables, database), *STORE_AWAY),
                purge=every(60.0, partial(consumer.purge, settings.inbox_retention_seconds), *STORE_AWAY),
            ) as jobs:
                app[READINESS].add("broker", broker.ping)
                app[READINESS].add("jobs", jobs.check)
                yield


@asynccontextmanager
async def _charger(
    settings: Settings, database: Database, relay: OutboxRelay, provider: Provider
) -> AsyncIterator[Charger]:
    """A charger that is not running yet; at the end its attempts under way are awaited."""
    commits = GroupCommit[Outcome, bool](
        database, settle, one_statement=True, interval_seconds=SETTLE_SECONDS
    )
    async with commits:
        queue = SqlChargeQueue(database, commits, lease_seconds=settings.lease_seconds, wake=relay.wake)
        charger = Charger(queue, provider, concurrency=settings.charge_concurrency)
        try:
            yield charger
        finally:
            await charger.finish(settings.provider_timeout_seconds)
