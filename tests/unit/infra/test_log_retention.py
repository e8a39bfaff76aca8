"""The script of the Job, run for real against a server that remembers what it was told."""

import json
import os
import shutil
import subprocess
import threading
from base64 import b64decode
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from unit.infra.program import run_stack

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl here")


@pytest.fixture
def elasticsearch():
    """Its URL, and what it was told, in order. There is no stream yet: it has no lifecycle."""
    told = []

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            told.append((self.path, body, b64decode(self.headers["Authorization"][6:]).decode()))
            self.send_response(404 if self.path.startswith("/_data_stream") else 200)
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_):
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", told
        server.shutdown()
        thread.join()


def test_it_tells_the_days_for_streams_to_come_and_for_the_one_that_is(elasticsearch, tmp_path):
    """As elastic, whose password is on no command line; that there is no stream yet is no failure."""
    url, heard = elasticsearch
    stack = run_stack("kind", observability='{"logs_days": 7}')
    [container] = stack.one("Job", "log-retention").inputs["spec"]["template"]["spec"]["containers"]
    told = {each["name"]: each["value"] for each in container["env"]}
    (tmp_path / "password").write_text("pass-of-elastic")
    here = {
        "URL": url,
        "PASSWORD_FILE": str(tmp_path / "password"),
        "AUTHORITY": str(tmp_path),
    }
    done = subprocess.run(
        container["command"],
        env=os.environ | told | here,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (first, template, who), (second, lifecycle, _) = heard
    assert (first, second) == (
        "/_index_template/logs-seawall-shop",
        "/_data_stream/logs-seawall-shop/_lifecycle",
    )
    assert template["template"]["lifecycle"] == lifecycle == {"data_retention": "7d"}
    assert who == "elastic:pass-of-elastic"
