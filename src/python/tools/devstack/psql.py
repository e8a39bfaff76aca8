"""Databases with an owner of their own, made and dropped with the wheel's psql."""

import os
import re
import subprocess
from collections.abc import Mapping, Sequence

from tools.devstack.failures import DevstackError, last_line
from tools.devstack.postgres_home import client_programs

_TIMEOUT_SECONDS = 60
_ERROR_LINE = re.compile("^psql.*(error|ERROR|FATAL):.*", re.MULTILINE)
_CREATE = r"""
\getenv password SEAWALL_ROLE_PASSWORD
SELECT format('CREATE ROLE %I', :'name')
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'name') \gexec
ALTER ROLE :"name" LOGIN NOSUPERUSER PASSWORD :'password';
SELECT format('CREATE DATABASE %1$I OWNER %1$I', :'name')
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'name') \gexec
REVOKE ALL ON DATABASE :"name" FROM PUBLIC;
"""
_DROP = """
DROP DATABASE IF EXISTS :"name" WITH (FORCE);
DROP ROLE IF EXISTS :"name";
"""


def create_database(superuser_url: str, name: str, password: str) -> str:
    """A role and a database that only it may connect to; safe to repeat. Returns the role's URL.

    `password` must need no quoting in a URL. Errors: DevstackError with psql's error line.
    """
    run_psql(superuser_url, _CREATE, {"name": name}, {"SEAWALL_ROLE_PASSWORD": password})
    address = superuser_url.rpartition("@")[2].partition("/")[0]
    return f"postgresql://{name}:{password}@{address}/{name}"


def drop_database(superuser_url: str, name: str) -> None:
    """Ends all its sessions, drops it and its role; nothing happens if they are gone."""
    run_psql(superuser_url, _DROP, {"name": name})


def run_psql(
    url: str, script: str, variables: Mapping[str, str], environment: Mapping[str, str] | None = None
) -> str:
    """Runs the script until its first error; returns what it printed. Errors: DevstackError.

    Secrets belong into `environment` (`\\getenv`): arguments are visible to other users.
    """
    arguments = ["--no-psqlrc", "--quiet", "--tuples-only", "--no-align"]
    for name, value in {"ON_ERROR_STOP": "1", **variables}.items():
        arguments += ["--set", f"{name}={value}"]
    return _run("psql", url, arguments, script, environment)


def dump_database(url: str) -> str:
    """A script that makes the tables and rows again, owned by whoever runs it. Errors: DevstackError."""
    return _run("pg_dump", url, ["--no-owner", "--no-privileges", "--inserts"])


def _run(
    program: str,
    url: str,
    arguments: Sequence[str],
    script: str = "",
    environment: Mapping[str, str] | None = None,
) -> str:
    credentials, _, server = url.removeprefix("postgresql://").rpartition("@")
    user, _, password = credentials.partition(":")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    done = subprocess.run(
        [str(client_programs() / program), *arguments, f"postgresql://{user}@{server}"],
        input=script,
        env={**inherited, "PGPASSWORD": password, **(environment or {})},
        capture_output=True,
        text=True,
        timeout=_TIMEOUT_SECONDS,
        check=False,
    )
    if done.returncode != 0:
        error = _ERROR_LINE.search(done.stderr)
        raise DevstackError(error.group() if error else f"{program}: {last_line(done.stderr)}")
    return done.stdout
