"""A program of the control plane as a server that the devstack's supervisor starts and watches."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tools.devstack.ports import LOOPBACK
from tools.devstack.process import Launch
from tools.devstack.progress import Progress
from tools.devstack.stack import write_private
from tools.kubelab.health import is_well


@dataclass(frozen=True)
class Component:
    """Ready when `health` answers 200 on `port`, over TLS if `tls`. It finds `files` in its folder."""

    name: str
    program: str
    port: int
    flags: Mapping[str, str | bool]
    folder: Path
    health: str = "/healthz"
    tls: bool = True
    environment: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """host:port of what it serves."""
        return f"{LOOPBACK}:{self.port}"

    async def prepare(self, progress: Progress) -> None:
        """Its folder, with its files, which are for nobody else."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for name, content in self.files.items():
            write_private(self.folder / name, content)

    def launch(self) -> Launch:
        """It listens on loopback alone, as all its flags say."""
        values = {
            name: str(value).lower() if isinstance(value, bool) else value
            for name, value in self.flags.items()
        }
        arguments = [f"--{name}={value}" for name, value in values.items()]
        return Launch(
            [self.program, *arguments], env={"HOME": str(self.folder), **self.environment}, cwd=self.folder
        )

    async def is_ready(self) -> bool:
        """By its own word."""
        return await is_well(self.port, self.health, tls=self.tls)
