"""compose.yaml: the services of the devstack, each with settings that it takes."""

import importlib
from pathlib import Path

import pytest
import yaml

from seawall.auth import generate_signing_key
from seawall.settings import ServiceSettings, read
from tools.compose.cli import main
from tools.compose.document import compose_text, document
from tools.compose.wiring import PASSWORD
from tools.devstack.services import DATABASES, GATEWAY, KAFKA, POSTGRES, SERVICES, VALKEY

FILE = Path("compose.yaml")
SERVERS = {POSTGRES, VALKEY, KAFKA}


def environment_of(name: str) -> dict[str, str]:
    """With the caller's password in its place, as compose puts it."""
    given = yaml.safe_load(FILE.read_text())["services"][name]["environment"]
    return {key: value.replace(PASSWORD, "letters0and1digits") for key, value in given.items()}


def test_the_file_is_of_these_services() -> None:
    """What is committed is what would be written now."""
    assert FILE.read_text() == compose_text()


def test_a_file_that_has_drifted_is_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A service more or less, and the check ends with 1 and says what to do."""
    drifted = tmp_path / "compose.yaml"
    drifted.write_text(FILE.read_text().replace("seawall/orders:", "seawall/order:"))
    assert main(["--check", str(FILE)]) == 0
    assert main(["--check", str(drifted)]) == 1
    assert "write it again" in capsys.readouterr().err


def test_all_services_and_their_servers_are_there() -> None:
    """Each service of the devstack, and each server that one of them needs, started before it."""
    services = document()["services"]
    assert set(services) == set(SERVICES) | SERVERS
    for name, service in SERVICES.items():
        assert set(services[name].get("depends_on", [])) == {*service.servers, *service.starts_after}


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_takes_its_settings(name: str, tmp_path: Path) -> None:
    """Its own reader of the environment finds nothing unknown, missing or wrong."""
    environment = environment_of(name)
    if "SEAWALL_SIGNING_KEY_FILE" in environment:
        key = tmp_path / "signing_key"
        key.write_text(generate_signing_key())
        environment["SEAWALL_SIGNING_KEY_FILE"] = str(key)
    module = importlib.import_module(f"services.{name}.settings")
    [settings] = [
        each
        for each in vars(module).values()
        if isinstance(each, type) and issubclass(each, ServiceSettings) and each is not ServiceSettings
    ]
    assert read(settings, environment)


def test_only_the_gateway_is_reached_from_outside() -> None:
    """And only from this machine."""
    published = {name: each["ports"] for name, each in document()["services"].items() if "ports" in each}
    assert published == {GATEWAY: ["127.0.0.1:8000:8000"]}


def test_each_service_has_a_database_of_its_own() -> None:
    """Those that have a URL are those whose database is made."""
    with_url = {name for name in SERVICES if "SEAWALL_DATABASE_URL" in environment_of(name)}
    assert with_url == set(DATABASES)
    assert f"for name in {' '.join(DATABASES)}; do" in document()["configs"]["databases.sh"]["content"]
