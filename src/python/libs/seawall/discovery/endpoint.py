"""Where one instance of a service is reached."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Endpoint:
    """A host (a name or an IP address) and a port."""

    host: str
    port: int

    @property
    def address(self) -> str:
        """As in a URL: IPv6 addresses are in brackets."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @staticmethod
    def parse(text: str) -> "Endpoint":
        """Reads `host:port`. Errors: ValueError."""
        host, _, port = text.strip().rpartition(":")
        if not host or not port.isdecimal() or not 0 < int(port) < 65536:
            raise ValueError(f"an endpoint is host:port, not {text!r}")
        return Endpoint(host.removeprefix("[").removesuffix("]"), int(port))
