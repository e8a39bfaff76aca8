"""Kafka by TLS with a password: a broker's URL that begins with kafkas."""

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote

import pytest

from certificates import Certificates, make_certificates
from contract.messaging.bench import Seen, message, running
from contract.messaging.own_kafka import GRACE_SECONDS
from contract.messaging.secure_kafka import PASSWORD, USER, SecureKafka, start_secure
from seawall.messaging import BrokerUnavailable, open_broker
from seawall.messaging.dead_letters import open_dead_letters
from seawall.messaging.kafka_address import kafka_address
from seawall.testing import until


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    return make_certificates(tmp_path / "certificates")


@pytest.fixture
async def server(tmp_path: Path, certificates: Certificates) -> AsyncIterator[SecureKafka]:
    kafka = SecureKafka(tmp_path, certificates)
    process = await start_secure(kafka, tmp_path)
    try:
        yield kafka
    finally:
        await process.stop()


async def test_every_client_goes_by_tls_and_password(server: SecureKafka, certificates: Certificates) -> None:
    """What is published is read; a wrong password and a server whom nobody vouches for are refused."""
    address = f"{server.secure_address}?ca={certificates.authority}"
    url = f"kafkas://{USER}:{quote(PASSWORD, safe='')}@{address}"
    seen = Seen()
    async with open_broker(url, client="tests", topics={"t": 1}) as broker:
        await broker.ping()
        async with broker.publisher() as publisher, running(broker.subscriber(["t"], "g").run(seen)):
            await publisher.publish([message("t", "a", "1")])
            await until(lambda: seen.ids == ["1"], GRACE_SECONDS)
    async with open_dead_letters(url) as letters:
        assert await letters.waiting() == []
    for wrong in (f"kafkas://{USER}:wrong@{address}", url.partition("?")[0]):
        async with open_broker(wrong, client="tests") as broker:
            with pytest.raises(BrokerUnavailable):
                await broker.ping()


@pytest.mark.parametrize(
    "url",
    [
        "kafkas://",
        "kafkas://user:password@",
        "kafka://user:password@h:1",
        "kafka://h:1?ca=/x",
        "kafkas://h:1?cafile=/x",
    ],
)
def test_another_form_is_refused(url: str) -> None:
    """A password never goes in plain text, and an unknown parameter is not passed over."""
    with pytest.raises(ValueError, match="kafkas://"):
        kafka_address(url)


def test_a_user_is_percent_encoded() -> None:
    """A password may have every character."""
    address = kafka_address("kafkas://a%40b:p%2F%3A@h:1,i:2")
    assert address.bootstrap == "h:1,i:2"
    assert address.options["sasl_plain_username"] == "a@b"
    assert address.options["sasl_plain_password"] == "p/:"
