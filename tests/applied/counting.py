"""What simulated pods would have counted, as Prometheus scrapes it: they serve nothing themselves."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from applied.rush import NAMESPACE, SERVICE, Rush


@dataclass
class Counting:
    """Requests of a rush, spread over the pods that are ready, and what the first consumer group lags behind.

    `is_away` answers nobody, as an exporter that cannot be reached.
    """

    rush: Rush
    groups: tuple[str, ...]
    is_away: bool = False
    _totals: dict[str, float] = field(default_factory=dict)
    _at: float = field(default_factory=time.monotonic)

    def exposition(self) -> str:
        """The counters now. A pod that has gone is counted no more; one that came begins at nothing."""
        now, pods = time.monotonic(), self.rush.pods_seen
        grown = self.rush.requests * (now - self._at) / max(1, len(pods))
        self._totals = {pod: self._totals.get(pod, 0.0) + grown for pod in pods}
        self._at = now
        labels = f'namespace="{NAMESPACE}",app_kubernetes_io_name="{SERVICE}"'
        lines = [
            f'seawall_http_requests_total{{{labels},pod="{pod}"}} {total}'
            for pod, total in self._totals.items()
        ]
        for group in self.groups:
            waiting = self.rush.messages if group == self.groups[0] else 0
            lines.append(f'seawall_consumer_lag{{{labels},group="{group}"}} {waiting}')
        return "\n".join([*lines, ""])

    @contextmanager
    def scraped_by(self, targets: Path) -> Iterator[None]:
        """Serves it on loopback, and tells a Prometheus that reads this folder for targets."""
        server = HTTPServer(("127.0.0.1", 0), _handler(self))
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            targets.mkdir(exist_ok=True)
            address = f"127.0.0.1:{server.server_port}"
            (targets / f"{SERVICE}.json").write_text(json.dumps([{"targets": [address]}]))
            yield
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


def _handler(counting: Counting) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = b"" if counting.is_away else counting.exposition().encode()
            self.send_response(503 if counting.is_away else 200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """It would fill the output of the tests."""

    return Handler
