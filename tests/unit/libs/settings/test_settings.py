"""What an environment becomes, and what is said when it cannot be used."""

from pathlib import Path
from typing import Annotated

import pytest
from pydantic import Field, SecretStr

from seawall.settings import ServiceSettings, SettingsError, load, read


class Settings(ServiceSettings):
    database_url: SecretStr
    cache_seconds: int = 60
    signing_key_file: Path | None = None
    pool_size: Annotated[int, Field(ge=1, le=50)] = 5


GOOD = {"SEAWALL_DATABASE_URL": "postgresql://u:hidden@h/d"}


def faults(environment: dict[str, str]) -> list[str]:
    with pytest.raises(SettingsError) as error:
        read(Settings, environment)
    return error.value.lines


def test_fields_come_from_variables_with_the_prefix() -> None:
    """A field is read from SEAWALL_<NAME> and typed; others keep their defaults."""
    settings = read(Settings, GOOD | {"SEAWALL_POOL_SIZE": "7", "SEAWALL_PORT": "8080"})
    assert (settings.pool_size, settings.port, settings.host) == (7, 8080, "127.0.0.1")


def test_an_unknown_variable_is_refused_with_the_nearest_name() -> None:
    """A typing error is found at the start, and the right name is offered."""
    (line,) = faults(GOOD | {"SEAWALL_POOLSIZE": "7"})
    assert line == "SEAWALL_POOLSIZE: there is no such setting; did you mean SEAWALL_POOL_SIZE?"


def test_a_variable_like_no_other_gets_the_list() -> None:
    """Where no name is near, the known ones are listed."""
    (line,) = faults(GOOD | {"SEAWALL_XQZV": "7"})
    assert "known are SEAWALL_CACHE_SECONDS, SEAWALL_DATABASE_URL, " in line


def test_a_value_outside_its_limit_names_variable_and_limit() -> None:
    """The line says which variable and which limit."""
    (line,) = faults(GOOD | {"SEAWALL_POOL_SIZE": "51"})
    assert line.startswith("SEAWALL_POOL_SIZE: ")
    assert "less than or equal to 50" in line


def test_all_faults_are_said_at_once() -> None:
    """Nobody has to start a process three times to find three faults."""
    lines = faults({"SEAWALL_PROT": "1", "SEAWALL_POOL_SIZE": "many"})
    assert [line.split(":")[0] for line in lines] == [
        "SEAWALL_PROT",
        "SEAWALL_DATABASE_URL",
        "SEAWALL_POOL_SIZE",
    ]


def test_a_missing_required_field_is_named() -> None:
    """A field without default is required."""
    assert faults({}) == ["SEAWALL_DATABASE_URL: is required"]


def test_no_value_is_repeated_in_a_fault() -> None:
    """A secret that is malformed does not end up in a log."""
    assert "hidden" not in "\n".join(faults(GOOD | {"SEAWALL_POOL_SIZE": "hidden"}))


def test_a_value_may_come_from_a_file(tmp_path: Path) -> None:
    """SEAWALL_<NAME>_FILE names a mounted secret; its final line end does not count."""
    secret = tmp_path / "url"
    secret.write_text("postgresql://from-file\n")
    settings = read(Settings, {"SEAWALL_DATABASE_URL_FILE": str(secret)})
    assert settings.database_url.get_secret_value() == "postgresql://from-file"


def test_a_file_that_cannot_be_read_is_named() -> None:
    """The variable and the path are in the line."""
    lines = faults({"SEAWALL_DATABASE_URL_FILE": "/nowhere/url"})
    assert lines[0].startswith("SEAWALL_DATABASE_URL_FILE: the file /nowhere/url cannot be read")


def test_what_the_launcher_and_the_tests_use_is_let_through() -> None:
    """Variables of the development tools are not settings of a service."""
    tools = {
        "SEAWALL_CACHE": "/c",
        "SEAWALL_TEST_SERVERS": "/t",
        "SEAWALL_TEST_SCHEMA": "/t/schema.sql",
        "SEAWALL_PYTHON": "p",
        "SEAWALL_DEVSTACK_X": "",
    }
    assert read(Settings, GOOD | tools).pool_size == 5


def test_a_file_that_is_not_text_is_named(tmp_path: Path) -> None:
    """One line: the field is not called missing as well."""
    (tmp_path / "url").write_bytes(b"\xff\xfe\x00")
    (line,) = faults({"SEAWALL_DATABASE_URL_FILE": str(tmp_path / "url")})
    assert line.endswith("must be UTF-8 text")


def test_a_bad_value_in_a_file_names_the_variable_of_the_file(tmp_path: Path) -> None:
    """The line names what was really set."""
    (tmp_path / "size").write_text("51")
    (line,) = faults(GOOD | {"SEAWALL_POOL_SIZE_FILE": str(tmp_path / "size")})
    assert line.startswith("SEAWALL_POOL_SIZE_FILE: ")


@pytest.mark.parametrize("order", [1, -1])
def test_a_value_and_a_file_for_one_field_are_refused(tmp_path: Path, order: int) -> None:
    """Which of the two would win is not left to the order of the environment."""
    (tmp_path / "url").write_text("postgresql://from-file")
    both = list((GOOD | {"SEAWALL_DATABASE_URL_FILE": str(tmp_path / "url")}).items())
    (line,) = faults(dict(both[::order]))
    assert line == "SEAWALL_DATABASE_URL_FILE: SEAWALL_DATABASE_URL is set too; set one of them"


def test_a_field_whose_own_name_ends_in_file_is_a_path() -> None:
    """A setting that is a path is not read as a secret."""
    settings = read(Settings, GOOD | {"SEAWALL_SIGNING_KEY_FILE": "/keys/signing.pem"})
    assert settings.signing_key_file == Path("/keys/signing.pem")


def test_a_field_that_begins_like_a_variable_of_the_tools_is_read() -> None:
    """What is let through is let through by its whole name."""
    assert read(Settings, GOOD | {"SEAWALL_CACHE_SECONDS": "5"}).cache_seconds == 5
    assert faults(GOOD | {"SEAWALL_CACHE_SECOND": "5"})[0].endswith("did you mean SEAWALL_CACHE_SECONDS?")


def test_load_exits_with_two_and_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    """A process with wrong settings ends with 2 before it opens anything."""
    with pytest.raises(SystemExit) as exit_:
        load(Settings, {})
    assert exit_.value.code == 2
    assert capsys.readouterr().err == "SEAWALL_DATABASE_URL: is required\n"
