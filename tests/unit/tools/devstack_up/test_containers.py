"""A service from its image: what Docker's client is told."""

import pytest

from tools.devstack.containers import container_command, container_environment
from tools.devstack.services import SERVICES

PORT = 7001


@pytest.fixture
def key(tmp_path):
    file = tmp_path / "key.pem"
    file.write_text("the key\n")
    return file


def test_no_path_of_this_machine_is_handed_over(key):
    """A secret's file becomes its value, files are written to the container's own scratch space."""
    environment = container_environment(
        {
            "SEAWALL_SIGNING_KEY_FILE": str(key),
            "SEAWALL_XDS_DIR": "/here/xds",
            "PYTHONPATH": "/here",
            "PATH": "/bin",
        }
    )
    assert environment == {
        "SEAWALL_SIGNING_KEY": "the key",
        "SEAWALL_XDS_DIR": "/tmp/xds",
        "PATH": "/bin",
    }


def test_values_of_settings_are_in_no_argument():
    """`ps` shows which settings there are, and no value of them; what is not ours is not handed over."""
    environment = {"SEAWALL_DATABASE_URL": "postgresql://secret", "PATH": "/bin"}
    command = " ".join(container_command(SERVICES["orders"], "orders-2", PORT, "v7", environment))
    assert "--env=SEAWALL_DATABASE_URL" in command
    assert "secret" not in command
    assert "--env=PATH" not in command


def test_it_runs_as_production_does():
    """Nothing writable but /tmp, no capability, on the host's network, under a name of its own."""
    [_, _, script] = container_command(SERVICES["orders"], "orders-2", PORT, "v7", {})
    assert script.startswith("docker rm --force seawall-orders-2-7001 ")
    for option in ("--read-only", "--tmpfs=/tmp", "--cap-drop=ALL", "--network=host"):
        assert option in script.split()
    assert script.endswith(" seawall/orders:v7")
