"""A Kafka that is spoken to by TLS only by those who know a password."""

from pathlib import Path

from certificates import Certificates
from seawall.testing import free_port
from tools.devstack.process import Process
from tools.devstack.progress import silent
from tools.devstack.readiness import run_to_end, start_server
from tools.devstack.servers.kafka import KafkaServer

USER, PASSWORD = "orders", "p@ss:/word"
SCRAM = "org.apache.kafka.common.security.scram.ScramLoginModule required;"


class SecureKafka(KafkaServer):
    """Beside its plain listener, which the devstack looks at, one by TLS and SCRAM."""

    def __init__(self, folder: Path, certificates: Certificates) -> None:
        super().__init__(folder / "kafka", free_port())
        self._certificates = certificates
        self.secure_address = f"127.0.0.1:{free_port()}"

    async def add_user(self, log: Path) -> None:
        """Makes USER. The server has to be up."""
        arguments = ["--bootstrap-server", self.address, "--alter"]
        arguments += ["--add-config", f"SCRAM-SHA-512=[password={PASSWORD}]"]
        arguments += ["--entity-type", "users", "--entity-name", USER]
        launch = self._jvm.launch("kafka.admin.ConfigCommand", arguments, self._data_dir)
        await run_to_end("kafka-configs", launch, log)

    def _write_properties(self, log_dir: Path) -> None:
        super()._write_properties(log_dir)
        written = dict(line.split("=", 1) for line in self._properties.read_text().splitlines())
        secure = f",SECURE://{self.secure_address}"
        written["listeners"] += secure
        written["advertised.listeners"] += secure
        written["listener.security.protocol.map"] += ",SECURE:SASL_SSL"
        written |= {
            "sasl.enabled.mechanisms": "SCRAM-SHA-512",
            "listener.name.secure.scram-sha-512.sasl.jaas.config": SCRAM,
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": str(self._certificates.server),
        }
        self._properties.write_text("".join(f"{name}={value}\n" for name, value in written.items()))


async def start_secure(server: SecureKafka, folder: Path) -> Process:
    """Starts it and makes its user."""
    process = await start_server(server, folder / "kafka.log", silent())
    await server.add_user(folder / "user.log")
    return process
