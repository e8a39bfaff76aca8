"""The service as a process: its settings, its ready line, its end."""

import asyncio
import contextlib
import json
import os
import signal
import sys
import time

import aiohttp
import jwt
import pytest

from integration.shifted_clock import LIBRARIES, ShiftedClock
from real_postgres import own_postgres
from seawall.auth import generate_signing_key
from seawall.testing import free_port


@contextlib.asynccontextmanager
async def started(**environment):
    clean = {name: value for name, value in os.environ.items() if not name.startswith("SEAWALL_")}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "services.accounts",
        env=clean | {"PYTHONPATH": os.pathsep.join(sys.path)} | environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(30):
            yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def ready_port(process):
    async for line in process.stdout:
        entry = json.loads(line)
        if entry["message"] == "ready":
            return entry["port"]
    raise AssertionError((await process.stderr.read()).decode())


@pytest.fixture
def key_file(tmp_path):
    path = tmp_path / "signing-key.pem"
    path.write_text(generate_signing_key())
    return path


async def test_it_serves_until_sigterm(database_url, key_file):
    """It migrates, tells its port, serves the key of the file, and exits with 0 on SIGTERM."""
    settings = {"SEAWALL_DATABASE_URL": database_url, "SEAWALL_SIGNING_KEY_FILE": str(key_file)}
    async with started(**settings, SEAWALL_DRAIN_SECONDS="0.2") as process, aiohttp.ClientSession() as http:
        port = await ready_port(process)
        async with http.get(f"http://127.0.0.1:{port}/.well-known/jwks.json") as response:
            assert (await response.json())["keys"][0]["alg"] == "ES256"
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0


async def test_workers_of_one_start_are_one_service(database_url, key_file):
    """They migrate one after the other, share the port and the keys, and tell of each other."""
    settings = {"SEAWALL_DATABASE_URL": database_url, "SEAWALL_SIGNING_KEY_FILE": str(key_file)}
    async with started(**settings, SEAWALL_WORKERS="2") as process, aiohttp.ClientSession() as http:
        port = await ready_port(process)
        assert await ready_port(process) == port
        answers = set()
        for _ in range(20):
            url = f"http://127.0.0.1:{port}/.well-known/jwks.json"
            async with http.get(url, headers={"Connection": "close"}) as response:
                answers.add(await response.text())
        assert len(answers) == 1
        async with http.get(f"http://127.0.0.1:{port}/readyz") as response:
            assert (await response.json())["reasons"] == {}
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0


async def test_it_starts_before_its_database(tmp_path, key_file):
    """It lives and says what it waits for; it migrates and serves when the database is there."""
    async with own_postgres(tmp_path) as postgres:
        settings = {"SEAWALL_DATABASE_URL": postgres.database(), "SEAWALL_SIGNING_KEY_FILE": str(key_file)}
        await postgres.stop()
        url = f"http://127.0.0.1:{(port := free_port())}"
        async with started(**settings, SEAWALL_PORT=str(port)) as process, aiohttp.ClientSession() as http:
            assert "database does not work" in (await process.stdout.readline()).decode()
            async with http.get(f"{url}/livez") as response:
                assert response.status == 200
            async with http.get(f"{url}/readyz") as response:
                assert (response.status, "database" in (await response.json())["reasons"]) == (503, True)
            await postgres.start()
            assert await ready_port(process) == port
            async with http.get(f"{url}/readyz") as response:
                assert response.status == 200


async def test_a_missing_setting_is_named(key_file):
    """Without a database URL it exits with 2 and says so."""
    async with started(SEAWALL_SIGNING_KEY_FILE=str(key_file)) as process:
        _, errors = await process.communicate()
    assert process.returncode == 2
    assert b"SEAWALL_DATABASE_URL" in errors


async def test_an_unusable_signing_key_is_named(tmp_path):
    """A file that holds no P-256 key is a bad setting: exit status 2."""
    wrong = tmp_path / "wrong.pem"
    wrong.write_text("not a key")
    settings = {"SEAWALL_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}
    async with started(**settings, SEAWALL_SIGNING_KEY_FILE=str(wrong)) as process:
        _, errors = await process.communicate()
    assert process.returncode == 2
    assert b"SEAWALL_SIGNING_KEY" in errors


async def test_half_an_operator_is_refused(key_file):
    """An operator's address without a password is a bad setting: exit status 2."""
    settings = {"SEAWALL_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}
    settings |= {"SEAWALL_SIGNING_KEY_FILE": str(key_file), "SEAWALL_OPERATOR_EMAIL": "boss@shop.example"}
    async with started(**settings) as process:
        _, errors = await process.communicate()
    assert process.returncode == 2
    assert b"operator_password" in errors


@pytest.mark.skipif(not LIBRARIES, reason="no libfaketime; apt-get install libfaketime")
@pytest.mark.parametrize("jump_seconds", [3600, -3600])
async def test_a_clock_that_jumps_makes_good_tokens(database_url, key_file, tmp_path, jump_seconds):
    """They begin now and last as long as they should, by everybody else's clock."""
    clock = ShiftedClock(tmp_path)
    settings = {"SEAWALL_DATABASE_URL": database_url, "SEAWALL_SIGNING_KEY_FILE": str(key_file)}
    ada = {"email": "ada@example.org", "password": "correct horse"}
    async with started(**settings, **clock.environment) as process, aiohttp.ClientSession() as http:
        url = f"http://127.0.0.1:{await ready_port(process)}"
        await http.post(f"{url}/v1/customers", json=ada | {"name": "Ada"}, raise_for_status=True)
        clock.jump(jump_seconds)
        async with http.post(f"{url}/v1/sessions", json=ada) as response:
            token = (await response.json())["access_token"]
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims["iat"] == pytest.approx(time.time(), abs=1800)
    assert claims["exp"] - claims["iat"] == 900
