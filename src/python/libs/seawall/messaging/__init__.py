"""Messages between services: a publisher, a subscriber, an outbox and an inbox."""

from seawall.extras import extra

with extra("kafka"):
    from seawall.messaging.broker import open_broker
    from seawall.messaging.context import (
        current_deadline_ms,
        deadline_ms_of,
        expired,
        headers_of,
        origin_of,
        working_on,
    )
    from seawall.messaging.decoding import decode
    from seawall.messaging.errors import BrokerUnavailable, MessagingError, PublishFailed, Undecodable
    from seawall.messaging.gauges import measure_tables
    from seawall.messaging.inbox import ADMITTED, admission, admit, fresh, purge_inbox
    from seawall.messaging.message import Message, outgoing
    from seawall.messaging.outbox import NOTIFY, Outbox, added, addition
    from seawall.messaging.ports import Broker, Handler, Publisher, Subscriber
    from seawall.messaging.relay import OutboxRelay
    from seawall.messaging.tables import create_inbox, create_outbox

__all__ = [
    "ADMITTED",
    "NOTIFY",
    "Broker",
    "BrokerUnavailable",
    "Handler",
    "Message",
    "MessagingError",
    "Outbox",
    "OutboxRelay",
    "PublishFailed",
    "Publisher",
    "Subscriber",
    "Undecodable",
    "added",
    "addition",
    "admission",
    "admit",
    "create_inbox",
    "create_outbox",
    "current_deadline_ms",
    "deadline_ms_of",
    "decode",
    "expired",
    "fresh",
    "headers_of",
    "measure_tables",
    "open_broker",
    "origin_of",
    "outgoing",
    "purge_inbox",
    "working_on",
]
