"""Pants itself refuses an import that the architecture forbids: each violation is planted, then removed."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
COPIED = ["pants", "pants.toml", ".pants.bootstrap", "build-support", "pants-plugins", "3rdparty"]

CLEAN = {
    "src/python/libs/seawall/clock/BUILD": "library()",
    "src/python/libs/seawall/clock/now.py": "",
    "src/python/libs/seawall/sql/BUILD": 'library(uses=["clock"])',
    "src/python/libs/seawall/sql/engine.py": "import asyncpg\nimport seawall.clock.now\n",
    "src/python/libs/seawall/valkey/BUILD": "library()",
    "src/python/libs/seawall/valkey/client.py": "import redis\n",
    "src/python/libs/seawall/messaging/BUILD": "library()",
    "src/python/libs/seawall/messaging/kafka.py": "import aiokafka\n",
    "src/python/libs/seawall/testing/BUILD": "library(for_tests_only=True)",
    "src/python/libs/seawall/testing/until.py": "",
    "src/python/services/orders/BUILD": (
        'service(uses=["sql"], migrations=True, data={"adapters/orders_sql.py": ["adapters/*.sql"]})'
    ),
    "src/python/services/orders/migrations/expand/first.py": "import alembic\n",
    "src/python/services/orders/adapters/accept.sql": "",
    "src/python/services/orders/py.typed": "",
    "src/python/services/orders/__main__.py": "import services.orders.app\n",
    "src/python/services/orders/app.py": (
        "import seawall.sql.engine\n"
        "import services.orders.use_cases\n"
        "import services.orders.adapters.orders_sql\n"
        "import services.orders.entrypoints.http_api\n"
    ),
    "src/python/services/orders/domain.py": "import enum\n",
    "src/python/services/orders/ports.py": "import services.orders.domain\n",
    "src/python/services/orders/use_cases.py": "import services.orders.domain\nimport services.orders.ports\n",
    "src/python/services/orders/adapters/orders_sql.py": "import sqlalchemy\nimport services.orders.domain\n",
    "src/python/services/orders/entrypoints/http_api.py": "import services.orders.use_cases\n",
    "src/python/services/catalog/BUILD": "service()",
    "src/python/services/catalog/py.typed": "",
    "src/python/services/catalog/__main__.py": "",
    "src/python/services/catalog/store.py": "",
    "src/python/tools/bench/BUILD": 'tool(uses=["sql"])',
    "src/python/tools/bench/py.typed": "",
    "src/python/tools/bench/cli.py": "import seawall.sql.engine\n",
    "tests/unit/BUILD": "python_tests()",
    "tests/unit/test_orders.py": "import seawall.testing.until\nimport services.orders.domain\nimport redis\n",
}

SERVICES = "src/python/services"
LIBS = "src/python/libs/seawall"
VIOLATIONS = {
    "a service that imports a service": (f"{SERVICES}/orders/app.py", "services.catalog.store"),
    "an adapter that imports a service": (
        f"{SERVICES}/orders/adapters/orders_sql.py",
        "services.catalog.store",
    ),
    "a service that imports a lib its BUILD does not name": (
        f"{SERVICES}/orders/app.py",
        "seawall.clock.now",
    ),
    "a service that imports a lib for tests": (f"{SERVICES}/orders/app.py", "seawall.testing.until"),
    "a service that imports a tool": (f"{SERVICES}/orders/app.py", "tools.bench.cli"),
    "a domain that imports a requirement": (f"{SERVICES}/orders/domain.py", "msgspec"),
    "a domain that imports a lib": (f"{SERVICES}/orders/domain.py", "seawall.sql.engine"),
    "a domain that imports its ports": (f"{SERVICES}/orders/domain.py", "services.orders.ports"),
    "ports that import a requirement": (f"{SERVICES}/orders/ports.py", "sqlalchemy"),
    "a use case that imports an adapter": (
        f"{SERVICES}/orders/use_cases.py",
        "services.orders.adapters.orders_sql",
    ),
    "an adapter that imports an entry point": (
        f"{SERVICES}/orders/adapters/orders_sql.py",
        "services.orders.entrypoints.http_api",
    ),
    "an entry point that imports an adapter": (
        f"{SERVICES}/orders/entrypoints/http_api.py",
        "services.orders.adapters.orders_sql",
    ),
    "a lib that imports a lib its BUILD does not name": (f"{LIBS}/clock/now.py", "seawall.sql.engine"),
    "a lib that imports a service": (f"{LIBS}/clock/now.py", "services.orders.domain"),
    "a tool that imports a service its BUILD does not name": (
        "src/python/tools/bench/cli.py",
        "services.orders.domain",
    ),
    "a second user of the Valkey driver": (f"{LIBS}/clock/now.py", "redis"),
    "a second user of the Kafka driver": (f"{SERVICES}/orders/app.py", "aiokafka"),
    "a second user of the PostgreSQL driver": (f"{SERVICES}/orders/adapters/orders_sql.py", "asyncpg"),
}


class Repository:
    """A scratch repository under the real rules, with a Pants daemon of its own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for name in COPIED:
            source = CHECKOUT / name
            (shutil.copytree if source.is_dir() else shutil.copy)(source, root / name)
        for name, text in CLEAN.items():
            self.write(name, text)

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def dependencies(self, *specs: str) -> subprocess.CompletedProcess[str]:
        command = ["./pants", "dependencies", *specs]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PANTS_")}
        return subprocess.run(
            command, cwd=self.root, env=environment, capture_output=True, text=True, timeout=240, check=False
        )

    def end_daemon(self) -> None:
        for pid_file in self.root.glob(".pids/*/pantsd/pid"):
            psutil.Process(int(pid_file.read_text())).terminate()


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
    made = Repository(tmp_path_factory.mktemp("repository"))
    try:
        yield made
    finally:
        made.end_daemon()


def test_a_clean_tree_passes(repository: Repository) -> None:
    """Imports that the rules allow are let through, so that a refusal below means the rule."""
    result = repository.dependencies("::")
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("case", VIOLATIONS, ids=lambda case: case.replace(" ", "-"))
def test_pants_refuses(case: str, repository: Repository) -> None:
    """Pants refuses the planted import, and names the rule's side."""
    name, imported = VIOLATIONS[case]
    repository.write(name, CLEAN[name] + f"import {imported}\n")
    try:
        result = repository.dependencies(name)
    finally:
        repository.write(name, CLEAN[name])
    assert result.returncode != 0, f"{case}: Pants let it through"
    assert "violation" in result.stderr.lower(), result.stderr
