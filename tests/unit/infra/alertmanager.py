"""Alertmanager and its tool, on a configuration of ours."""

import json
import shutil
import socket
import subprocess
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

AMTOOL = shutil.which("amtool")
ALERTMANAGER = shutil.which("alertmanager")
WHERE = "go install github.com/prometheus/alertmanager/cmd/{amtool,alertmanager}@v0.28.1"
HOST = "127.0.0.1"


def amtool(*arguments: str) -> str:
    """What it says. Raises CalledProcessError where it refuses."""
    done = subprocess.run([str(AMTOOL), *arguments], capture_output=True, text=True, check=True)
    return done.stdout


@contextmanager
def running(folder: Path, configuration: str) -> Iterator[str]:
    """Its address. JSON is YAML."""
    file = folder / "alertmanager.yml"
    file.write_text(configuration)
    with socket.create_server((HOST, 0)) as free:
        url = f"http://{HOST}:{free.getsockname()[1]}"
    arguments = [f"--config.file={file}", f"--storage.path={folder}", "--cluster.listen-address="]
    with subprocess.Popen([str(ALERTMANAGER), *arguments, f"--web.listen-address={url[7:]}"]) as process:
        try:
            _until_ready(url, process)
            yield url
        finally:
            process.terminate()


def _until_ready(url: str, process: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + 30
    while time.monotonic() < end and process.poll() is None:
        try:
            urllib.request.urlopen(f"{url}/-/ready", timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError(f"Alertmanager is not ready: {process.poll()}")


def fire(url: str, **labels: str) -> None:
    """As Prometheus does when a rule has had a result for long enough."""
    alert = {"labels": labels, "annotations": {"summary": "It burns", "runbook": "docs/runbooks/sale-day.md"}}
    body = json.dumps([alert]).encode()
    request = urllib.request.Request(f"{url}/api/v2/alerts", body, {"Content-Type": "application/json"})
    urllib.request.urlopen(request, timeout=5).close()


def states(url: str, **labels: str) -> dict[str, str]:
    """Of the alerts with these labels, by objective: active, or suppressed by another."""
    wanted = urllib.parse.urlencode([("filter", f'{name}="{value}"') for name, value in labels.items()])
    with urllib.request.urlopen(f"{url}/api/v2/alerts?{wanted}", timeout=5) as answer:
        return {each["labels"]["objective"]: each["status"]["state"] for each in json.load(answer)}


@contextmanager
def people() -> Iterator[tuple[str, list[Any]]]:
    """Where a webhook calls, and what it said so far."""
    heard: list[Any] = []

    class Ear(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

    server = HTTPServer((HOST, 0), Ear)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://{HOST}:{server.server_port}/", heard
    finally:
        server.shutdown()
        server.server_close()
