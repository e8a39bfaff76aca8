"""The trace and the deadline of a command, from a service's outbox into another one's handler and answer."""

from collections.abc import Sequence

from contract.messaging.adapters import Adapter
from contract.messaging.bench import Seen, database_with_tables, running
from seawall.messaging import Message, Outbox, OutboxRelay, admit, deadline_ms_of, outgoing, working_on
from seawall.telemetry import bind_correlation_id, bind_traceparent
from seawall.testing import until
from shop.inventory.v1.inventory_pb2 import CommitStock, StockCommitted

TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


async def test_trace_and_deadline_travel_through_outbox_broker_and_inbox(
    adapter: Adapter, database_url: str, unique: str
) -> None:
    """The answer belongs to the trace of its command; the deadline is the command's alone."""
    outbox, commands, answers = Outbox(), Seen(), Seen()
    answer_topic = f"{unique}.answers"
    async with database_with_tables(database_url) as database, adapter.topic(unique) as broker:
        await broker.ensure_topics({answer_topic: 1})

        async def handle(messages: Sequence[Message]) -> None:
            async with database.transaction() as connection:
                for command in await admit(connection, "consumer", messages):
                    with working_on(command):
                        done = StockCommitted(order_id=command.key)
                        answer = outgoing(answer_topic, command.key, done, source="tests")
                    await outbox.add(connection, [answer])
            await commands(messages)

        with bind_correlation_id("edge-1"), bind_traceparent(TRACEPARENT):
            command = outgoing(
                unique, "k", CommitStock(order_id="k"), source="tests", deadline_ms=1_900_000_000_000
            )
        async with database.transaction() as connection:
            await outbox.add(connection, [command])
        async with (
            broker.publisher() as publisher,
            running(OutboxRelay(database, publisher, service="s").run()),
            running(broker.subscriber([unique], unique).run(handle)),
            running(broker.subscriber([answer_topic], unique + "a").run(answers)),
        ):
            await until(lambda: answers.messages, timeout_seconds=30)
    assert deadline_ms_of(commands.messages[0]) == 1_900_000_000_000
    assert answers.messages[0].correlation_id == "edge-1"
    assert answers.messages[0].headers == {"traceparent": TRACEPARENT}
