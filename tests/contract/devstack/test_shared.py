"""Shared test servers: as test processes use them, in a folder of this test's own."""

import os
import subprocess
import sys
import time

import psutil
import pytest

from seawall.testing import until
from tools.devstack.failures import DevstackError
from tools.devstack.servers.probes import ask
from tools.devstack.shared import shared_server
from tools.devstack.shared_state import State, clean_up

USER = (
    "import pathlib, sys; from tools.devstack.shared import shared_server\n"
    "with shared_server('valkey', pathlib.Path(sys.argv[1]), idle_seconds=1) as url:\n"
    "    print(url, flush=True); sys.stdin.read()"
)


@pytest.fixture
def folder(tmp_path):
    yield tmp_path
    for home in tmp_path.iterdir():
        clean_up(home)


def use(folder):
    """A process that uses the server until its input is closed."""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    argv = [sys.executable, "-c", USER, str(folder)]
    return subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env, text=True)


def port_of(url):
    return int(url.rpartition(":")[2].partition("/")[0])


async def answers(url):
    return await ask(port_of(url), b"PING\r\n", 5) == b"+PONG"


def state(folder):
    found = State.read(folder / "valkey")
    assert found is not None
    return found


async def test_same_server_for_all(folder, gone):
    """Processes that come at the same time get one server; it lives until the last has gone, then ends."""
    users = [use(folder) for _ in range(3)]
    urls = [user.stdout.readline().strip() for user in users]
    assert len(set(urls)) == 1
    running = state(folder)
    for user in users[1:]:
        user.communicate()
    time.sleep(2.0)  # noqa: ASYNC251 - longer than it lives unused
    assert await answers(urls[0])

    users[0].communicate()

    processes = [psutil.Process(each.pid) for each in (running.supervisor, running.server)]
    assert gone(processes)
    assert State.read(folder / "valkey") is None
    assert list((folder / "valkey").glob("data-*")) == []


async def test_killed_user_does_not_hold_it(folder, gone):
    """A test process that was killed counts as gone."""
    user = use(folder)
    assert user.stdout.readline()
    server = psutil.Process(state(folder).server.pid)
    user.kill()
    user.communicate()
    assert gone([server])


async def test_killed_supervisor_is_replaced(folder, gone):
    """After kill -9 of the supervisor the next user gets a new server, and no old one is left."""
    with shared_server("valkey", folder, idle_seconds=1) as first:
        old = state(folder)
        killed = psutil.Process(old.supervisor.pid)
        killed.kill()
        assert gone([killed])
        with shared_server("valkey", folder, idle_seconds=1) as second:
            assert await answers(second)
            assert first != second
            assert old.server.find() is None
            assert len(list((folder / "valkey").glob("data-*"))) == 1


async def test_killed_server_is_replaced(folder, gone):
    """After kill -9 of the server itself, too."""
    with shared_server("valkey", folder, idle_seconds=1):
        killed = psutil.Process(state(folder).server.pid)
        killed.kill()
        assert gone([killed])
        with shared_server("valkey", folder, idle_seconds=1) as second:
            assert await answers(second)


async def test_stop_file(folder):
    """A file `stop` ends the server, though somebody uses it; who comes then gets a new one."""
    with shared_server("valkey", folder, idle_seconds=1):
        old = state(folder)
        (folder / "valkey" / "stop").touch()
        await until(lambda: old.server.find() is None)
        with shared_server("valkey", folder, idle_seconds=1) as second:
            assert await answers(second)


def test_failed_start_reaches_the_user(folder, monkeypatch):
    """The reason of a failed start is in the user's error, and the next user tries again."""
    monkeypatch.setenv("SEAWALL_CACHE", str(folder / "empty"))
    monkeypatch.setenv("SEAWALL_MAVEN_REPOSITORY", "http://127.0.0.1:1")
    for _ in range(2):
        with pytest.raises(DevstackError, match=r"the shared kafka did not start: .*cannot be downloaded"):
            with shared_server("kafka", folder):
                pass


def test_unknown_name(folder):
    """A name that is not a server's is refused with those that are."""
    with pytest.raises(DevstackError, match="there are: postgres, valkey, kafka"), shared_server("x", folder):
        pass


def test_folder_of_somebody_else(folder):
    """A folder that others can write into is refused: what lies there would be run."""
    folder.chmod(0o777)
    with pytest.raises(DevstackError, match="not a folder of ours alone"), shared_server("valkey", folder):
        pass
