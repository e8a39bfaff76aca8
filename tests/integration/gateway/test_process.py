"""`python -m services.gateway`: the whole process, with Envoy as its child."""

import asyncio
import contextlib
import json
import os
import signal
import sys

import aiohttp
import psutil
import pytest
from prometheus_client.parser import text_string_to_metric_families

from seawall.testing import free_port, until

# Those of Envoy in infra/pulumi/measured.yaml.
READ_BY_DASHBOARDS = {
    "envoy_cluster_upstream_rq_pending_overflow",
    "envoy_http_downstream_cx_active",
    "envoy_http_downstream_rq_xx",
    "envoy_http_jwt_authn_denied",
    "envoy_http_rq_overload_local_reply",
}


class Running:
    """The process and its addresses."""

    def __init__(self, process, control_port, public_port):
        self.process = process
        self.control = f"http://127.0.0.1:{control_port}"
        self.public = f"http://127.0.0.1:{public_port}"

    def envoy(self):
        return psutil.Process(self.process.pid).children()[0]


@pytest.fixture
def start(tmp_path):
    """A function that starts the process with settings; ended with the test."""

    @contextlib.asynccontextmanager
    async def started(**settings):
        control_port, public_port = free_port(), free_port()
        environment = {name: value for name, value in os.environ.items() if not name.startswith("SEAWALL_")}
        environment |= {
            "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
            "SEAWALL_PORT": str(control_port),
            "SEAWALL_LISTEN_PORT": str(public_port),
            "SEAWALL_XDS_DIR": str(tmp_path / "xds"),
            **settings,
        }
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "services.gateway"),
            env=environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            yield Running(process, control_port, public_port)
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    return started


async def test_it_serves_and_stops_by_sigterm(start):
    """Ready when Envoy serves; exit code 0 and no Envoy after SIGTERM."""
    async with start() as running, aiohttp.ClientSession() as http:
        await until(lambda: answers(http, f"{running.control}/readyz"), 20)
        async with http.get(f"{running.public}/v1/orders") as response:
            assert response.status == 401
        envoy = running.envoy()
        running.process.terminate()
        assert await running.process.wait() == 0
        await until(lambda: not envoy.is_running())


async def test_envoys_statistics_are_told_to_who_scrapes_and_to_nobody_else(start):
    """What Envoy answered by itself is counted; the public door and the admin interface stay shut."""
    async with start() as running, aiohttp.ClientSession() as http:
        await until(lambda: answers(http, f"{running.control}/readyz"), 20)
        async with http.get(f"{running.public}/v1/orders") as response:
            assert response.status == 401
        assert await until(lambda: refused_by_envoy(http, running)) == 1
        async with http.get(f"{running.public}/metrics/envoy") as response:
            assert "envoy_http_downstream_rq_xx" not in await response.text()
        async with http.get(f"{running.control}/stats/prometheus") as response:
            assert response.status == 404
        running.envoy().send_signal(signal.SIGSTOP)
        async with http.get(f"{running.control}/metrics/envoy") as response:
            assert (response.status, (await response.json())["type"]) == (
                503,
                "urn:seawall:problem:envoy-down",
            )


async def refused_by_envoy(http, running):
    async with http.get(f"{running.control}/metrics/envoy") as response:
        families = {each.name: each for each in text_string_to_metric_families(await response.text())}
    assert families.keys() >= READ_BY_DASHBOARDS
    answered = families["envoy_http_downstream_rq_xx"].samples
    mine = {"envoy_response_code_class": "4", "envoy_http_conn_manager_prefix": "public"}
    return sum(sample.value for sample in answered if sample.labels == mine)


async def test_the_access_log_is_json_with_the_correlation_id(start):
    """In the shape of the services' logs; without the query string."""
    async with start() as running, aiohttp.ClientSession() as http:
        await until(lambda: answers(http, f"{running.control}/readyz"), 20)
        async with http.get(f"{running.public}/v1/orders?secret=1") as response:
            correlation_id = response.headers["x-request-id"]
        running.process.terminate()
        output, _ = await running.process.communicate()
    assert b"secret" not in output
    lines = [json.loads(line) for line in output.splitlines()]
    [line] = [line for line in lines if line.get("correlation_id") == correlation_id]
    assert (
        line.items() >= {"service": "gateway", "route": "orders", "path": "/v1/orders", "status": 401}.items()
    )


async def test_envoy_does_not_outlive_a_killed_gateway(start):
    """kill -9 leaves no proxy that nobody watches."""
    async with start() as running, aiohttp.ClientSession() as http:
        await until(lambda: answers(http, f"{running.control}/readyz"), 20)
        envoy = running.envoy()
        running.process.send_signal(signal.SIGKILL)
        await running.process.wait()
        await until(lambda: not envoy.is_running())


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        ({"SEAWALL_ROUTES_FILE": "absent.yaml"}, "absent.yaml:1: file: cannot be read"),
        ({"SEAWALL_ENDPOINTS": "orders"}, "SEAWALL_ENDPOINTS: "),
        ({"SEAWALL_LISTEN_PRT": "1"}, "SEAWALL_LISTEN_PRT: there is no such setting"),
    ],
)
async def test_wrong_settings_are_one_line_and_exit_code_2(start, settings, line):
    """Before anything is opened."""
    async with start(**settings) as running:
        _, error = await running.process.communicate()
    assert running.process.returncode == 2
    assert error.decode().startswith(line)
    assert error.count(b"\n") == 1


async def test_an_envoy_that_cannot_be_run_is_said(start):
    """Exit code 1."""
    async with start(SEAWALL_ENVOY_PATH="/nowhere/envoy") as running:
        output, _ = await running.process.communicate()
    assert running.process.returncode == 1
    assert b"/nowhere/envoy" in output


async def answers(http, url):
    try:
        async with http.get(url) as response:
            return response.status == 200
    except aiohttp.ClientError:
        return False
