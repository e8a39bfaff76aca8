"""A Kafka of one test alone, which it stops and starts."""

import shutil
from pathlib import Path

from seawall.testing import free_port
from tools.devstack.process import Process
from tools.devstack.progress import silent
from tools.devstack.readiness import start_server
from tools.devstack.servers.kafka import KafkaServer

GRACE_SECONDS = 30.0


class Kafka:
    """One that a test stops and starts."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._server = KafkaServer(folder / "kafka", free_port())
        self._process: Process | None = None
        self.url = self._server.url

    async def start(self) -> None:
        self._process = await start_server(self._server, self._folder / "kafka.log", silent())

    async def stop(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            await process.stop()

    def lose_all_data(self) -> None:
        shutil.rmtree(self._folder / "kafka")
