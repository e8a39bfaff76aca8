"""`up` starts, keeps and stops the shop, and leaves nothing."""

import os
import signal
import socket
import time

import aiohttp
import psutil
import pytest

from e2e.running import alive, running_up
from e2e.shopping import SALE, Customer
from tools.devstack.stack import Stack

# A service that needs no server starts in a second: enough where only the supervisor is looked at.
SMALL = ("--only", "psp_simulator")


@pytest.fixture
def up():
    """`up` in a folder of its own, not started yet."""
    with running_up() as up:
        yield up


async def test_data_survives_a_restart(up):
    """An order made before is still there after; so are the customer, his password and the address."""
    stack = up.start()
    async with aiohttp.ClientSession() as http:
        customer = await Customer.sign_in(
            http, stack.gateway_url, stack.customer_email, stack.customer_password
        )
        placed = await customer.buy(SALE, await customer.sku_on_sale())
        assert (await customer.follow(placed.order["order_id"]))[-1] == "confirmed"
    family = up.family()
    assert up.signal(signal.SIGINT) == 0
    assert alive(family) == []

    again = up.start()
    assert again.databases == stack.databases
    async with aiohttp.ClientSession() as http:
        customer = await Customer.sign_in(
            http, again.gateway_url, stack.customer_email, stack.customer_password
        )
        order = await customer.get(f"/v1/orders/{placed.order['order_id']}")
    assert order["state"] == "confirmed"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_everything(up, number):
    """Exit code 0, no process left, no stack to be found."""
    up.start("--only", "catalog,psp_simulator")
    family = up.family()
    assert len(family) > 3
    assert up.signal(number) == 0
    assert alive(family) == []
    assert Stack.find(up.data_dir) is None


def test_a_killed_supervisor_leaves_nothing_for_the_next_start(up):
    """kill -9 of `up`: what it started ends with it, or at the next start."""
    up.start("--only", "accounts")
    family = up.family()
    up.signal(signal.SIGKILL)
    up.start("--only", "accounts")
    assert alive(family) == []


def test_a_killed_service_is_reported_and_started_again(up):
    """On the same address."""
    stack = up.start(*SMALL)
    os.kill(stack.processes["psp_simulator"], signal.SIGKILL)
    wait_for(lambda: up.output().count("psp_simulator is ready") == 2)
    assert "psp_simulator was killed by signal 9; starting it again in 0.5 s" in up.output()
    again = Stack.find(up.data_dir)
    assert again is not None
    assert again.services == stack.services
    assert again.processes["psp_simulator"] != stack.processes["psp_simulator"]


def test_detach_status_and_stop(up):
    """In the background until it is told to stop; status says what runs, before and after."""
    before = up.run("--status")
    assert (before.returncode, before.stdout) == (1, f"nothing is up in {up.data_dir}\n")

    started = up.run(*SMALL, "--detach")
    assert started.returncode == 0, started.stderr
    assert "psp_simulator is ready" in started.stdout
    stack = Stack.find(up.data_dir)
    assert stack is not None
    processes = [psutil.Process(pid) for pid in (stack.supervisor.pid, *stack.processes.values())]

    status = up.run("--status")
    assert status.returncode == 0
    assert "psp_simulator" in status.stdout
    assert "ready" in status.stdout

    stopped = up.run("--stop")
    assert (stopped.returncode, stopped.stdout) == (0, f"the stack in {up.data_dir} is stopped\n")
    assert alive(processes) == []
    assert up.run("--stop").stdout == f"nothing is up in {up.data_dir}\n"


def test_a_second_up_in_the_same_folder_is_refused(up):
    """With the process that holds it and what to do."""
    stack = up.start(*SMALL)
    second = up.run(*SMALL)
    assert second.returncode == 1
    assert second.stderr.count("\n") == 1
    assert f"already up in {up.data_dir} (process {stack.supervisor.pid})" in second.stderr


def test_two_shops_side_by_side(up):
    """In two folders they do not meet."""
    with running_up() as other:
        first, second = up.start(*SMALL), other.start(*SMALL)
        assert first.services != second.services


@pytest.mark.parametrize("mode", [(), ("--detach",)])
def test_a_public_port_in_use_is_one_line(up, mode):
    """It names the port and the flag; nothing is left running."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = up.run("--port", str(port), *mode)
    assert result.returncode == 1
    assert result.stderr.count("\n") + result.stdout.count("\n") == 1
    assert f"port {port} is in use; choose another with --port" in result.stderr + result.stdout
    assert up.run("--status").returncode == 1


def test_a_failed_download_is_one_line(up, tmp_path):
    """It names what could not be had and what to do; what had started is ended."""
    nowhere = {"SEAWALL_CACHE": str(tmp_path), "SEAWALL_MAVEN_REPOSITORY": "http://127.0.0.1:9"}
    result = up.run("--port", "0", **nowhere)
    assert result.returncode == 1
    assert result.stderr.count("\n") == 1
    assert "cannot be downloaded" in result.stderr
    assert "SEAWALL_MAVEN_REPOSITORY" in result.stderr
    assert processes_in(up.data_dir) == []


def test_a_service_that_cannot_start_is_one_line(up):
    """Its last words and where its log is; nothing is left running."""
    up.start("--only", "accounts")
    up.signal(signal.SIGINT)
    (up.data_dir / "signing-key.pem").write_text("not a key")
    result = up.run("--only", "accounts", "--port", "0")
    assert result.returncode == 1
    assert result.stderr.count("\n") == 1
    assert "accounts ended with code" in result.stderr
    assert "signing key is not" in result.stderr
    assert f"{up.data_dir}/logs/accounts.log" in result.stderr
    assert processes_in(up.data_dir) == []


def test_fresh_drops_the_data(up):
    """New passwords, too."""
    first = up.start("--only", "accounts")
    assert up.signal(signal.SIGINT) == 0
    second = up.start("--only", "accounts", "--fresh")
    assert first.databases["accounts"] != second.databases["accounts"]


def processes_in(folder):
    """Those whose command or working directory is in the folder."""
    found = []
    for process in psutil.process_iter():
        try:
            if str(folder) in " ".join([process.cwd(), *process.cmdline()]):
                found.append(process)
        except psutil.Error:
            continue
    return found


def wait_for(condition, timeout_seconds=20):
    deadline = time.monotonic() + timeout_seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
