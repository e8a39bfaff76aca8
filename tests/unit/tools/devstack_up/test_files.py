"""What `up` keeps in its data dir."""

import os
import socket
import stat

import pytest

from tools.devstack.data_dir import DataDir
from tools.devstack.failures import DevstackError, PortInUse
from tools.devstack.ports import FIRST_PORT, LAST_PORT, choose_ports, require_free
from tools.devstack.process import ProcessId
from tools.devstack.secrets_file import Secrets, ensure_signing_key
from tools.devstack.stack import Stack, default_data_dir


def test_ports_are_kept(tmp_path):
    """A second start has the same addresses; all differ."""
    names = ["postgres", "kafka", "orders.http"]
    first = choose_ports(names, tmp_path, fixed={})
    assert choose_ports([*names, "new"], tmp_path, fixed={"x": 9}).items() >= first.items()
    assert len(set(first.values())) == 3
    assert all(FIRST_PORT <= port <= LAST_PORT for port in first.values())


def test_a_kept_port_that_was_taken_meanwhile_is_replaced(tmp_path):
    """Somebody else's server does not stop the shop."""
    port = choose_ports(["orders.http"], tmp_path, fixed={})["orders.http"]
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        assert choose_ports(["orders.http"], tmp_path, fixed={})["orders.http"] != port


def test_a_public_port_in_use_is_one_line_that_names_the_flag():
    """The user knows what to do."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(PortInUse, match=rf"^port {port} is in use; choose another with --port .*$"):
            require_free(port, "--port")


def test_passwords_are_random_kept_and_private(tmp_path):
    """Each name has its own; the file is for its owner alone."""
    secrets = Secrets(tmp_path)
    first = secrets.password("orders")
    assert first != secrets.password("catalog")
    assert Secrets(tmp_path).password("orders") == first
    for name in ("secrets.json",):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600


def test_the_signing_key_is_made_once(tmp_path):
    """Tokens stay valid over a restart."""
    key = ensure_signing_key(tmp_path)
    text = key.read_text()
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert ensure_signing_key(tmp_path).read_text() == text


def test_one_up_at_a_time(tmp_path):
    """A second one in the same folder is told who is there and what to do."""
    data_dir = DataDir(tmp_path)
    assert data_dir.holder() is None
    with data_dir.locked():
        assert data_dir.holder() == os.getpid()
        with (
            pytest.raises(DevstackError, match=f"already up .*process {os.getpid()}.*--stop"),
            data_dir.locked(),
        ):
            pass
    assert data_dir.holder() is None


def test_a_lock_without_a_name_in_it_is_an_error(tmp_path):
    """Nobody is signalled by guess."""
    data_dir = DataDir(tmp_path)
    with data_dir.locked():
        (tmp_path / "lock").write_text("")
        with pytest.raises(DevstackError, match="does not say which"):
            data_dir.holder()


def test_fresh_drops_only_what_up_has_made(tmp_path):
    """A folder that the user pointed at by mistake keeps his files."""
    mine = tmp_path / "thesis.txt"
    mine.write_text("years of work")
    (tmp_path / "postgres").mkdir()
    (tmp_path / "secrets.json").write_text("{}")
    DataDir(tmp_path).drop()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["thesis.txt"]


def test_a_data_dir_that_cannot_be_made_is_one_line(tmp_path):
    """A file in its place, for example."""
    (tmp_path / "file").write_text("")
    with pytest.raises(DevstackError, match="cannot be used"), DataDir(tmp_path / "file" / "x").locked():
        pass


def test_a_stack_is_found_while_its_supervisor_lives(tmp_path):
    """Not after it, and not when another process got its number."""
    me = ProcessId.of(os.getpid())
    stack = Stack(supervisor=me, started_at=1.0, gateway_url="http://127.0.0.1:1", services={"orders": ["x"]})
    stack.write(tmp_path)
    assert Stack.find(tmp_path) == stack
    assert stat.S_IMODE((tmp_path / "stack.json").stat().st_mode) == 0o600
    Stack(supervisor=ProcessId(me.pid, me.started_at - 100), started_at=1.0).write(tmp_path)
    assert Stack.find(tmp_path) is None


@pytest.mark.parametrize("text", ["", "{", '{"supervisor": 1}'])
def test_a_broken_stack_file_is_no_stack(tmp_path, text):
    """It is as if there were none."""
    (tmp_path / "stack.json").write_text(text)
    assert Stack.find(tmp_path) is None


def test_the_default_data_dir_is_the_checkouts(tmp_path):
    """From whichever folder inside it."""
    (tmp_path / "pants.toml").write_text("")
    inner = tmp_path / "src" / "python"
    inner.mkdir(parents=True)
    assert default_data_dir(inner) == tmp_path / ".seawall"
