"""A producer whose broker has gone does not spin."""

from seawall.messaging.kafka_pace import pace_metadata


class Client:
    """An aiokafka client: what it answers to each request for metadata."""

    def __init__(self, *answers: bool) -> None:
        self.answers = list(answers)

    async def _metadata_update(self, cluster, topics) -> bool:
        return self.answers.pop(0)


async def test_only_a_failed_update_is_followed_by_a_pause():
    """Answers are passed on as they are; while brokers answer nothing takes longer."""
    client = Client(True, False, False, True)
    pauses: list[int] = []

    async def pause():
        pauses.append(len(client.answers))

    pace_metadata(client, pause)
    assert [await client._metadata_update(None, None) for _ in range(4)] == [True, False, False, True]
    assert pauses == [2, 1]
