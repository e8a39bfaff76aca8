"""The lint of expand: what takes away or locks is refused, planted one by one."""

from pathlib import Path

import pytest

from seawall.sql.expand_lint import lint_expand, normal, reason_to_refuse

FIRST = """
import sqlalchemy as sa
from alembic import op
revision, down_revision, branch_labels = "0001", None, ("expand",)
def upgrade():
    op.create_table("old", sa.Column("n", sa.Integer), sa.Column("name", sa.Text))
"""
NEXT = """
import sqlalchemy as sa
from alembic import op
revision, down_revision = "0002", "0001"
{extra}
def upgrade():
    {body}
"""
CONTRACT = """
revision, down_revision, branch_labels, depends_on = "c001", None, ("contract",), {depends!r}
def upgrade():
    pass
"""

PLANTED = {
    'op.drop_table("old")': "in contract",
    'op.drop_column("old", "n")': "in contract",
    'op.drop_index("old_by_n", "old")': "in contract",
    'op.drop_constraint("c", "old")': "in contract",
    'op.execute("DROP VIEW v")': "in contract",
    'op.rename_table("old", "renamed")': "old name",
    'op.alter_column("old", "n", new_column_name="m")': "old name",
    'op.alter_column("old", "n", type_=sa.BigInteger)': "rewrites the table",
    'op.alter_column("old", "n", nullable=False)': "may leave it empty",
    'op.alter_column("old", "n", nullable=True)': "may rely on",
    'op.alter_column("old", "n", server_default=None)': "may rely on",
    'op.add_column("old", sa.Column("m", sa.Integer, nullable=False))': "without a default",
    'op.add_column("old", sa.Column("m", sa.Integer, server_default=sa.text("random()")))': "not constant",
    'op.execute("ALTER TABLE old ADD COLUMN m uuid DEFAULT gen_random_uuid()")': "not constant",
    'op.execute("ALTER TABLE old ADD COLUMN m int UNIQUE")': "a constraint",
    'op.execute("ALTER TABLE old ADD COLUMN m int REFERENCES other")': "a constraint",
    'op.execute("ALTER TABLE old ADD COLUMN m int GENERATED ALWAYS AS (n) STORED")': "a constraint",
    'op.execute("ALTER TABLE old ADD COLUMN m bigserial")': "a constraint",
    'op.execute("ALTER TABLE old ADD COLUMN m int, DROP COLUMN n")': "in contract",
    'op.execute("ALTER TABLE old ADD COLUMN m int, ALTER COLUMN n TYPE bigint")': "rewrites the table",
    'op.create_index("old_by_n", "old", ["n"])': "CONCURRENTLY",
    'op.create_index("old_by_n", "old", ["n"], unique=True, postgresql_concurrently=True)': "duplicates",
    'op.create_unique_constraint("c", "old", ["n"])': "a constraint",
    'op.create_check_constraint("c", "old", "n > 0")': "a constraint",
    'op.execute("ALTER TABLE old ADD CONSTRAINT c CHECK (n > 0) NOT VALID")': "a constraint",
    'op.create_foreign_key("c", "old", "other", ["n"], ["n"])': "a constraint",
    'op.create_primary_key("c", "old", ["n"])': "a constraint",
    'op.execute("UPDATE old SET n = 0")': "by a job",
    'op.execute("DELETE FROM old")': "by a job",
    'op.execute("TRUNCATE old")': "by a job",
    'op.execute("LOCK TABLE old")': "locks the table",
    'op.execute("VACUUM FULL old")': "locks the table",
    'op.execute("CLUSTER old")': "locks the table",
    'op.execute("REINDEX TABLE old")': "locks the table",
    'op.execute("ALTER TABLE old SET UNLOGGED")': "locks the table",
    'op.execute("CREATE TRIGGER t AFTER INSERT ON old EXECUTE FUNCTION f()")': "a trigger",
    'op.execute("CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$")': "not known",
    "op.execute(\"DO $$ BEGIN EXECUTE 'DROP TABLE old'; END $$\")": "not known",
    'op.execute("GRANT ALL ON old TO PUBLIC")': "not known",
    'op.execute("CREATE TABLE n (n int); DROP TABLE old")': "more than one statement",
    'op.execute("/* harmless */ DROP /* really */ TABLE old -- yes")': "in contract",
    'op.get_bind().execute(sa.text("DELETE FROM old"))': "by a job",
    'op.get_bind().execute(sa.text("SELECT n FROM old")).all()': "cannot be read without a database",
}

HARMLESS = (
    'op.create_table("fresh", sa.Column("n", sa.Integer, primary_key=True))',
    'op.create_table("fresh", sa.Column("n", sa.Integer)); op.create_index("i", "fresh", ["n"], unique=True)',
    'op.execute("CREATE TABLE fresh (n int)"); op.execute("ALTER TABLE fresh ADD CHECK (n > 0)")',
    'op.add_column("old", sa.Column("m", sa.Integer))',
    'op.add_column("old", sa.Column("m", sa.Integer, nullable=False, server_default="0"))',
    'op.add_column("old", sa.Column("m", sa.Text, server_default="drop table; not null"))',
    'op.add_column("old", sa.Column("m", sa.DateTime(timezone=True), server_default=sa.func.now()))',
    'op.execute("ALTER TABLE old ADD COLUMN m numeric(10, 2) NOT NULL DEFAULT 0")',
    'op.execute("ALTER TABLE old SET (fillfactor = 70)")',
    "op.execute(\"COMMENT ON COLUMN old.n IS 'drop it later; not now'\")",
    'op.execute("INSERT INTO old VALUES (1)")',
    'op.execute("CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT 1; $$")',
)


@pytest.fixture
def migrations(tmp_path: Path) -> Path:
    for branch in ("expand", "contract"):
        (tmp_path / "migrations" / branch).mkdir(parents=True)
    (tmp_path / "migrations" / "expand" / "0001_first.py").write_text(FIRST)
    return tmp_path / "migrations"


def lint_next(migrations: Path, body: str, extra: str = "") -> list[str]:
    (migrations / "expand" / "0002_next.py").write_text(NEXT.format(body=body, extra=extra))
    return [str(violation) for violation in lint_expand(migrations)]


@pytest.mark.parametrize(("body", "reason"), PLANTED.items())
def test_what_takes_away_or_locks_is_refused(migrations: Path, body: str, reason: str) -> None:
    """By its name, with the reason."""
    (violation,) = lint_next(migrations, body)
    assert violation.startswith("0002_next.py: ")
    assert reason in violation


@pytest.mark.parametrize("body", HARMLESS)
def test_what_only_adds_is_let_through(migrations: Path, body: str) -> None:
    """Whatever its literals say."""
    assert lint_next(migrations, body) == []


def test_an_index_that_is_built_concurrently_is_let_through(migrations: Path) -> None:
    """It is built outside the transaction of its migration."""
    index = 'op.create_index("i", "old", ["n"], postgresql_concurrently=True)'
    body = f"with op.get_context().autocommit_block(): {index}"
    assert lint_next(migrations, body) == []


def test_a_statement_is_excused_with_a_reason(migrations: Path) -> None:
    """And an excuse that excuses nothing is refused itself."""
    body = 'op.drop_constraint("c", "old")'
    excuse = 'excused = {"alter table old drop constraint c": "it only loosens"}'
    assert lint_next(migrations, body, excuse) == []
    assert "does not occur" in lint_next(migrations, "pass", excuse)[0]


def test_contract_says_what_made_it_possible(migrations: Path) -> None:
    """It may take away, but not before the expand migration that replaced what goes."""
    contract = migrations / "contract" / "c001.py"
    contract.write_text(CONTRACT.format(depends="0001"))
    assert lint_expand(migrations) == []
    contract.write_text(CONTRACT.format(depends=None))
    assert "depends on the expand migration" in str(lint_expand(migrations)[0])


def test_a_branch_is_a_line(migrations: Path) -> None:
    """Two migrations after the same one, as two people merge them, have no order."""
    for number in (2, 3):
        text = NEXT.format(body="pass", extra="").replace("0002", f"000{number}")
        (migrations / "expand" / f"000{number}_next.py").write_text(text)
    assert "more than one end" in str(lint_expand(migrations)[0])


def test_literals_do_not_hide_what_follows_them() -> None:
    """A quote within a literal ends it only when it is not doubled."""
    statement = normal("COMMENT ON TABLE old IS 'it''s'; DROP TABLE old")
    assert reason_to_refuse(statement) == "more than one statement at once"
