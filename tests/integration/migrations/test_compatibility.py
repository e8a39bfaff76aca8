"""The last release on the new schema, with a small service: a breaking migration is caught."""

import subprocess
from pathlib import Path

import pytest

from tools.migrations.cli import main

FIRST = """
import sqlalchemy as sa
from alembic import op
revision, down_revision, branch_labels = "0001", None, ("expand",)
def upgrade():
    op.create_table("notes", sa.Column("id", sa.Integer, primary_key=True), sa.Column("text", sa.Text))
"""
NEXT = """
import sqlalchemy as sa
from alembic import op
revision, down_revision = "0002", "0001"
def upgrade():
    {body}
"""
# The service and its tests as they were released: they know nothing of what comes later.
STORE = """
from pathlib import Path
from sqlalchemy import text
MIGRATIONS = Path(__file__).parent / "migrations"
async def add(database, number, note):
    async with database.transaction() as connection:
        await connection.execute(
            text("INSERT INTO notes (id, text) VALUES (:id, :text)"), {"id": number, "text": note}
        )
async def notes(database):
    async with database.connection() as connection:
        return [tuple(r) for r in (await connection.execute(text("SELECT id, text FROM notes"))).all()]
"""
TESTS = """
from seawall.sql import open_database, upgrade
from services.toy.store import MIGRATIONS, add, notes
async def test_a_note_is_kept(database_url):
    await upgrade(database_url, MIGRATIONS)
    async with open_database(database_url) as database:
        await add(database, 1, "hello")
        assert await notes(database) == [(1, "hello")]
"""
TOY = Path("src/python/services/toy")
EXPAND = TOY / "migrations" / "expand"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A released service, in git."""
    root = tmp_path / "repository"
    files = {
        EXPAND / "0001_first.py": FIRST,
        TOY / "store.py": STORE,
        Path("tests/contract/toy/test_store.py"): TESTS,
        Path("tests/contract/conftest.py"): "from real_servers import database_url, postgres_url, unique\n",
        Path("pytest.ini"): "[pytest]\naddopts = --import-mode=importlib\nasyncio_mode = auto\n",
    }
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(content)
    git(root, "init", "--quiet")
    commit(root, "released")
    return root


def git(root: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=tests", "-c", "user.email=tests@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *identity, *arguments], cwd=root, check=True, capture_output=True)


def commit(root: Path, message: str) -> None:
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", message)


def migrate(root: Path, body: str) -> None:
    (root / EXPAND / "0002_next.py").write_text(NEXT.format(body=body))
    commit(root, "a migration")


def compat(root: Path, *arguments: str) -> int:
    return main(["--root", str(root), "compat", *arguments])


def test_an_addition_does_no_harm(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The old code starts on a schema whose revision it does not know, and works."""
    migrate(repository, 'op.add_column("notes", sa.Column("colour", sa.Text))')
    assert compat(repository) == 0
    assert "on the new schema: works\n1 passed" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ('op.alter_column("notes", "text", new_column_name="body")', "does not exist"),
        ('op.drop_column("notes", "text")', "does not exist"),
        ('op.add_column("notes", sa.Column("colour", sa.Text, nullable=False))', "not-null constraint"),
        ('op.create_check_constraint("long", "notes", "length(text) > 10")', "check constraint"),
    ],
)
def test_a_breaking_migration_is_caught(
    repository: Path, capsys: pytest.CaptureFixture[str], body: str, error: str
) -> None:
    """By the tests of the last release, whatever the lint says of it."""
    migrate(repository, body)
    assert compat(repository) == 1
    printed = capsys.readouterr().out
    assert "toy of" in printed
    assert "on the new schema: FAILS" in printed
    assert error in printed


def test_the_last_release_is_the_newest_tag(repository: Path) -> None:
    """Many commits after it; without a tag it is the commit before."""
    migrate(repository, 'op.alter_column("notes", "text", new_column_name="body")')
    code = STORE.replace("(id, text)", "(id, body)").replace("SELECT id, text", "SELECT id, body")
    (repository / TOY / "store.py").write_text(code)
    commit(repository, "the code follows")
    (repository / "README.md").write_text("Notes")
    commit(repository, "more")
    assert compat(repository) == 0
    git(repository, "tag", "v1.0.0", "HEAD~3")
    assert compat(repository) == 1


def test_what_cannot_be_done_is_said(
    repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """No release before the first commit, no such service, no migrations, no URL."""
    assert compat(repository) == 3
    assert compat(repository, "--release", "HEAD", "nobody") == 3
    assert main(["--root", str(tmp_path), "lint"]) == 3
    assert main(["--root", str(repository), "contract", "toy", "--url-variable", "NOT_SET"]) == 3
    assert capsys.readouterr().err.count("\n") == 4


def test_lint_names_what_it_refuses(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With the service and the migration."""
    assert main(["--root", str(repository), "lint"]) == 0
    migrate(repository, 'op.drop_table("notes")')
    assert main(["--root", str(repository), "lint"]) == 1
    assert "toy/0002_next.py: drop table notes" in capsys.readouterr().out
