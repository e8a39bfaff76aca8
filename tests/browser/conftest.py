"""A stack of its own for the browser, and a real Chromium."""

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.async_api import Browser, async_playwright

from real_servers import unique  # noqa: F401 - a fixture
from tools.devstack.stack import Stack

CHROMIUM = Path("/usr/bin/chromium")
START_TIMEOUT_SECONDS = 300


@dataclass(frozen=True)
class Shop:
    """A shop that is open."""

    url: str


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A fresh stack, started as `up` starts it, and stopped at the end."""
    if not CHROMIUM.exists():
        pytest.skip(f"no Chromium at {CHROMIUM}; install it with: apt-get install chromium")
    data_dir = tmp_path_factory.mktemp("stack")
    started = _up("--data-dir", str(data_dir), "--port", "0", "--detach")
    try:
        assert started.returncode == 0, started.stdout + started.stderr
        stack = Stack.find(data_dir)
        assert stack is not None
        yield Shop(stack.gateway_url)
    finally:
        _up("--data-dir", str(data_dir), "--stop")


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    """Debian's Chromium, without a window."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield browser
        await browser.close()


def _up(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tools.devstack.cli", *arguments]
    environment = _environment()
    return subprocess.run(
        command, capture_output=True, text=True, timeout=START_TIMEOUT_SECONDS, check=False, env=environment
    )


def _environment() -> dict[str, str]:
    return dict(os.environ) | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
